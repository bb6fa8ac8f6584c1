"""Samples with large arrays, packed without copying the arrays.

The sample is packed with a small stand-in for each large array, and the array's own memory takes the stand-in's
place among the pieces that are written. The bytes are the very ones that ``sample.packed`` gives.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from atdata._samples import npy
from atdata._samples.base import PackableSample

__all__ = ["Pack", "Piece", "packed_size", "packer"]

Piece: TypeAlias = "bytes | memoryview"
#: What gives the bytes of a sample, whole or in pieces that follow each other.
Pack: TypeAlias = "Callable[[Any], bytes | list[Piece]]"

#: Below that a copy costs less than what is done here.
_LARGE = 1 << 16
#: What msgpack can say of one array, with room for its header.
_HUGE = (1 << 32) - (1 << 16)


def packed_size(packed: Piece | list[Piece]) -> int:
    """How many bytes a packed sample has."""
    return sum(map(len, packed)) if isinstance(packed, list) else len(packed)


@lru_cache(maxsize=64)
def packer(cls: type[Any]) -> Pack:
    """A function that packs a sample of ``cls``, into pieces when it has large arrays."""
    whole: Pack = attrgetter("packed")
    if not issubclass(cls, PackableSample) or cls.packed is not PackableSample.packed:
        return whole
    from atdata._samples.hints import array_fields

    fields = array_fields(cls)
    if not fields or cls.__dictoffset__ == 0:
        return whole
    dump = npy.dump
    stands = {name: np.frombuffer(os.urandom(24), np.uint8) for name in fields}
    raws = {name: dump(stand) for name, stand in stands.items()}

    def pack(sample: Any) -> bytes | list[Piece]:
        values = sample.__dict__
        for name in fields:
            if _is_large(values.get(name)):
                break
        else:
            return whole(sample)
        large = [name for name in fields if _is_large(values.get(name))]
        stand_in: Any = cls.__new__(cls)
        stand_in.__dict__.update(values)
        for name in large:
            stand_in.__dict__[name] = stands[name]
        raw = stand_in.packed
        pieces: list[Piece] = []
        at = 0
        for name in large:
            found = raw.find(raws[name], at)
            if found < 0:
                return whole(sample)  # a codec of its own
            value = values[name]
            header = _header(value.dtype, value.shape)
            memory = value.reshape(-1).view(np.uint8).data
            pieces += (raw[at : found - 2], _bin(len(header) + value.nbytes), header, memory)
            at = found + len(raws[name])
        pieces.append(raw[at:])
        return pieces

    return pack


def _is_large(value: Any) -> bool:
    return (
        type(value) is np.ndarray
        and _LARGE <= value.nbytes < _HUGE
        and value.flags.c_contiguous
        and not value.dtype.hasobject
    )


@lru_cache(maxsize=256)
def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    """The .npy header of an array in C order."""
    return npy.header_of(dtype, shape, False)


def _bin(size: int) -> bytes:
    return struct.pack(">BH", 0xC5, size) if size < 1 << 16 else struct.pack(">BI", 0xC6, size)
