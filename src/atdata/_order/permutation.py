"""Permutations that cost nothing to have: any part of one is computed when it is asked for.

They depend on their numbers alone, not on a random number generator of some version, so that an order
that was noted down is the same order years later.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Permutation", "keys"]

Ints = NDArray[np.int64]

_SMALL = 1 << 12
_ROUNDS = 5


def keys(count: int, *numbers: int) -> list[int]:
    """``count`` 64-bit numbers that ``numbers`` determine, and that look like chance.

    >>> keys(2, 1, 2) == keys(2, 1, 2) != keys(2, 2, 1)
    True
    """
    made: list[int] = []
    text = ",".join(map(str, numbers))
    while len(made) < count:
        raw = sha256(f"{text};{len(made)}".encode()).digest()
        made += [int.from_bytes(raw[i : i + 8], "little") for i in range(0, 32, 8)]
    return made[:count]


class Permutation:
    """A permutation of ``range(count)``: called with positions it gives what stands there.

    Small ones are sorted out at once. Large ones are a chain of steps each of which can be undone (so no
    two positions meet) on the next power of two; what falls outside is sent through again.

    >>> order = Permutation(5, 1, 0)
    >>> sorted(order(np.arange(5)).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, count: int, *numbers: int) -> None:
        self._count = count
        self._table: Ints | None = None
        chosen = keys(2 * _ROUNDS, count, *numbers)
        if count <= _SMALL:
            self._table = np.argsort(_mixed(np.arange(count, dtype=np.uint64), chosen), kind="stable").astype(np.int64)
            return
        bits = (count - 1).bit_length()
        self._mask = np.uint64((1 << bits) - 1)
        self._shift = np.uint64((bits + 1) // 2)
        self._factors = [np.uint64(key & int(self._mask) | 1) for key in chosen[:_ROUNDS]]
        self._terms = [np.uint64(key & int(self._mask)) for key in chosen[_ROUNDS:]]

    def __len__(self) -> int:
        return self._count

    def __call__(self, positions: NDArray[Any]) -> Ints:
        """What stands at ``positions``, each of which is below the count."""
        if self._table is not None:
            found: Ints = self._table[positions]
            return found
        values = self._step(positions.astype(np.uint64))
        outside = np.flatnonzero(values >= self._count)
        while len(outside):
            again = self._step(values[outside])
            values[outside] = again
            outside = outside[again >= self._count]
        return values.astype(np.int64)

    def _step(self, values: NDArray[np.uint64]) -> NDArray[np.uint64]:
        mask, shift = self._mask, self._shift
        for factor, term in zip(self._factors, self._terms, strict=True):
            values = (values * factor + term) & mask
            values ^= values >> shift
        return values


def _mixed(values: NDArray[np.uint64], chosen: list[int]) -> NDArray[np.uint64]:
    """A hash of each value (the finalizer of splitmix64)."""
    values = values + np.uint64(chosen[0])
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ np.uint64(chosen[1])) * np.uint64(0x94D049BB133111EB)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0xBF58476D1CE4E5B9)
    return values ^ (values >> np.uint64(31))
