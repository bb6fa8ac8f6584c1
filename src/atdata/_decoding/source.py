"""A buffer read at many places at once.

``take(positions, width)`` copies ``width`` bytes from each position in one call of numpy: a view of
overlapping items, one starting at every byte, is indexed with the positions. Out of the buffer is
``IndexError``, so nothing behind its end is ever read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ints", "Odd", "Source"]

Ints = NDArray[np.int64]


#: So many bytes may be read together with the last of an item.
_BEHIND = 64


class Odd(Exception):
    """Samples that are not all of one plain form. Says nothing about right or wrong."""


class Source:
    """One buffer, and its views by item width."""

    __slots__ = ("_views", "bytes", "memory", "size")

    def __init__(self, memory: memoryview | bytes) -> None:
        self.memory = memory if isinstance(memory, memoryview) else memoryview(memory)
        self.bytes: NDArray[np.uint8] = np.frombuffer(self.memory, np.uint8)
        self.size = len(self.bytes)
        self._views: dict[int, NDArray[Any]] = {}

    def take(self, positions: Ints, width: int) -> NDArray[np.void]:
        """``width`` bytes from each position, as items of a fresh array."""
        view = self._views.get(width)
        if view is None:
            count = max(self.size - width + 1, 0)
            view = self._views[width] = np.ndarray((count,), f"V{width}", self.bytes, 0, (1,))
        return view[positions]

    def gathered(self, starts: Ints, most: int) -> tuple[Source, Ints]:
        """A source of items of up to ``most`` bytes side by side, with a little behind each, and where they start."""
        width = most + _BEHIND
        if int(starts.max()) + width > self.size:
            return self, starts
        found = self.take(starts, width)
        return Source(found.view(np.uint8).data), np.arange(0, len(starts) * width, width)

    def same(self, positions: Ints, wanted: bytes) -> bool:
        """Whether ``wanted`` stands at every position."""
        return self.take(positions, len(wanted)).tobytes() == wanted * len(positions)

    def words(self, positions: Ints) -> NDArray[np.uint64]:
        """Eight bytes from each position, as big-endian numbers."""
        return self.take(positions, 8).view(">u8").astype(np.uint64)
