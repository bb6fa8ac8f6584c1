"""The fastest walk: members at even distances, compared with the first of them where they lie.

Samples of one class mostly take the same number of blocks, so that the next headers can be told from the first one.
It is read by itself. Of the others every byte is compared with it but those that may differ: the key, size, time and
checksum, and in a pax header before them the fraction of a second. These are looked at eight at a time, as numbers
of 64 bits. No less is looked at than in :mod:`atdata._shards.chain`, which takes what is not even.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from atdata._shards.chain import Run
from atdata._shards.names import SUFFIX, is_meta, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = NDArray[np.uint64]
    Good = NDArray[np.bool_]

__all__ = ["Even"]

_BLOCK = 512
#: How many members are looked at together at first, or in how many bytes, and at most: what was read once should still
#: be near when it is read again.
_FIRST, _BYTES, _MOST = 32, 1 << 19, 1024
#: Fewer members than that before one that is not even are left to others.
_FEW = 16
#: What pax headers give that are looked at here: ``28 mtime=1700000000.1234567\n``, a digit more or less.
_SHORTEST, _LONGEST = 22, 32
#: Where in a header, in words, what may differ begins and ends: size, time and checksum.
_LOW, _HIGH = 15, 20


def _all(byte: int) -> int:
    """Eight times ``byte``."""
    return byte * 0x0101010101010101


def _words(*values: int) -> Words:
    return np.array(values, np.uint64)


_ONES, _SEVENS, _ZEROS, _TOPS, _TO_TOP = _words(*map(_all, (1, 7, ord("0"), 0x80, 0x80 - 10)))
_PAIRS, _FOURS, _LANES = _words(0x00FF00FF00FF00FF, 0x0000FFFF0000FFFF, 0x0001000100010001)
#: Factors that add eight times a digit to the one after it, and so on.
_BY_2, _BY_4, _BY_8 = _words(*(1 + (8**n << 8 * n) for n in (1, 2, 4)))
_8, _16, _21, _32, _48 = _words(8, 16, 21, 32, 48)
#: Bytes that a key may not have where keys differ.
_SPECIAL = _words(*map(_all, b"\0./_"))
#: In the words from ``_LOW`` on: where octal digits are, what must be as in the first, what the checksum counts.
_OCTAL = _words(0xFFFFFFFF << 32, _all(0xFF) >> 8, 0, 0xFFFFFFFF << 32, 0xFFFF)
_FIXED = _words(0xFFFFFFFF, 0xFF << 56, 0, 0, _all(0xFF) - 0xFFFF)
_COUNTED = _words(_all(0xFF), _all(0xFF), _all(0xFF), 0xFFFFFFFF, 0)


class Even:
    """Finds runs of even members in one archive, and remembers how worthwhile that was."""

    __slots__ = ("_reach",)

    def __init__(self) -> None:
        self._reach = _FIRST

    def run(self, data: NDArray[np.uint8], at: int, mapping: memoryview) -> Run | None:
        """The packed samples at ``at`` that are even, or None. ``mapping`` is the same memory as ``data``."""
        reach = self._reach
        if not reach:  # the last run ended early
            self._reach = _FIRST
            return None
        front = 1024 if bytes(mapping[at + 156 : at + 157]) == b"x" else 0
        head = bytes(mapping[at : at + front + _BLOCK])
        first = head[front:]
        size = _size(first, b"0\0")
        name = first[:100].partition(b"\0")[0]
        if size <= 0 or not _is_sample(name, first) or (front and _size(head[:_BLOCK], b"x") < 0):
            return None
        padded = (size + 511) & -512
        period = front + _BLOCK + padded
        if reach == _FIRST:
            reach = max(reach, _BYTES // period)
        count = min((len(data) - at) // period, reach)
        if count < 2:
            return None
        rows = data[at : at + count * period].reshape(count, period)
        words = rows.view("<u8")
        sizes, good = _headers(words[:, front >> 3 :], first, len(name) - len(SUFFIX))
        good &= (sizes > padded - _BLOCK) & (sizes <= padded)
        if front:
            good &= _only_time(rows, words, head[:_BLOCK])
        if good.all():
            if count == reach:
                self._reach = min(reach * 8, _MOST)
        else:
            count = int(good.argmin())
            if count < _FEW:
                return None
            self._reach = 0
        starts = np.arange(at, at + count * period, period, dtype=np.int64)
        names = np.ascontiguousarray(rows[:count, front : front + len(name)]).view(f"S{len(name)}").ravel()
        return Run(starts, starts + (front + _BLOCK), sizes[:count].astype(np.int64), names)


def _size(raw: bytes, kinds: bytes) -> int:
    """The size in an ordinary header of one of ``kinds``, which is looked at in full; -1 for any other."""
    digits, checksum = raw[124:135], raw[148:154]
    if (
        len(raw) != _BLOCK
        or raw[156] not in kinds
        or raw[257:262] != b"ustar"
        or raw[345]
        or digits.strip(b"01234567")
        or checksum.strip(b"01234567")
        or (raw[135:136] + raw[154:156]).strip(b"\0 ")
        or int(checksum, 8) != sum(raw) - sum(raw[148:156]) + 256
    ):
        return -1
    return int(digits, 8)


def _is_sample(name: bytes, header: bytes) -> bool:
    """Whether a header's own name is ``<key>.msgpack`` and nothing else."""
    key, extension = split(name)
    return (
        len(name) < 100
        and not header[len(name) : 100].strip(b"\0")
        and name.endswith(SUFFIX)
        and extension == b"msgpack"
        and bool(key)
        and not name.startswith(b"__")
        and not is_meta(name)
    )


def _headers(words: Words, first: bytes, key: int) -> tuple[Words, Good]:
    """Sizes by the headers that ``words`` begin with, and which are as good as ``first``, but for a key of ``key``."""
    model = np.frombuffer(first, "<u8")
    used = (key + 7) >> 3
    good = _alike(words, model, used)
    columns = np.empty((used + _HIGH - _LOW, len(words)), np.uint64)
    columns[:used] = words[:, :used].T
    columns[used:] = words[:, _LOW:_HIGH].T
    tail = np.uint64(_all(0xFF) << 8 * (key & 7) & _all(0xFF) if key & 7 else 0)
    keys, rest = columns[:used], columns[used:]
    if used:
        differs = keys ^ model[:used, None]
        mask = _bytes(np.bitwise_or.reduce(differs, axis=1))
        mask[-1] &= ~tail
        good &= differs[-1] & tail == 0
        good &= _ordinary(keys, mask[:, None])
    wanted = model[_LOW:_HIGH] & _FIXED | _ZEROS & _OCTAL
    wrong = (rest ^ wanted[:, None]) & (_FIXED | _OCTAL & ~_SEVENS)[:, None]
    good &= np.bitwise_or.reduce(wrong, axis=0) == 0
    numbers = np.stack((rest[0] >> _32 << _32, rest[1] << _8, (rest[3] >> _32 | rest[4] << _32) << _16))
    high, low, stored = _octal(numbers)
    rest &= _COUNTED[:, None]
    totals = ((columns & _PAIRS) + (columns >> _8 & _PAIRS)).sum(axis=0) * _LANES >> _48
    # the first row is ``first`` itself, which is right
    good &= totals - totals[0] == stored - stored[0]
    return (high << _21) + low, good


def _alike(words: Words, model: Words, used: int) -> Good:
    """Which headers are as ``model`` from word ``used`` on, where nothing may differ."""
    good = np.ones(len(words), bool)
    for low, high in ((used, _LOW), (_HIGH, 64)):
        unlike = words[:, low:high] != model[low:high]
        if unlike.any():
            good &= ~unlike.any(axis=1)
    return good


def _bytes(bits: Words) -> Words:
    """The bytes in which any bits are set, whole."""
    whole: Words = ((bits.view(np.uint8) != 0) * np.uint8(0xFF)).view(np.uint64)
    return whole


def _ordinary(keys: Words, mask: Words) -> Good:
    """In which columns of ``keys`` there are only ordinary characters where ``mask`` is set."""
    digits = (keys ^ _ZEROS) & mask
    if not ((digits + _TO_TOP | digits) & _TOPS).any():
        return np.ones(keys.shape[1], bool)
    part = digits ^ _ZEROS
    special = np.zeros(part.shape, np.uint64)
    for character in _SPECIAL:
        # the top bit of a byte is set, perhaps of more, when some byte is zero
        zero = part ^ character
        special |= (zero - _ONES) & ~zero
    good: Good = np.bitwise_or.reduce(special & _TOPS, axis=0) == 0
    return good


def _octal(words: Words) -> Words:
    """Eight octal digits a word, the first one in the lowest byte, as numbers."""
    words = (words & _SEVENS) * _BY_2 >> _8 & _PAIRS
    words = words * _BY_4 >> _16 & _FOURS
    words = words * _BY_8 >> _32
    return words


def _only_time(rows: NDArray[np.uint8], words: Words, first: bytes) -> Good:
    """Which pax headers are as ``first``, and their one record is a time, which says nothing of what is read here."""
    good = _alike(words, np.frombuffer(first, "<u8"), 0)
    lengths = (rows[:, 512] & 15) * np.uint8(10) + (rows[:, 513] & 15)
    wanted, exact = _times(first)
    found = np.concatenate((words[:, _LOW:_HIGH], words[:, 64:68]), axis=1)
    wrong = (found ^ wanted[lengths]) & exact[lengths]
    if wrong.any():
        good &= ~wrong.any(axis=1)
    return good


@lru_cache(maxsize=16)
def _times(first: bytes) -> tuple[Words, Words]:
    """By length of a record what its words and those of its header must be, and in which bytes."""
    wanted, exact = np.zeros((2, 166, 72), np.uint8)
    exact[:] = 0xFF  # so that nothing is as wanted where there is no such length
    fixed = int(first[148:154], 8) - sum(first[124:135])
    for length in range(_SHORTEST, _LONGEST + 1):
        header = bytearray(first[8 * _LOW : 8 * _HIGH])
        header[4:15] = b"%011o" % length
        header[28:34] = b"%06o" % (fixed + sum(header[4:15]))
        record = (b"%d mtime=" % length).ljust(length - 1, b"0") + b"\n"
        wanted[length, : 40 + length] = np.frombuffer(header + record, np.uint8)
        exact[length, 49 : 39 + length] = 0
        exact[length, 40 + length :] = 0
    return wanted.view("<u8"), exact.view("<u8")
