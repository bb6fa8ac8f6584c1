"""Storage in a dictionary, for tests that need an index and nothing that outlives them."""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from atdata._index.index import Index
from atdata._index.storage import Row, Transaction

__all__ = ["MemoryStorage", "memory_index"]

T = TypeVar("T")


def memory_index(**options: Any) -> Index:
    """An empty index that is gone with the object; options as for :class:`atdata.local.Index`.

    >>> memory_index().list_datasets()
    []
    """
    return Index(storage=MemoryStorage(), **options)


class MemoryStorage:
    """Rows in a dictionary, with the keys of each table in order.

    >>> storage = MemoryStorage()
    >>> storage.transact(lambda change: change.put("colours", "red", {"hex": "f00"}))
    >>> storage.get("colours", ["red", "blue"])
    [{'hex': 'f00'}, None]
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._rows: dict[str, dict[str, Row]] = {}
        self._keys: dict[str, list[str]] = {}

    def get(self, table: str, keys: Sequence[str]) -> list[Row | None]:
        """The rows of ``keys``."""
        with self._lock:
            found = self._rows.get(table, {})
            return [dict(found[key]) if key in found else None for key in keys]

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """Keys and rows in order."""
        with self._lock:
            keys = self._keys.get(table, [])
            start = max(bisect_left(keys, prefix), bisect_right(keys, after) if after else 0)
            found = keys[start : start + limit]
            return [(key, dict(self._rows[table][key])) for key in found if key.startswith(prefix)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._lock:
            return len(self._rows.get(table, {}))

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` alone."""
        with self._lock:
            change = _MemoryTransaction(self)
            result = work(change)
            for (table, key), row in change.changes.items():
                rows, keys = self._rows.setdefault(table, {}), self._keys.setdefault(table, [])
                if row is None:
                    if rows.pop(key, None) is not None:
                        del keys[bisect_left(keys, key)]
                    continue
                if key not in rows:
                    insort(keys, key)
                rows[key] = row
            return result

    def close(self) -> None:
        """Nothing."""


class _MemoryTransaction(Transaction):
    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__()
        self._storage = storage

    def _read(self, table: str, key: str) -> Row | None:
        return self._storage.get(table, [key])[0]
