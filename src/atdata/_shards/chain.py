"""The fast walk: many ordinary members at once.

What nearly every shard consists of is checked with numpy for a whole run of headers: POSIX or GNU magic, an octal
size, a right checksum, a name ``<key>.msgpack``; in front of it, as Python's tarfile writes it, perhaps a pax header
that gives nothing but a fraction of a second. The first header that is anything else ends the run, and is left to
the walk that looks at one header at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from atdata._shards.names import SUFFIX

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Run", "find_run"]

_ROWS = 2048
_SMALL = 16
_LANES = np.uint64(0x00FF00FF00FF00FF)
_OCTAL11 = 8.0 ** np.arange(10, -1, -1)
_OCTAL6 = 8.0 ** np.arange(5, -1, -1)
_MAGIC = np.frombuffer(b"ustar", np.uint8)
_MTIME = np.frombuffer(b" mtime=", np.uint8)
_END = np.frombuffer(SUFFIX, np.uint8)
_COLUMNS = np.arange(512)


class Run(NamedTuple):
    """Samples one after the other: where their payloads begin, their sizes and names."""

    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    names: NDArray[np.bytes_]
    #: Where the last sample's first header begins.
    last_start: int


def find_run(data: NDArray[np.uint8], at: int, mapping: memoryview) -> Run | None:
    """The run of ordinary samples at ``at``. ``mapping`` is the same memory as ``data``."""
    found = _positions(data, at, mapping)
    if not len(found):
        return None
    blocks = data[at : at + (len(data) - at) // 512 * 512].reshape(-1, 512)
    numbers = (found - at) >> 9
    rows = blocks[numbers]
    sizes, good = _checked(rows)
    ends = numbers + 1 + ((sizes + 511) >> 9)
    good &= ends <= len(blocks)
    good[1:] &= ends[:-1] == numbers[1:]
    kinds = rows[:, 156]
    extra = kinds == 120
    plain = (kinds == 48) | (kinds == 0)
    if extra.any():
        good[extra] &= _only_time(blocks[numbers[extra] + 1 - (ends[extra] > len(blocks))], sizes[extra])
        good[1:] &= ~(extra[1:] & extra[:-1])
    good &= plain | extra
    count = _leading(good)
    if not count:
        return None
    chosen = np.flatnonzero(plain[:count])
    names, named = _names(rows[chosen, :100])
    named &= sizes[chosen] > 0
    count = _leading(named)
    if not count:
        return None
    chosen, names = chosen[:count], names[:count]
    last = int(chosen[-1])
    first = last - 1 if last and extra[last - 1] else last
    return Run(found[chosen] + 512, sizes[chosen], names, int(found[first]))


def _leading(good: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return len(good) if good.all() else int(good.argmin())


def _positions(data: NDArray[np.uint8], at: int, mapping: memoryview) -> NDArray[np.int64]:
    """Where headers seem to be: nothing is verified here, and no order is wrong enough to harm."""
    few = _follow(mapping, at, _SMALL)
    if len(few) < _SMALL:
        return np.array(few, np.int64)
    if few[-1] - few[0] > _SMALL * 512 * 12:
        # Large members: reading a byte of each block would touch the whole file.
        return np.array(_follow(mapping, at, _ROWS // 8), np.int64)
    count = min((len(data) - at) // 512, _ROWS * 2)
    blocks = data[at : at + count * 512].reshape(-1, 512)
    found = np.flatnonzero(blocks[:, 257] == 117)
    # One byte is soon found in the data of arrays, too, and each such find would end the run.
    found = found[(blocks[found, 257:262] == _MAGIC).all(axis=1)]
    candidates: NDArray[np.int64] = found[:_ROWS] * 512 + at
    return candidates if len(candidates) and candidates[0] == at else np.array(few, np.int64)


def _follow(mapping: memoryview, at: int, most: int) -> list[int]:
    found: list[int] = []
    end = len(mapping) - 512
    while at <= end and len(found) < most:
        try:
            size = int(bytes(mapping[at + 124 : at + 135]), 8)
        except ValueError:
            break
        if size < 0:
            break
        found.append(at)
        at += 512 + ((size + 511) & -512)
    return found


def _checked(rows: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sizes, and which rows are headers with a right checksum and no prefix."""
    digits = rows[:, 124:135] - np.uint8(48)
    stored = rows[:, 148:154] - np.uint8(48)
    good = (digits < 8).all(axis=1)
    good &= (stored < 8).all(axis=1)
    good &= (rows[:, 257:262] == _MAGIC).all(axis=1)
    good &= (rows[:, (135, 154, 155)] & 0xDF == 0).all(axis=1)  # each a NUL or a space
    good &= rows[:, 345] == 0
    # Two bytes a lane: 64 words of at most 2 * 255 cannot overflow 16 bits.
    words = rows.view(np.uint64)
    lanes = ((words & _LANES) + ((words >> np.uint64(8)) & _LANES)).sum(axis=1)
    totals = lanes.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int64)
    totals += 256 - rows[:, 148:156].sum(axis=1, dtype=np.int64)
    good &= totals == stored @ _OCTAL6
    sizes: NDArray[np.int64] = (digits @ _OCTAL11).astype(np.int64)
    return sizes, good


def _only_time(records: NDArray[np.uint8], sizes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pax headers are one record ``NN mtime=digits.digits`` and nothing else."""
    good = (sizes >= 11) & (sizes <= 99)
    width = int(sizes.max(initial=11, where=good))
    text = records[:, :width]
    good &= (text[:, 0] - 48.0) * 10 + (text[:, 1] - 48.0) == sizes
    good &= (text[:, 2:9] == _MTIME).all(axis=1)
    last = np.where(good, sizes, 11) - 1
    good &= text[np.arange(len(text)), last] == 10
    inside = (_COLUMNS[:width] >= 9) & (_COLUMNS[:width] < last[:, None])
    digit = ((text - np.uint8(48)) < 10) | (text == 46)
    good &= (digit | ~inside).all(axis=1)
    return good


def _names(raw: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Names, and which of them are ``<key>.msgpack`` without another dot in the last component."""
    used = np.flatnonzero(raw.any(axis=0))
    width = int(used[-1]) + 1 if len(used) else 1
    text = np.ascontiguousarray(raw[:, :width])
    names = text.view(f"S{width}").ravel()
    there = text != 0
    lengths = there.sum(axis=1)
    good = (lengths > len(_END)) & (lengths < 100)
    if not good.any():
        return names, good
    rows = np.arange(len(text))
    safe = np.where(good, lengths, width)
    if width <= len(_END):
        return names, np.zeros(len(text), bool)
    good &= (there == (_COLUMNS[:width] < safe[:, None])).all(axis=1)
    good &= (text[rows[:, None], (safe - len(_END))[:, None] + np.arange(len(_END))] == _END).all(axis=1)
    good &= text[rows, safe - len(_END) - 1] != 47
    good &= ~((text[:, 0] == 95) & (text[:, 1] == 95))
    dots = text == 46
    slashes = text == 47
    if slashes.any():
        last = np.where(slashes.any(axis=1), width - 1 - slashes[:, ::-1].argmax(axis=1), -1)
        dots &= _COLUMNS[:width] > last[:, None]
    good &= dots.sum(axis=1) == 1
    return names, good
