"""Which keys a shard has had: sorted ones, as nearly all shards have, cost one comparison each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Keys"]


class Keys:
    """Names seen so far. While they come in order only the last is kept in view; else a set of all is built."""

    __slots__ = ("_last", "_parts", "_seen", "_single")

    def __init__(self) -> None:
        self._last = b""
        self._parts: list[NDArray[Any]] = []
        self._single: list[bytes] = []
        self._seen: set[bytes] | None = None

    def add(self, name: bytes) -> bool:
        """Note ``name``; whether it is new."""
        if self._seen is None:
            if name > self._last:
                self._last = name
                self._single.append(name)
                return True
            self._seen = self._all()
        if name in self._seen:
            return False
        self._seen.add(name)
        return True

    def add_many(self, names: NDArray[np.bytes_]) -> int:
        """Note ``names`` up to the first that is not new, or that the next one repeats; how many those are."""
        if self._seen is None:
            if bytes(names[0]) > self._last and (names[1:] > names[:-1]).all():
                self._last = bytes(names[-1])
                self._parts.append(names)
                return len(names)
            self._seen = self._all()
        listed: list[bytes] = names.tolist()
        fresh = set(listed)
        if len(fresh) < len(listed) or not fresh.isdisjoint(self._seen):
            listed = self._until_repeated(listed)
            fresh = set(listed)
        self._seen |= fresh
        return len(listed)

    def _until_repeated(self, listed: list[bytes]) -> list[bytes]:
        seen = self._seen or set()
        fresh: set[bytes] = set()
        for i, name in enumerate(listed):
            if name in fresh or name in seen:
                # the one before may be its twin, and must be looked at together with it
                return listed[: i - 1] if i and listed[i - 1] == name else listed[:i]
            fresh.add(name)
        return listed

    def _all(self) -> set[bytes]:
        seen = set(self._single)
        for part in self._parts:
            seen.update(part.tolist())
        self._parts, self._single = [], []
        return seen
