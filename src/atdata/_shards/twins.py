"""The fastest walk: members whose headers are like that of the first, many at once.

The first header is read by itself. Of the others every byte is compared with it but those that may differ: the key,
size, time and checksum, and in a pax header before them the fraction of a second. These are looked at eight at a
time, as numbers of 64 bits. Samples of one class mostly take the same number of blocks; then headers are at even
distances, and are compared where they lie. No less is looked at than in :mod:`atdata._shards.chain`, which takes
what is not like the first.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from atdata._shards.chain import Run
from atdata._shards.names import SUFFIX, is_meta, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Good = NDArray[np.bool_]

__all__ = ["Twins"]

_BLOCK = 512
#: How many members are looked at together at first, or in how many bytes, and at most: what was read once should still
#: be near when it is read again.
_FIRST, _BYTES, _MOST = 32, 1 << 19, 1024
#: Most members whose headers are put side by side.
_MOST_UNEVEN = 512
#: Fewer members than that are left to others, and then as many runs as that.
_FEW, _PAUSE = 16, 8
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


class Twins:
    """Finds runs of such members in one archive, and remembers how worthwhile that was."""

    __slots__ = ("_even", "_pause", "_reach")

    def __init__(self) -> None:
        self._reach = _FIRST
        #: Whether members have been at even distances so far.
        self._even = True
        self._pause = 0

    def run(self, data: NDArray[np.uint8], at: int, mapping: memoryview) -> Run | None:
        """The packed samples at ``at`` that are like the first, or None. ``mapping`` is the same memory as ``data``."""
        if self._pause:
            self._pause -= 1
            return None
        front = 1024 if bytes(mapping[at + 156 : at + 157]) == b"x" else 0
        head = bytes(mapping[at : at + front + _BLOCK])
        first = head[front:]
        size = _size(first, b"0\0")
        name = first[:100].partition(b"\0")[0]
        if size <= 0 or not _is_sample(name, first) or (front and _size(head[:_BLOCK], b"x") < 0):
            return None
        found = self._even_run(data, at, head, name, size) if self._even else None
        if found is None:
            found = _uneven_run(data, at, mapping, head, name)
            if found is None:
                self._pause = _PAUSE
            else:
                steps = np.diff(found.offsets[-_FIRST:])
                self._even = bool((steps == steps[0]).all())
        return found

    def _even_run(self, data: NDArray[np.uint8], at: int, head: bytes, name: bytes, size: int) -> Run | None:
        period = len(head) + ((size + 511) & -512)
        reach = max(self._reach, _BYTES // period) if self._reach == _FIRST else self._reach
        count = min((len(data) - at) // period, reach)
        if count < 2:
            return None
        rows = data[at : at + count * period].reshape(count, period)
        sizes, good = _checked(rows, head, name)
        good &= (sizes + 511) & -512 == period - len(head)
        if good.all():
            if count == reach:
                self._reach = min(reach * 8, _MOST)
        else:
            count = int(good.argmin())
            if count < _FEW:
                return None
            self._reach = _FIRST
        return _run(np.arange(at, at + count * period, period, dtype=np.int64), rows, sizes, head, name)


def _uneven_run(data: NDArray[np.uint8], at: int, mapping: memoryview, head: bytes, name: bytes) -> Run | None:
    """The same for members of any sizes, whose headers are put side by side."""
    starts = np.array(_follow(mapping, at, len(head)), np.int64)
    if len(starts) < _FEW:
        return None
    items = np.ndarray((len(data) - len(head) + 1,), f"V{len(head)}", data, 0, (1,))
    rows = items[starts].view(np.uint8).reshape(-1, len(head))
    sizes, good = _checked(rows, head, name)
    ends = starts + len(head) + ((sizes + 511) & -512)
    good &= (sizes > 0) & (ends <= len(data))
    good[1:] &= ends[:-1] == starts[1:]
    count = len(good) if good.all() else int(good.argmin())
    return _run(starts[:count], rows, sizes, head, name) if count >= _FEW else None


def _follow(mapping: memoryview, at: int, length: int) -> list[int]:
    """Where members seem to begin that have headers of ``length`` bytes. Nothing is verified here."""
    found: list[int] = []
    end = len(mapping) - length
    while at <= end and len(found) < _MOST_UNEVEN:
        try:
            size = int(bytes(mapping[at + length - 388 : at + length - 377]), 8)
        except ValueError:
            break
        if size < 0:
            break
        found.append(at)
        at += length + ((size + 511) & -512)
    return found


def _run(starts: Ints, rows: NDArray[np.uint8], sizes: Ints, head: bytes, name: bytes) -> Run:
    count, front = len(starts), len(head) - _BLOCK
    names = np.ascontiguousarray(rows[:count, front : front + len(name)]).view(f"S{len(name)}").ravel()
    return Run(starts, starts + len(head), sizes[:count], names)


def _checked(rows: NDArray[np.uint8], head: bytes, name: bytes) -> tuple[Ints, Good]:
    """Sizes of the members that ``rows`` begin with, and which are as good as that of ``head`` and ``name``."""
    words = rows.view("<u8")
    front = len(head) - _BLOCK
    sizes, good = _headers(words[:, front >> 3 :], head[front:], len(name) - len(SUFFIX))
    if front:
        good &= _only_time(rows, words, head[:_BLOCK])
    return sizes.astype(np.int64), good


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
