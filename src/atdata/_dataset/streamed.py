"""A pass over shards that come as streams: block by block, shuffled in a window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atdata._dataset.ahead import ahead
from atdata._dataset.stretches import Stretch, decoded
from atdata._dataset.table import gather
from atdata._order.orders import window_bounds, window_permutation
from atdata._order.slots import Slot
from atdata._shards.access import shard_blocks

if TYPE_CHECKING:
    from atdata._dataset.losses import Losses
    from atdata._decoding import Decoder, SampleBlock
    from atdata._protocols import DataSource

__all__ = ["Mark", "StreamPass", "Window"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to go on reading from: ``sample`` of the pass's ``shard``, where ``position`` of the pass begins."""

    position: int = 0
    shard: int = 0
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """How a stream is shuffled."""

    seed: int
    epoch: int
    size: int


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples of consecutive positions: row ``rows[k]`` of ``blocks[owners[k]]``."""

    mark: Mark
    blocks: Sequence[SampleBlock]
    owners: Ints
    rows: Ints


class StreamPass:
    """One slot's way through a pass over ``shards``, which are in the order of the pass."""

    def __init__(
        self,
        source: DataSource,
        shards: Sequence[str],
        decoder: Decoder[Any],
        slot: Slot,
        batch: int,
        losses: Losses,
        *,
        start: int = 0,
        mark: Mark | None = None,
        window: Window | None = None,
        fields: frozenset[str] | None = None,
        depth: int = 2,
        extensions: tuple[str, ...] | None = None,
    ) -> None:
        self._source = source
        self._shards = shards
        self._decoder = decoder
        self._slot = slot
        self._batch = batch
        self._losses = losses
        self._start = start
        self._first = mark or Mark()
        self._window = window
        self._fields = fields
        self._depth = depth
        self._extensions = extensions
        self._marks: list[Mark] = [self._first]

    def mark(self, position: int) -> Mark:
        """The last place known from which ``position`` can be reached."""
        while len(self._marks) > 1 and self._marks[1].position <= position:
            self._marks.pop(0)
        return self._marks[0]

    def stretches(self, step: int) -> Iterator[Stretch]:
        """What the slot reads from its ``step`` on."""
        blocks: list[SampleBlock] = []
        owners: list[Ints] = []
        rows: list[Ints] = []
        waiting = 0
        least = max(self._batch, 32 // self._batch * self._batch)
        failures: list[Exception] = []
        for run in _until_failure(self._runs(), failures):
            self._marks.append(run.mark)
            mine = self._mine(run.mark.position, len(run.rows), step + waiting)
            if not len(mine):
                continue
            owners.append(run.owners[mine] + len(blocks))
            rows.append(run.rows[mine])
            blocks.extend(run.blocks)
            waiting += len(mine)
            # whole batches; the first may be one that was begun before
            ready = (step + waiting) // self._batch * self._batch - step
            if ready < min(least, 32) or ready <= 0:
                continue
            all_owners, all_rows = np.concatenate(owners), np.concatenate(rows)
            yield from self._decoded(blocks, all_owners[:ready], all_rows[:ready], step)
            step += ready
            waiting -= ready
            kept = np.unique(all_owners[ready:])
            blocks = [blocks[i] for i in kept.tolist()]
            owners = [np.searchsorted(kept, all_owners[ready:])] if waiting else []
            rows = [all_rows[ready:]] if waiting else []
        if waiting:
            yield from self._decoded(blocks, np.concatenate(owners), np.concatenate(rows), step)
        if failures:
            raise failures[0]

    def _decoded(self, blocks: Sequence[SampleBlock], owners: Ints, rows: Ints, step: int) -> Iterator[Stretch]:
        most = max(self._batch, 2048 // self._batch * self._batch)
        low = 0
        while low < len(rows):
            high = min(len(rows), low + most - (step + low) % self._batch)
            wanted, order = gather(owners[low:high], rows[low:high])
            pieces = [(blocks[owner], of_it) for owner, of_it in wanted]
            yield from decoded(self._decoder, pieces, order, step + low, self._fields, self._losses)
            low = high

    def _mine(self, position: int, count: int, step: int) -> Ints:
        """Which of ``count`` positions from ``position`` on are this slot's steps from ``step`` on."""
        offset = np.arange(position - self._start, position - self._start + count, dtype=np.int64)
        turns, inside = np.divmod(offset, self._batch)
        steps = turns // self._slot.count * self._batch + inside
        mine = (turns % self._slot.count == self._slot.number) & (steps >= step) & (offset >= 0)
        return np.flatnonzero(mine)

    def _runs(self) -> Iterator[_Run]:
        if self._window is None:
            position = self._first.position
            for shard, block in self._blocks():
                count = len(block.offsets)
                rows = np.arange(count, dtype=np.int64)
                yield _Run(Mark(position, shard, block.start), [block], np.zeros(count, np.int64), rows)
                position += count
        else:
            yield from self._windows(self._window)

    def _windows(self, window: Window) -> Iterator[_Run]:
        position = self._first.position
        number, low, high = window_bounds(position, window.size)
        held: list[tuple[int, SampleBlock, int, int]] = []
        count = 0
        for shard, block in self._blocks():
            at, size = 0, len(block.offsets)
            while at < size:
                take = min(size - at, high - low - count)
                held.append((shard, block, at, at + take))
                count += take
                at += take
                if count == high - low:
                    yield self._shuffled(window, number, low, held, count)
                    held, count = [], 0
                    number, low, high = window_bounds(high, window.size)
        if count:
            yield self._shuffled(window, number, low, held, count)

    def _shuffled(
        self, window: Window, number: int, low: int, held: Sequence[tuple[int, SampleBlock, int, int]], count: int
    ) -> _Run:
        order = window_permutation(count, window.seed, window.epoch, number)(np.arange(count))
        owners = np.repeat(np.arange(len(held)), [stop - start for _, _, start, stop in held])
        rows = np.concatenate([np.arange(start, stop) for _, _, start, stop in held])
        shard, block, start, _ = held[0]
        mark = Mark(low, shard, block.start + start)
        return _Run(mark, [block for _, block, _, _ in held], owners[order], rows[order])

    def _blocks(self) -> Iterator[tuple[int, SampleBlock]]:
        return ahead(self._read(), self._depth)

    def _read(self) -> Iterator[tuple[int, SampleBlock]]:
        for number in range(self._first.shard, len(self._shards)):
            start = self._first.sample if number == self._first.shard else 0
            shard = self._shards[number]
            for block in shard_blocks(
                self._source, shard, extensions=self._extensions, start=start, on_error=self._losses
            ):
                yield number, block


def _until_failure(runs: Iterator[_Run], failures: list[Exception]) -> Iterator[_Run]:
    """``runs`` up to an error, which is kept: what came before it is given out first."""
    try:
        yield from runs
    except Exception as error:
        failures.append(error)
