"""Decoded samples of one stretch: columns that wait, handed out in parts to batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.arrays import Arrays, Ragged
from atdata._decoding.columns import Column, hollow
from atdata._decoding.protocol import Piece, SampleBlock
from atdata._samples.batch import aggregate, batch_title

__all__ = ["Chunk", "LazyColumns", "Place", "SampleChunk", "places"]

#: From a row to the block that it came from, and its number there.
Place: TypeAlias = "Callable[[int], tuple[SampleBlock, int]]"


def places(pieces: Sequence[Piece], order: NDArray[np.intp] | None) -> Place:
    """Where each row of ``pieces`` in ``order`` came from, found out when somebody asks."""

    def place(row: int) -> tuple[SampleBlock, int]:
        row = int(order[row]) if order is not None else row
        for block, indices in pieces:
            numbers = range(*indices.indices(len(block.offsets))) if isinstance(indices, slice) else indices
            if row < len(numbers):
                return block, int(numbers[row])
            row -= len(numbers)
        raise IndexError(row)

    return place


class LazyColumns(dict[str, Any]):
    """Columns by name, made at the first look; ``make`` raises ``KeyError`` for names that are none."""

    __slots__ = ("_make", "_names")

    def __init__(self, names: Callable[[], Sequence[str]], make: Callable[[str], Any]) -> None:
        self._names = names
        self._make = make

    def __missing__(self, name: str) -> Any:
        value = self[name] = self._make(name)
        return value

    def complete(self) -> dict[str, Any]:
        """All columns, as a plain dictionary."""
        return {name: self[name] for name in self._names()}

    def __reduce__(self) -> Any:
        return dict, (self.complete(),)


class Chunk:
    """Columns that were read from bytes."""

    __slots__ = ("_cls", "_columns", "_length", "_make", "_place", "late")

    def __init__(
        self,
        cls: type[Any],
        columns: Mapping[str, Column],
        length: int,
        make: Callable[[type[Any], Sequence[list[Any]]], list[Any]],
        place: Place,
        late: bool = False,
    ) -> None:
        self.late = late
        self._cls = cls
        self._columns = columns
        self._length = length
        self._make = make
        self._place = place

    def __len__(self) -> int:
        return self._length

    @property
    def lazy(self) -> int:
        return sum(column.size for column in self._columns.values() if isinstance(column, Arrays))

    def place(self, row: int) -> tuple[SampleBlock, int]:
        return self._place(row)

    def part(self, start: int, stop: int) -> Mapping[str, Any]:
        def make(name: str) -> Any:
            column = self._columns[name]
            try:
                return column.part(start, stop)
            except Ragged:
                return aggregate(column.values(start, stop), batch_title(self._cls), name)

        return LazyColumns(lambda: list(self._columns), make)

    def rows(self, start: int, stop: int) -> list[Any]:
        return self._make(self._cls, [column.values(start, stop) for column in self._columns.values()])

    def hollow(self, name: str) -> list[Any]:
        return hollow(self._columns[name], 0, self._length)

    def probes(self, start: int, stop: int) -> list[Any]:
        return self._make(self._cls, [hollow(column, start, stop) for column in self._columns.values()])


class SampleChunk:
    """Samples that were made one by one."""

    __slots__ = ("_cls", "_place", "_samples")
    late = False
    lazy = 0

    def __init__(self, cls: type[Any], samples: list[Any], place: Place) -> None:
        self._cls = cls
        self._samples = samples
        self._place = place

    def __len__(self) -> int:
        return len(self._samples)

    def place(self, row: int) -> tuple[SampleBlock, int]:
        return self._place(row)

    def part(self, start: int, stop: int) -> Mapping[str, Any]:
        samples = self._samples[start:stop]

        def make(name: str) -> Any:
            return aggregate(field_values(self._cls, samples, name), batch_title(self._cls), name)

        return LazyColumns(lambda: _names(self._cls, samples), make)

    def rows(self, start: int, stop: int) -> list[Any]:
        return self._samples[start:stop]

    probes = rows

    def hollow(self, name: str) -> list[Any]:
        return field_values(self._cls, self._samples, name)


def field_values(cls: type[Any], samples: list[Any], name: str) -> list[Any]:
    """One field of all samples; KeyError when there is no such field."""
    known = getattr(cls, "__dataclass_fields__", None)
    if known is not None:
        if name not in known:
            raise KeyError(name)
        return [getattr(sample, name) for sample in samples]
    if not any(name in sample for sample in samples):
        raise KeyError(name)
    return [sample.get(name) for sample in samples]


def _names(cls: type[Any], samples: list[Any]) -> list[str]:
    known = getattr(cls, "__dataclass_fields__", None)
    return list(known) if known is not None else list(dict.fromkeys(name for sample in samples for name in sample))
