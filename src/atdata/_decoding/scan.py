"""The values of one field in many samples at once: where they stand, and what the plain ones are.

Each reader gets the positions of a field's values and gives a column and the positions behind them, or
raises :class:`Odd` for anything that it was not made for: another type, another width, not UTF-8. Whoever
called then decodes sample by sample, which also finds the words for what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.arrays import Arrays, Mixed, read_arrays
from atdata._decoding.columns import Bytes, Column, Numbers, Text
from atdata._decoding.layout import FIXED
from atdata._decoding.source import Ints, Odd, Source

__all__ = ["BEHIND", "read_values"]

_LONG_TEXT = 48


def read_values(kind: str, source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column | None, Ints]:
    """The column of values at ``at``, whose first bytes are ``first``, and where they end."""
    return _READERS[kind](source, at, first)


def _floats(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    kind = first[0]
    if kind not in (0xCB, 0xCA) or (first != kind).any():
        raise Odd
    width = 8 if kind == 0xCB else 4
    return Numbers(source.take(at + 1, width).view(f">f{width}").astype(np.float64)), at + 1 + width


#: First byte -> bytes of an integer's payload, 255 for what is no integer.
_INT_WIDTH = np.full(256, 255, np.uint8)
_INT_WIDTH[:0x80] = 0
_INT_WIDTH[0xE0:] = 0
for _byte in range(0xCC, 0xD4):
    _INT_WIDTH[_byte] = FIXED[_byte]


def _ints(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    widths = _INT_WIDTH[first]
    most = widths.max()
    if most == 255:
        raise Odd
    small = first.view(np.int8).astype(np.int64)
    if most == 0:
        return Numbers(small), at + 1
    words = source.words(at + 1)
    shift = (64 - 8 * widths.astype(np.uint64)) & np.uint64(63)
    signed = first >= 0xD0
    values = (words >> shift).view(np.int64)
    if ((values < 0) & ~signed & (widths == 8)).any():
        raise Odd  # beyond int64
    if signed.any():
        values = np.where(signed, words.view(np.int64) >> shift.view(np.int64), values)
    return Numbers(np.where(widths == 0, small, values)), at + 1 + widths


def _bools(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    values = first == 0xC3
    if not (values | (first == 0xC2)).all():
        raise Odd
    return Numbers(values), at + 1


def _sizes(source: Source, at: Ints, first: NDArray[np.uint8], lead: int) -> tuple[Ints, Ints]:
    """Starts and lengths of payloads whose first byte is ``lead`` (8 bit length), or the next two of its kind."""
    kind = int(first[0])
    if (first == kind).all():
        if kind == lead:
            return at + 2, source.bytes[at + 1].astype(np.int64)
        if kind == lead + 1:
            return at + 3, source.take(at + 1, 2).view(">u2").astype(np.int64)
        if kind == lead + 2:
            return at + 5, source.take(at + 1, 4).view(">u4").astype(np.int64)
        raise Odd
    widths = np.uint64(1) << (first - np.uint8(lead)).astype(np.uint64)
    if (first < lead).any() or (first > lead + 2).any():
        raise Odd
    lengths = (source.words(at + 1) >> (64 - 8 * widths)).view(np.int64)
    return at + 1 + widths.view(np.int64), lengths


def _text(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    short = (first & 0xE0) == 0xA0
    if short.all():
        starts, lengths = at + 1, (first & 0x1F).astype(np.int64)
    elif not short.any():
        starts, lengths = _sizes(source, at, first, 0xD9)
    else:
        starts, lengths = at + 1, (first & 0x1F).astype(np.int64)
        longer = ~short
        starts[longer], lengths[longer] = _sizes(source, at[longer], first[longer], 0xD9)
    end = starts + lengths
    most = int(lengths.max())
    if (end > source.size).any():
        raise Odd
    if most <= _LONG_TEXT and int(starts.max()) + most < source.size:
        # one zero behind each text, then cut at the zeros
        found = source.take(starts, most + 1).view(np.uint8).reshape(len(at), most + 1)
        behind = np.arange(most + 1)
        found[behind == lengths[:, None]] = 0
        raw = found[behind <= lengths[:, None]].tobytes()
    else:
        memory = source.memory
        raw = b"\0".join([memory[a:b] for a, b in zip(starts.tolist(), end.tolist(), strict=True)]) + b"\0"
    try:
        return Text(raw.decode("utf-8"), starts, end, source), end
    except UnicodeDecodeError:
        raise Odd from None


def _binary(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    starts, lengths = _sizes(source, at, first, 0xC4)
    end = starts + lengths
    if (end > source.size).any():
        raise Odd
    return Bytes(starts, end, source), end


def _arrays(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column, Ints]:
    starts, lengths = _sizes(source, at, first, 0xC4)
    end = starts + lengths
    if (end > source.size).any():
        raise Odd
    column: Arrays | Mixed = read_arrays(source, starts, lengths)
    return column, end


def _skip(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Column | None, Ints]:
    """Past values that nobody wants, of any kind that has no values inside."""
    kind = int(first[0])
    if (first == kind).all() and 0xC4 <= kind <= 0xC6:
        starts, lengths = _sizes(source, at, first, 0xC4)
        return None, starts + lengths
    ends = at + 1 + BEHIND[first]
    odd = BEHIND[first] < 0
    for lead in (0xC4, 0xD9):
        these = (first >= lead) & (first <= lead + 2)
        if these.any():
            starts, lengths = _sizes(source, at[these], first[these], lead)
            ends[these] = starts + lengths
            odd &= ~these
    if odd.any():
        raise Odd
    return None, ends


#: First byte -> bytes behind it, -1 where that takes more than a look.
BEHIND: NDArray[np.int64] = np.full(256, -1, np.int64)
BEHIND[:0x80] = 0
BEHIND[0xE0:] = 0
BEHIND[0xA0:0xC0] = np.arange(32)
for _byte, _width in FIXED.items():
    BEHIND[_byte] = _width

_Reader = Callable[[Source, Ints, "NDArray[np.uint8]"], "tuple[Any, Ints]"]
_READERS: dict[str, _Reader] = {
    "float": _floats,
    "int": _ints,
    "bool": _bools,
    "str": _text,
    "bytes": _binary,
    "ndarray": _arrays,
    "skip": _skip,
}
