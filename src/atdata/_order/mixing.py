"""Several orders dealt into one by weight, with any position computed on its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._order.permutation import Ints, Permutation, keys

__all__ = ["MixedOrder", "quotas"]

#: Positions in which every part has its exact share.
ROUND = 1024


def quotas(weights: Sequence[float]) -> list[int]:
    """How many of the positions of a round each part gets: at least one, all together the round.

    >>> quotas([3, 1])
    [768, 256]
    """
    if not weights or len(weights) > ROUND // 2:
        raise ValueError(f"between 1 and {ROUND // 2} parts can be mixed")
    values = np.asarray(weights, np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        wrong = next(w for w, v in zip(weights, values, strict=True) if not (np.isfinite(v) and v > 0))
        raise ValueError(f"weights are positive numbers, not {wrong}; leave out a dataset that is to give nothing")
    shares = values / values.sum() * ROUND
    found = np.maximum(np.floor(shares), 1).astype(np.int64)
    while (left := ROUND - int(found.sum())) != 0:
        gap = shares - found
        gap[(found <= 1) & (left < 0)] = np.inf
        found[int(np.argmax(gap) if left > 0 else np.argmin(gap))] += 1 if left > 0 else -1
    return [int(n) for n in found]


class MixedOrder:
    """Numbers of ``counts[0]`` samples of the first part, then of the next, and so on, dealt by ``weights``.

    A part that comes to its end begins again, in another order when ``shuffle`` is set.

    >>> order = MixedOrder([10, 10], [1, 1], seed=0, epoch=0, shuffle=False)
    >>> sorted(order(np.arange(1024))[:0].tolist()), order.length("first") in range(15, 26)
    ([], True)
    """

    def __init__(
        self, counts: Sequence[int], weights: Sequence[float], *, seed: int, epoch: int, shuffle: bool
    ) -> None:
        if any(count < 1 for count in counts):
            raise ValueError("a dataset without samples cannot be mixed")
        self._counts = list(counts)
        self._firsts = np.concatenate(([0], np.cumsum(counts)[:-1])).astype(np.int64)
        self._quotas = quotas(weights)
        self._seed, self._epoch, self._shuffle = seed, epoch, shuffle
        self._labels = np.repeat(np.arange(len(counts)), self._quotas)
        self._rounds: dict[int, tuple[Ints, Ints]] = {}
        self._permutations: dict[tuple[int, int], Permutation] = {}

    def length(self, stop: str) -> int:
        """Positions until the ``first`` part, or ``all`` of them, came to their ends."""
        ends = [self._end(part) for part in range(len(self._counts))]
        return min(ends) if stop == "first" else max(ends)

    def _end(self, part: int) -> int:
        full, rest = divmod(self._counts[part], self._quotas[part])
        if rest == 0:
            full, rest = full - 1, self._quotas[part]
        labels, _ = self._round(full)
        return full * ROUND + int(np.flatnonzero(labels == part)[rest - 1]) + 1

    def _round(self, number: int) -> tuple[Ints, Ints]:
        """Which part each position of a round gets, and how many of that part come before it in the round."""
        found = self._rounds.get(number)
        if found is None:
            phases = keys(len(self._quotas), self._seed, self._epoch, number, 13)
            # each part at equal distances from a beginning of chance, so that short stretches keep the shares
            places = [(np.arange(q) + phase / 2**64) / q for q, phase in zip(self._quotas, phases, strict=True)]
            labels = self._labels[np.argsort(np.concatenate(places), kind="stable")]
            before = np.empty(ROUND, np.int64)
            for part in range(len(self._counts)):
                these = np.flatnonzero(labels == part)
                before[these] = np.arange(len(these))
            if len(self._rounds) > 64:
                self._rounds.clear()
            found = self._rounds[number] = labels, before
        return found

    def __call__(self, positions: NDArray[Any]) -> Ints:
        made = np.empty(len(positions), np.int64)
        rounds, inside = np.divmod(positions.astype(np.int64), ROUND)
        for number in np.unique(rounds).tolist():
            these = np.flatnonzero(rounds == number)
            labels, before = self._round(number)
            places = inside[these]
            for part in np.unique(labels[places]).tolist():
                mine = these[labels[places] == part]
                drawn = number * self._quotas[part] + before[inside[mine]]
                made[mine] = self._firsts[part] + self._drawn(part, drawn)
        return made

    def _drawn(self, part: int, draws: Ints) -> Ints:
        passes, places = np.divmod(draws, self._counts[part])
        if not self._shuffle:
            return places
        found = np.empty(len(draws), np.int64)
        for number in np.unique(passes).tolist():
            these = passes == number
            key = part, number
            permutation = self._permutations.get(key)
            if permutation is None:
                permutation = Permutation(self._counts[part], self._seed, self._epoch, part, number, 17)
                self._permutations[key] = permutation
            found[these] = permutation(places[these])
        return found
