"""Columns of arrays: headers are compared, not parsed, and data goes straight into one array a batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.source import Ints, Odd, Source
from atdata._errors import DecodeError
from atdata._samples import npy

__all__ = ["Arrays", "Mixed", "Pieces", "Ready", "read_arrays"]

_LARGEST_ITEM = 1 << 30


class Arrays:
    """Arrays of one dtype and shape in C order, at ``starts`` in one buffer.

    Stacked they are in the machine's byte order, as ``numpy.stack`` makes them; one by one they are as written.
    """

    __slots__ = ("dtype", "native", "shape", "size", "source", "starts")

    def __init__(self, source: Source, starts: Ints, dtype: np.dtype[Any], shape: tuple[int, ...], size: int) -> None:
        self.source = source
        self.starts = starts
        self.dtype = dtype
        self.native = np.result_type(dtype, dtype)
        self.shape = shape
        self.size = size

    def part(self, start: int, stop: int) -> NDArray[Any]:
        count = stop - start
        if self.size and self.size < _LARGEST_ITEM:
            found = self.source.take(self.starts[start:stop], self.size)
            stacked: NDArray[Any] = found.view(self.dtype).reshape(count, *self.shape)
            return stacked if self.native == self.dtype else stacked.astype(self.native)
        made = np.empty((count, *self.shape), self.native)
        for i, value in enumerate(self._views(start, stop)):
            made[i] = value
        return made

    def _views(self, start: int, stop: int) -> list[NDArray[Any]]:
        shape, dtype, memory = self.shape, self.dtype, self.source.memory
        return [np.ndarray(shape, dtype, memory, at) for at in self.starts[start:stop].tolist()]

    def values(self, start: int, stop: int) -> list[NDArray[Any]]:
        return [view.copy() for view in self._views(start, stop)]

    def hollow(self, start: int, stop: int) -> list[NDArray[Any]]:
        """Arrays of the same dtypes and shapes as the values, without their data."""
        return [_hollow(self.dtype, self.shape)] * (stop - start)


class Mixed:
    """Arrays that differ in dtype, shape or order; each is made on its own."""

    __slots__ = ("_specs", "source")

    def __init__(self, source: Source, specs: Sequence[tuple[np.dtype[Any], tuple[int, ...], int, bool]]) -> None:
        self.source = source
        self._specs = specs

    def part(self, start: int, stop: int) -> NDArray[Any] | list[Any]:
        return stack(self.values(start, stop))

    def values(self, start: int, stop: int) -> list[NDArray[Any]]:
        memory = self.source.memory
        return [
            np.ndarray(shape, dtype, memory, at, order="F" if fortran else "C").copy("F" if fortran else "C")
            for dtype, shape, at, fortran in self._specs[start:stop]
        ]

    def hollow(self, start: int, stop: int) -> list[NDArray[Any]]:
        return [_hollow(dtype, shape) for dtype, shape, _, _ in self._specs[start:stop]]


class Ready:
    """Values that are there, which may be arrays."""

    __slots__ = ("_values",)

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def part(self, start: int, stop: int) -> NDArray[Any] | list[Any]:
        return stack(self._values[start:stop])

    def values(self, start: int, stop: int) -> list[Any]:
        return self._values[start:stop]


@lru_cache(maxsize=1024)
def _hollow(dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return np.broadcast_to(np.zeros((), dtype), shape)


class Ragged(Exception):
    """Arrays that do not stack; whoever knows the field's name says so."""


def stack(values: list[Any]) -> NDArray[Any] | list[Any]:
    """One array of all, or the list when they are not all arrays; raises :class:`Ragged` when they differ too much."""
    if not values or not all(isinstance(value, np.ndarray) for value in values):
        return values
    if any(value.shape != values[0].shape for value in values):
        raise Ragged
    try:
        return np.stack(values)
    except TypeError:
        raise Ragged from None


def read_arrays(source: Source, starts: Ints, lengths: Ints) -> Arrays | Mixed:
    """The arrays whose .npy or compact bytes stand at ``starts``, every header checked against its length."""
    first, length = int(starts[0]), int(lengths[0])
    raw = bytes(source.memory[first : first + min(length, npy.HEADER_LIMIT)])
    dtype, shape, size, front, fortran = _header(raw)
    if not fortran and front <= 4096 and (lengths == front + size).all() and source.same(starts, raw[:front]):
        return Arrays(source, starts + front, dtype, shape, size)
    specs = []
    for at, length in zip(starts.tolist(), lengths.tolist(), strict=True):
        raw = bytes(source.memory[at : at + min(length, npy.HEADER_LIMIT)])
        dtype, shape, size, front, fortran = _header(raw)
        if front + size != length:
            raise Odd
        specs.append((dtype, shape, at + front, fortran))
    return Mixed(source, specs)


def _header(raw: bytes) -> tuple[np.dtype[Any], tuple[int, ...], int, int, bool]:
    try:
        found = npy.header(raw)
    except DecodeError:
        raise Odd from None
    if found[0].subdtype is not None:
        raise Odd
    return found


class Pieces:
    """Arrays of several buffers in one column: row ``k`` is row ``rows[k]`` of ``arrays[owners[k]]``."""

    __slots__ = ("_arrays", "_owners", "_rows")

    def __init__(self, arrays: Sequence[Arrays], owners: Ints, rows: Ints) -> None:
        self._arrays = arrays
        self._owners = owners
        self._rows = rows

    def part(self, start: int, stop: int) -> NDArray[Any]:
        first = self._arrays[0]
        made = np.empty((stop - start, *first.shape), first.dtype)
        if first.size:
            size = first.size
            flat = made.reshape(-1).view(np.uint8).data
            at = 0
            owners, rows = self._owners[start:stop].tolist(), self._rows[start:stop].tolist()
            sources = [(arrays.source.memory, arrays.starts) for arrays in self._arrays]
            for owner, row in zip(owners, rows, strict=True):
                memory, starts = sources[owner]
                begin = int(starts[row])
                flat[at : at + size] = memory[begin : begin + size]
                at += size
        return made if first.native == first.dtype else made.astype(first.native)

    def values(self, start: int, stop: int) -> list[NDArray[Any]]:
        owners, rows = self._owners[start:stop].tolist(), self._rows[start:stop].tolist()
        return [self._arrays[owner].values(row, row + 1)[0] for owner, row in zip(owners, rows, strict=True)]

    def hollow(self, start: int, stop: int) -> list[NDArray[Any]]:
        return self._arrays[0].hollow(start, stop)  # they agree
