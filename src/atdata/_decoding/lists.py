"""Lists in many samples at once: where each value stands, then all values as one column.

Where a value of a list stands depends on those before it. Values of one width are counted off; of others the first
ones of all lists are passed in one go, then the second ones, and so on, as long as the lists are short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.columns import Column, Listed, Lists
from atdata._decoding.layout import SIZED
from atdata._decoding.scan import BEHIND, read_values
from atdata._decoding.source import Ints, Odd, Source

__all__ = ["read_lists"]

#: What rounds cost that unpacking one list does not: to begin, for each round, and for this many values.
_BEGIN, _ROUND, _VALUES = 80, 18, 20
#: So many values at once, for which each takes several times its own room.
_MOST = 1 << 22


def read_lists(
    item: str, source: Source, at: Ints, first: NDArray[np.uint8], ends: Ints
) -> tuple[Column | None, Ints] | None:
    """The column of lists at ``at``, in samples that end at ``ends``, and where they end.

    None when there are so many values in a list that it is sooner unpacked. Raises :class:`Odd` for what are no lists
    of ``item``; of item ``skip`` there is no column.
    """
    starts, counts = _heads(source, at, first)
    if (counts > ends - starts).any():
        raise Odd  # each value has a byte at least, so that no claim is believed that takes more memory than the data
    bounds = np.concatenate(([0], np.cumsum(counts)))
    total = int(bounds[-1])
    if not total:
        return Lists(Listed([]), bounds), starts
    if total > _MOST:
        return None
    found = _alike(source, starts, counts, bounds)
    if found is not None:
        places, behind = found
    elif _BEGIN + _ROUND * int(counts.max()) + total // _VALUES > len(at):
        return None
    else:
        places, behind = _rounds(source, starts, counts, bounds)
    if item == "skip":
        return None, behind
    column, _ = read_values(item, source, places, source.bytes[places])
    assert column is not None
    return Lists(column, bounds), behind


def _heads(source: Source, at: Ints, first: NDArray[np.uint8]) -> tuple[Ints, Ints]:
    """Where the values of each list begin, and how many there are."""
    short = (first & 0xF0) == 0x90
    starts, counts = at + 1, (first & 0x0F).astype(np.int64)
    if not short.all():
        for lead, width in ((0xDC, 2), (0xDD, 4)):
            these = first == lead
            starts[these] += width
            counts[these] = source.take(at[these] + 1, width).view(f">u{width}")
            short |= these
        if not short.all():
            raise Odd
    return starts, counts


def _alike(source: Source, starts: Ints, counts: Ints, bounds: Ints) -> tuple[Ints, Ints] | None:
    """Where each value stands, list after list, and where the lists end; None when values differ in width."""
    row = int(counts.argmax())
    front, width = _front(source, int(starts[row]))
    if not width:
        return None
    for chosen in (slice(row, row + 1), slice(None)):  # most lists that are not alike show it by themselves
        some = counts[chosen]
        shift = starts[chosen] - (bounds[:-1][chosen] - bounds[chosen][0]) * width
        places = np.repeat(shift, some) + np.arange(0, int(some.sum()) * width, width)
        if not (source.same(places, front) if front else (BEHIND[source.bytes[places]] == 0).all()):
            return None
    return places, starts + counts * width


def _front(source: Source, at: int) -> tuple[bytes, int]:
    """What values as wide as the one at ``at`` begin with, and that width; no bytes for values of one byte."""
    first = int(source.bytes[at])
    behind = int(BEHIND[first])
    if behind >= 0:
        return bytes((first,)) if behind else b"", 1 + behind
    size = SIZED.get(first)
    if size is None:
        return b"", 0
    front = bytes(source.memory[at : at + 1 + size])
    return front, 1 + size + int.from_bytes(front[1:], "big")


def _rounds(source: Source, starts: Ints, counts: Ints, bounds: Ints) -> tuple[Ints, Ints]:
    """Where each value stands, list after list, and where the lists end."""
    order = np.argsort(-counts, kind="stable")
    here = starts[order]
    slots = bounds[:-1][order]
    falling = -counts[order]
    places = np.empty(int(bounds[-1]), np.int64)
    for number in range(int(counts.max())):
        going = int(np.searchsorted(falling, -number))
        now = here[:going]
        places[slots[:going] + number] = now
        _, here[:going] = read_values("skip", source, now, source.bytes[now])
    behind = np.empty_like(here)
    behind[order] = here
    return places, behind
