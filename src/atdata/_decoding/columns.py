"""Columns whose bytes were checked and whose values are made when somebody asks."""

from __future__ import annotations

import itertools
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.source import Ints, Source

__all__ = ["Bytes", "Column", "Listed", "Lists", "Numbers", "Text", "WithNone", "hollow"]


#: So many numbers are kept as objects, each of which takes several times the number's room.
_KEPT = 1 << 14


class Column(Protocol):
    """Values of one field."""

    def part(self, start: int, stop: int) -> Any:
        """Some of them as a batch shows them."""
        ...

    def values(self, start: int, stop: int) -> list[Any]:
        """Some of them one by one, as samples hold them."""
        ...


class _Lists:
    """A column that is a list once it is made."""

    __slots__ = ("_list",)
    _list: list[Any] | None

    def _make(self) -> list[Any]:
        raise NotImplementedError

    def part(self, start: int, stop: int) -> list[Any]:
        made = self._list
        if made is None:
            made = self._list = self._make()
        return made[start:stop]

    values = part


class Listed(_Lists):
    """Values that are there."""

    __slots__ = ()

    def __init__(self, values: list[Any]) -> None:
        self._list = values


class Numbers(_Lists):
    """Integers, floats or booleans."""

    __slots__ = ("_numbers",)

    def __init__(self, numbers: NDArray[Any]) -> None:
        self._list = None
        self._numbers = numbers

    def _make(self) -> list[Any]:
        return self._numbers.tolist()  # type: ignore[no-any-return]

    def part(self, start: int, stop: int) -> list[Any]:
        if len(self._numbers) > _KEPT:
            return self._numbers[start:stop].tolist()  # type: ignore[no-any-return]
        return super().part(start, stop)

    values = part


class Text(_Lists):
    """Strings, decoded in one go with a zero behind each."""

    __slots__ = ("_ends", "_joined", "_source", "_starts")

    def __init__(self, joined: str, starts: Ints, ends: Ints, source: Source) -> None:
        self._list = None
        self._joined = joined
        self._starts, self._ends, self._source = starts, ends, source

    def _make(self) -> list[str]:
        found = self._joined.split("\0")
        found.pop()
        if len(found) != len(self._starts):  # zeros inside
            memory = self._source.memory
            spans = zip(self._starts.tolist(), self._ends.tolist(), strict=True)
            found = [str(memory[a:b], "utf-8") for a, b in spans]
        self._joined = ""
        return found


class Bytes(_Lists):
    """Bytes."""

    __slots__ = ("_ends", "_source", "_starts")

    def __init__(self, starts: Ints, ends: Ints, source: Source) -> None:
        self._list = None
        self._starts, self._ends, self._source = starts, ends, source

    def part(self, start: int, stop: int) -> list[Any]:
        # copied for each part, so that a long column of large values is never in memory at once
        memory = self._source.memory
        spans = zip(self._starts[start:stop].tolist(), self._ends[start:stop].tolist(), strict=True)
        return [bytes(memory[a:b]) for a, b in spans]

    values = part


class Lists:
    """Lists: those of row ``k`` are the values of ``column`` from ``bounds[k]`` to ``bounds[k + 1]``."""

    __slots__ = ("_bounds", "_column")

    def __init__(self, column: Column, bounds: Ints) -> None:
        self._column = column
        self._bounds = bounds

    def part(self, start: int, stop: int) -> list[list[Any]]:
        bounds = self._bounds[start : stop + 1]
        values = self._column.values(int(bounds[0]), int(bounds[-1]))
        cuts = (bounds - bounds[0]).tolist()
        return [values[a:b] for a, b in itertools.pairwise(cuts)]

    values = part


class WithNone:
    """A column in which some values are None: ``column`` holds the others."""

    __slots__ = ("_column", "_rank", "_there")

    def __init__(self, column: Column | None, there: NDArray[np.bool_]) -> None:
        self._column = column
        self._there = there
        self._rank = np.concatenate(([0], np.cumsum(there)))

    def part(self, start: int, stop: int) -> Any:
        first, last = int(self._rank[start]), int(self._rank[stop])
        if self._column is not None and last - first == stop - start:
            return self._column.part(first, last)
        return self.values(start, stop)

    def values(self, start: int, stop: int) -> list[Any]:
        if self._column is None:
            return [None] * (stop - start)
        found = iter(self._column.values(int(self._rank[start]), int(self._rank[stop])))
        return [next(found) if there else None for there in self._there[start:stop].tolist()]

    def hollow(self, start: int, stop: int) -> list[Any]:
        if self._column is None:
            return [None] * (stop - start)
        found = iter(hollow(self._column, int(self._rank[start]), int(self._rank[stop])))
        return [next(found) if there else None for there in self._there[start:stop].tolist()]


def hollow(column: Column, start: int, stop: int) -> list[Any]:
    """As ``values``, where arrays may be without their data: for those who ask for dtypes and shapes alone."""
    find: Any = getattr(column, "hollow", column.values)
    found: list[Any] = find(start, stop)
    return found
