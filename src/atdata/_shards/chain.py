"""The fast walk: many ordinary members at once.

What nearly every shard consists of is checked with numpy for a whole run of headers: POSIX or GNU magic, an octal
size, a right checksum, a name ``<key>.msgpack``; in front of it, as Python's tarfile writes it, perhaps a pax header
that gives nothing but a fraction of a second. The first header that is anything else ends the run, and is left to
the walk that looks at one header at a time.

Headers of one shard differ in few bytes, and only those are looked at in each (see :mod:`atdata._shards.alike`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from atdata._shards.alike import OCTAL, Alike, table
from atdata._shards.names import SUFFIX, is_meta, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Run", "find_run"]

_ROWS = 4096
_SMALL = 16
_USTAR = b"ustar"
_MAGIC = np.frombuffer(_USTAR, np.uint8)
_MTIME = np.frombuffer(b" mtime=", np.uint8)
_END = np.frombuffer(SUFFIX, np.uint8)
#: What ends a number.
_BLANK = table(b"\0 ")
_NUL = table(b"\0")
_PLAIN = table(b"0\0")
#: Bytes that a key may have without a thought.
_ORDINARY = table(b"\0./_", but=True)
_PAX = ord("x")
_COLUMNS = np.arange(512)
#: Most bytes of a pax header that is looked at here, a multiple of eight.
_TIME = 104


class Run(NamedTuple):
    """Members one after the other: where their first headers and their payloads begin, their sizes and names."""

    starts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    names: NDArray[np.bytes_]


def find_run(data: NDArray[np.uint8], at: int, mapping: memoryview, *, packed: bool = True) -> Run | None:
    """The run of ordinary members at ``at``: of ``packed`` samples, or of any names.

    ``mapping`` is the same memory as ``data``.
    """
    found = _positions(data, at, mapping)
    kinds = data[found + 156]
    plain = _PLAIN[kinds]
    extra = kinds == _PAX
    count = _leading(plain | extra)
    found, plain, extra = found[:count], plain[:count], extra[:count]
    if not plain.any():
        return None
    blocks = data[at : at + (len(data) - at) // 512 * 512].reshape(-1, 512)
    numbers = (found - at) >> 9
    headers = Alike(blocks[numbers[plain]])
    sizes, good = np.empty(count, np.int64), np.empty(count, bool)
    sizes[plain], good[plain] = _checked(headers)
    if extra.any():
        before = numbers[extra]
        sizes[extra], right = _checked(Alike(blocks[before]))
        last = len(blocks) - 1
        good[extra] = right & _only_time(blocks[:, :_TIME][np.minimum(before + 1, last)], sizes[extra])
        good[1:] &= ~(extra[1:] & extra[:-1])
    ends = numbers + 1 + ((sizes + 511) >> 9)
    good &= ends <= len(blocks)
    good[1:] &= ends[:-1] == numbers[1:]
    if packed:
        good[plain] &= sizes[plain] > 0
        names, named = _names(headers)
    else:
        names, named = _any_names(headers.rows[:, :100])
    good[plain] &= named
    chosen = np.flatnonzero(plain[: _leading(good)])
    if not len(chosen):
        return None
    first = chosen - (extra[chosen - 1] & (chosen > 0))
    return Run(found[first], found[chosen] + 512, sizes[chosen], names[: len(chosen)])


def _leading(good: NDArray[np.bool_]) -> int:
    """How many are true before the first that is not."""
    return len(good) if good.all() else int(good.argmin())


def _positions(data: NDArray[np.uint8], at: int, mapping: memoryview) -> NDArray[np.int64]:
    """Where headers seem to be: nothing is verified here, and no order is wrong enough to harm."""
    few = _follow(mapping, at, _SMALL)
    if len(few) < _SMALL:
        return np.array(few, np.int64)
    steps = [b - a for a, b in pairwise(few)]
    large = few[-1] - few[0] > _SMALL * 512 * 12
    if steps[2:] == steps[:-2]:
        # Members of one size, each perhaps after a pax header: so they will go on, or the run ends.
        period = steps[0] + steps[1]
        turns = min((len(data) - 512 - at) // period, _ROWS // (8 if large else 1))
        pairs = np.arange(turns, dtype=np.int64)[:, None] * period + np.array([at, at + steps[0]], np.int64)
        return pairs.ravel()
    if large:
        # Reading a byte of each block would touch the whole file.
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


def _checked(headers: Alike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sizes, and which rows are headers with a right checksum and no prefix."""
    good = np.ones(headers.count, bool)
    headers.are(good, 124, 135, OCTAL)
    headers.are(good, 135, 136, _BLANK)
    headers.are(good, 148, 154, OCTAL)
    headers.are(good, 154, 156, _BLANK)
    headers.are(good, 345, 346, _NUL)
    if headers.columns(257, 262):
        good &= (headers.rows[:, 257:262] == _MAGIC).all(axis=1)
    elif headers.first[257:262] != _USTAR:
        good[:] = False
    totals = headers.sums() + 256 - headers.rows[:, 148:156].sum(axis=1, dtype=np.int64)
    good &= totals == headers.octal(148, 154)
    return headers.octal(124, 135), good


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


def _names(headers: Alike) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Names, and which of them are ``<key>.msgpack`` without another dot in the last component."""
    return _like_the_first(headers) or _each(headers.rows[:, :100])


def _like_the_first(headers: Alike) -> tuple[NDArray[Any], NDArray[np.bool_]] | None:
    """The same for names that differ in ordinary characters of the key alone, so that one says it for all."""
    name, _, rest = headers.first[:100].partition(b"\0")
    columns = headers.columns(0, 100)
    if columns:
        low, high = columns[0], columns[-1] + 1
        part = headers.rows[:, low:high]
        differs = np.flatnonzero((part != part[0]).any(axis=0)) + low
        if len(differs) and differs[-1] >= len(name) - len(SUFFIX):
            return None
        good = np.ones(headers.count, bool)
        for column in differs.tolist():
            good &= _ORDINARY[headers.rows[:, column]]
        if not good.all():
            return None
    if rest.strip(b"\0") or not 0 < len(name) < 100 or is_meta(name) or name.startswith(b"__"):
        return None
    key, extension = split(name)
    if not key or extension != b"msgpack" or not name.endswith(SUFFIX):
        return None
    width = len(name)
    names = np.ascontiguousarray(headers.rows[:, :width]).view(f"S{width}").ravel()
    return names, np.ones(headers.count, bool)


def _any_names(raw: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Names, and which of them are whole and none of webdataset's own."""
    used = np.flatnonzero(raw.any(axis=0))
    width = int(used[-1]) + 1 if len(used) else 1
    text = np.ascontiguousarray(raw[:, :width])
    there = text != 0
    lengths = there.sum(axis=1)
    good = (lengths > 0) & (lengths < 100) & (there == (_COLUMNS[:width] < lengths[:, None])).all(axis=1)
    if width > 1:
        good &= ~((text[:, 0] == 95) & (text[:, 1] == 95))
    return text.view(f"S{width}").ravel(), good


def _each(raw: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
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
