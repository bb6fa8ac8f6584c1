"""Orders: which sample stands at which position of a pass."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from atdata._order.permutation import Ints, Permutation, keys

__all__ = ["GlobalShuffle", "Order", "Sequential", "WindowShuffle", "shard_order", "window_bounds"]

_FIRST_WINDOW = 256


class Order(Protocol):
    """Gives the numbers of the samples at positions of a pass."""

    def __call__(self, positions: NDArray[Any]) -> Ints: ...


class Sequential:
    """Every sample at its own number.

    >>> Sequential()(np.array([2, 0])).tolist()
    [2, 0]
    """

    def __call__(self, positions: NDArray[Any]) -> Ints:
        return positions.astype(np.int64, copy=False)


class GlobalShuffle:
    """All samples in one permutation, another one for each seed and epoch."""

    def __init__(self, count: int, seed: int, epoch: int) -> None:
        self._permutation = Permutation(count, seed, epoch)

    def __call__(self, positions: NDArray[Any]) -> Ints:
        return self._permutation(positions)


class WindowShuffle:
    """Shards in an order of chance, one after the other; their samples are permuted window by window.

    What a stream can do with a buffer of one window. The first windows are small, so that the first
    samples come soon; each is twice as large as the one before, up to ``window``.
    """

    def __init__(self, counts: NDArray[Any], seed: int, epoch: int, shards: int, window: int) -> None:
        chosen = np.array(shard_order(len(counts), seed, epoch, shards), np.int64)
        first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self._starts = first[chosen]
        self._ends = np.cumsum(np.asarray(counts, np.int64)[chosen])
        self._count = int(first[-1])
        self._seed, self._epoch, self._window = seed, epoch, window

    def __call__(self, positions: NDArray[Any]) -> Ints:
        inside = positions.astype(np.int64)
        done = 0
        order = np.argsort(inside, kind="stable")
        while done < len(order):
            number, low, high = window_bounds(int(inside[order[done]]), self._window)
            high = min(high, self._count)
            until = int(np.searchsorted(positions[order], high, "left"))
            these = order[done:until]
            inside[these] = low + window_permutation(high - low, self._seed, self._epoch, number)(
                positions[these] - low
            )
            done = until
        shard = np.searchsorted(self._ends, inside, "right")
        behind = np.concatenate(([0], self._ends[:-1]))
        return self._starts[shard] + inside - behind[shard]


def window_permutation(count: int, seed: int, epoch: int, number: int) -> Permutation:
    """How the samples of a window change places."""
    return Permutation(count, seed, epoch, number, 7)


def window_bounds(position: int, window: int) -> tuple[int, int, int]:
    """Number, first and last-but-one position of the window that ``position`` is in.

    >>> [window_bounds(p, 1000) for p in (0, 255, 256, 1500)]
    [(0, 0, 256), (0, 0, 256), (1, 256, 768), (2, 768, 1768)]
    """
    starts = [0]
    size = min(_FIRST_WINDOW, window)
    while size < window:
        starts.append(starts[-1] + size)
        size *= 2
    if position < starts[-1]:
        number = bisect_right(starts, position) - 1
        return number, starts[number], starts[number + 1]
    more, low = divmod(position - starts[-1], window)
    return len(starts) - 1 + more, position - low, position - low + window


def shard_order(count: int, seed: int, epoch: int, window: int) -> list[int]:
    """The order of shards: each place takes one of the next ``window`` that are left.

    >>> shard_order(4, 0, 0, 1)
    [0, 1, 2, 3]
    """
    order = list(range(count))
    for i, key in enumerate(keys(count, seed, epoch, 11)):
        other = i + key % min(max(window, 1), count - i)
        order[i], order[other] = order[other], order[i]
    return order
