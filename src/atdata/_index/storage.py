"""The one narrow interface between an index and what keeps it: tables of rows in the order of their keys.

An index needs no more than this: rows by key, pages of rows in order, and changes that take effect once, together
and only while what they were decided on still holds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

__all__ = ["Row", "Storage", "Transaction", "key_bytes", "key_text", "number_in"]

Row = dict[str, str]
"""The fields of one row. An empty row is one that is only there to be found by its key."""

T = TypeVar("T")


def key_bytes(key: str) -> bytes:
    """A key as it is stored. Any text has one, so that what nobody can have stored is just not there.

    >>> key_bytes(key_text(b"a\\xff"))
    b'a\\xff'
    """
    try:
        return key.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return key.encode("utf-8", "surrogatepass")


def key_text(key: bytes) -> str:
    """A stored key as text. Bytes that are no UTF-8 stay apart from all others, and lead back to their row."""
    return key.decode("utf-8", "surrogateescape")


def number_in(row: Row | None, field: str) -> int:
    """The number in a field; 0 for what is none.

    >>> number_in({"version": "3"}, "version"), number_in({"version": "many"}, "version")
    (3, 0)
    """
    text = (row or {}).get(field, "0")
    return int(text) if len(text) <= 18 and text.isascii() and text.isdigit() else 0


class Transaction(ABC):
    """Reads that still hold when the writes take effect, and writes that take effect together or not at all."""

    def __init__(self) -> None:
        self.changes: dict[tuple[str, str], Row | None] = {}

    def get(self, table: str, key: str) -> Row | None:
        """The row as it will be when this takes effect; None when there is none."""
        if (table, key) in self.changes:
            return self.changes[table, key]
        return self._read(table, key)

    def expect(self, *rows: tuple[str, str]) -> None:  # noqa: B027  # to do nothing is right
        """Say which rows (table and key) will be asked for, so that they can be read together."""

    def put(self, table: str, key: str, row: Row | None = None) -> None:
        """Write a row, in the place of the one that was there."""
        self.changes[table, key] = dict(row or {})

    def delete(self, table: str, key: str) -> None:
        """Remove a row; fine if there is none."""
        self.changes[table, key] = None

    @abstractmethod
    def _read(self, table: str, key: str) -> Row | None:
        """The stored row, held to be unchanged until the end."""


@runtime_checkable
class Storage(Protocol):
    """Where an index keeps its rows. :class:`atdata.testing.StorageContract` says what must hold.

    A row that cannot be read comes back as an empty one, so that one damaged row never hides others.
    """

    def get(self, table: str, keys: Sequence[str]) -> list[Row | None]:
        """The rows of ``keys``, None for those that are not there."""
        ...

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """At most ``limit`` keys and rows in the order of the keys' UTF-8 bytes, behind ``after``."""
        ...

    def count(self, table: str) -> int:
        """How many rows a table has."""
        ...

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` and let its writes take effect, exactly once; it may run again when others came first."""
        ...

    def close(self) -> None:
        """Give up connections. The next use opens new ones."""
        ...
