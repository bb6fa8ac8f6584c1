"""Rows of bytes that are nearly the same: where they differ is found once, and the rest is looked at in one row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIGIT", "OCTAL", "Alike", "table"]

_LANES = np.uint64(0x00FF00FF00FF00FF)
_EIGHT = np.uint64(8)


def table(characters: bytes, *, but: bool = False) -> NDArray[np.bool_]:
    """For each byte whether it is one of ``characters``; with ``but`` whether it is none of them."""
    found = np.zeros(256, bool)
    found[list(characters)] = True
    return ~found if but else found


OCTAL = table(b"01234567")
DIGIT = table(b"0123456789")


class Alike:
    """Rows of equal length, a multiple of eight."""

    __slots__ = ("_words", "count", "first", "rows", "varies")

    def __init__(self, rows: NDArray[np.uint8]) -> None:
        self.rows = rows
        self.count = len(rows)
        self.first = rows[0].tobytes()
        self._words = rows.view(np.uint64)
        differs = self._words != self._words[0]
        #: Which words of eight bytes are not the same in all rows.
        self.varies: NDArray[np.bool_] = np.bitwise_or.reduce(differs.view(np.uint8), axis=0).view(bool)

    def columns(self, start: int, stop: int) -> list[int]:
        """The columns from ``start`` to ``stop`` in which rows may differ."""
        words = np.flatnonzero(self.varies[start >> 3 : (stop + 7) >> 3]) + (start >> 3)
        return [c for word in words.tolist() for c in range(max(start, word * 8), min(stop, word * 8 + 8))]

    def sums(self) -> NDArray[np.int64]:
        """The sum of all bytes of each row."""
        varying = self._words[:, np.flatnonzero(self.varies)]
        # Two bytes a lane: 64 words of at most 2 * 255 cannot overflow 16 bits.
        lanes = ((varying & _LANES) + ((varying >> _EIGHT) & _LANES)).sum(axis=1)
        totals: NDArray[np.int64] = lanes.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int64)
        totals += sum(self.first) - int(totals[0])
        return totals

    def are(self, good: NDArray[np.bool_], start: int, stop: int, allowed: NDArray[np.bool_]) -> None:
        """Take away from ``good`` the rows that have other than ``allowed`` bytes from ``start`` to ``stop``."""
        if not allowed[list(self.first[start:stop])].all():
            # what is wrong in the first row is wrong in all, or ends the run at once
            good[:] = False
            return
        for column in self.columns(start, stop):
            good &= allowed[self.rows[:, column]]

    def octal(self, start: int, stop: int) -> NDArray[np.int64]:
        """The octal numbers from ``start`` to ``stop``, of digits that were looked at."""
        varying = set(self.columns(start, stop))
        fixed = 0
        for column in range(start, stop):
            fixed = fixed * 8 + (0 if column in varying else self.first[column] - 48)
        value = np.full(self.count, fixed, np.int64)
        for column in varying:
            value += (self.rows[:, column] & np.uint8(7)).astype(np.int64) << 3 * (stop - 1 - column)
        return value
