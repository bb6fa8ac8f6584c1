"""Shards at the other end of a line whose index says where samples are: those asked for are fetched, no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from atdata._shards.block import Block
from atdata._shards.errors import Fault, ShardError
from atdata._shards.index import read_index
from atdata._shards.limits import DEFAULT
from atdata._threads import in_threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atdata._protocols import DataSource
    from atdata._sources.ranges import Ranges

    Ints = NDArray[np.int64]

__all__ = ["RemoteShard", "fetched", "remote_shard"]

_HEADER = 512
#: The end of a shard that is fetched first, in the hope that all of the index is in it.
_TAIL = 1 << 16
_LARGEST_INDEX = 1 << 29
#: Ranges that are so near each other are fetched as one, up to so many bytes.
_GAP = 1 << 15
_MOST = 8 << 20


@dataclass(frozen=True, slots=True, eq=False)
class RemoteShard:
    """Where the samples of a shard are."""

    name: str
    ranges: Ranges
    offsets: Ints
    sizes: Ints
    faults: tuple[Fault, ...] = ()
    notices: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.offsets)


class _Tail:
    """The bytes of an object as :func:`read_index` asks for them: mostly its end."""

    def __init__(self, ranges: Ranges, name: str) -> None:
        self._ranges = ranges
        self._name = name
        self._begin = max(ranges.size - _TAIL, 0)
        self._end = ranges.read(self._begin, ranges.size)

    def __len__(self) -> int:
        return self._ranges.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._ranges.size)
        if start >= self._begin:
            return self._end[start - self._begin : stop - self._begin]
        if stop - start > _LARGEST_INDEX:
            raise ShardError(f"claims to have an index of {stop - start} bytes", shard=self._name)
        return self._ranges.read(start, stop)


def remote_shard(source: DataSource, shard: str) -> RemoteShard | None:
    """The shard as one whose samples can be fetched singly; None where there is no index, or no way to.

    Sources say how a shard is read anywhere by a method ``ranges(shard)``, which gives
    :class:`~atdata._sources.ranges.Ranges` or None; those without one are streamed.
    """
    find: Any = getattr(source, "ranges", None)
    ranges: Ranges | None = None if find is None else find(shard)
    if ranges is None or ranges.size < 4 * _HEADER:
        return None
    found = read_index(_Tail(ranges, shard))
    return None if found is None else RemoteShard(shard, ranges, *found)


def fetched(wanted: Sequence[tuple[RemoteShard, Ints]]) -> list[Block]:
    """A block of the asked samples of each shard, in their order. All ranges are fetched at the same time."""
    plans = [_planned(shard, rows) for shard, rows in wanted]
    jobs = [(shard, span) for (shard, _), (spans, _, _) in zip(wanted, plans, strict=True) for span in spans]
    parts = iter(in_threads(lambda job: job[0].ranges.read(*job[1]), jobs))
    blocks: list[Block] = []
    for (shard, rows), (spans, offsets, sizes) in zip(wanted, plans, strict=True):
        memory = b"".join([next(parts) for _ in spans])
        blocks.append(Block(shard.name, int(rows[0]) if len(rows) else 0, memoryview(memory), offsets, sizes))
    return blocks


def _planned(shard: RemoteShard, rows: Ints) -> tuple[list[tuple[int, int]], Ints, Ints]:
    """The ranges to fetch, and where in them, one after the other, each sample will be. Headers come along."""
    starts, sizes = shard.offsets[rows] - _HEADER, shard.sizes[rows]
    ends = starts + _HEADER + sizes
    if len(sizes) and int(sizes.max()) > DEFAULT.member:
        raise ShardError(f"holds a sample of {int(sizes.max())} bytes; {DEFAULT.member} are read", shard=shard.name)
    spans: list[tuple[int, int]] = []
    offsets = np.empty(len(rows), np.int64)
    base = 0
    for i in np.argsort(starts, kind="stable").tolist():
        start, end = int(starts[i]), int(ends[i])
        if spans and start <= spans[-1][1] + _GAP and max(end, spans[-1][1]) - spans[-1][0] <= _MOST:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            if spans:
                base += spans[-1][1] - spans[-1][0]
            spans.append((start, end))
        offsets[i] = base + start - spans[-1][0] + _HEADER
    return spans, offsets, sizes
