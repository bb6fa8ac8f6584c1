"""Who reads what: positions of a pass dealt out to ranks and workers, batch by batch.

The pass is cut into batches; batch ``b`` goes to rank ``b % ranks``, and there to worker
``b // ranks % workers``. Whoever takes turns with the workers, as a DataLoader does, gets the very
sequence that one worker alone would give, and the ranks together have the same global batches however
the work inside them is divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Even", "Slot", "Span"]

Even: TypeAlias = "Literal['drop', 'pad', 'error'] | None"
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slot:
    """One of ``workers`` workers of one of ``ranks`` ranks."""

    rank: int = 0
    ranks: int = 1
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        for what, number, count in (("rank", self.rank, self.ranks), ("worker", self.worker, self.workers)):
            if not 0 <= number < count:
                raise ValueError(f"{what} {number} of {count}: they are counted from 0 on")

    @property
    def count(self) -> int:
        """How many slots there are."""
        return self.ranks * self.workers

    @property
    def number(self) -> int:
        """This one among them, in the order of their first batches."""
        return self.rank + self.ranks * self.worker


@dataclass(frozen=True, slots=True)
class Span:
    """What one slot reads of a pass that begins at position ``start``: its own steps 0, 1, 2, ... as positions.

    ``total`` is how many samples there are, None when nobody knows yet. ``even`` makes all ranks read
    equally many full batches: what is left over is dropped, or filled up from the beginning, or an error.

    >>> Span(Slot(rank=1, ranks=2), batch=2, total=7).positions(0, 9).tolist()
    [2, 3, 6]
    >>> Span(Slot(rank=1, ranks=2), batch=2, total=7, even="pad").positions(0, 9).tolist()
    [2, 3, 6, 0]
    """

    slot: Slot
    batch: int
    start: int = 0
    total: int | None = None
    even: Even = None

    def __post_init__(self) -> None:
        if self.even is not None and self.even not in ("drop", "pad", "error"):
            raise ValueError(f'even is "drop", "pad", "error" or None, not {self.even!r}')
        if self.even is not None and self.total is None:
            raise ValueError(
                "even= needs to know how many samples there are, which streamed shards do not tell: "
                "copy the shards to a local folder, or leave even= out"
            )
        if self.even == "error" and self.total is not None and (self.total - self.start) % self._round:
            raise ValueError(
                f"{self.total - self.start} samples do not divide into equal batches of {self.batch} "
                f'for {self.slot.ranks} ranks; choose another batch size, or even="drop" or "pad"'
            )

    @property
    def _round(self) -> int:
        """Positions that all ranks read together in one batch each."""
        return self.batch * self.slot.ranks

    @property
    def end(self) -> int | None:
        """The position at which the pass ends."""
        if self.total is None or self.even is None:
            return self.total
        rest = max(self.total - self.start, 0)
        rounds = rest // self._round if self.even != "pad" else -(-rest // self._round)
        return self.start + rounds * self._round

    def position(self, step: int) -> int:
        """The position of one of this slot's steps, not yet wrapped."""
        turn, inside = divmod(step, self.batch)
        return self.start + (turn * self.slot.count + self.slot.number) * self.batch + inside

    def positions(self, low: int, high: int) -> Ints:
        """The positions of the steps from ``low`` to ``high``, as far as the pass goes."""
        if self.slot.count == 1:
            found = np.arange(self.start + low, self.start + high, dtype=np.int64)
        else:
            turns, inside = np.divmod(np.arange(low, high, dtype=np.int64), self.batch)
            found = self.start + (turns * self.slot.count + self.slot.number) * self.batch + inside
        end = self.end
        if end is not None:
            found = found[: np.searchsorted(found, end)]
            if self.even == "pad" and self.total:
                found %= self.total
        return found

    def steps(self) -> int | None:
        """How many steps there are; None when nobody knows."""
        end = self.end
        if end is None:
            return None
        rounds, rest = divmod(max(end - self.start, 0), self.slot.count * self.batch)
        return rounds * self.batch + min(max(rest - self.slot.number * self.batch, 0), self.batch)

    def batches(self) -> int | None:
        """How many batches that makes; None when nobody knows."""
        steps = self.steps()
        return None if steps is None else -(-steps // self.batch)

    def after(self, step: int) -> int:
        """The position from which a later pass goes on when every slot has done ``step`` steps.

        Exact for whole batches, and for one slot always.
        """
        if self.slot.count == 1:
            return self.start + step
        return self.start + step // self.batch * self.slot.count * self.batch
