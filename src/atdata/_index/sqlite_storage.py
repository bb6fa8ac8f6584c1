"""An index in one SQLite file, for as many processes as like to use it; no server."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from atdata._errors import shown
from atdata._index.errors import IndexBusyError, IndexUnavailableError
from atdata._index.storage import Row, Transaction

__all__ = ["SqliteStorage"]

T = TypeVar("T")

_of_parents: list[object] = []
_MAKE = "create table if not exists rows (tab text, key blob, fields text, primary key (tab, key)) without rowid"


class SqliteStorage:
    """Rows in a SQLite file; ``:memory:`` for one that is gone with the process.

    ``synchronous`` is SQLite's setting: with ``NORMAL`` a change outlives every kill of the process, with ``FULL`` a
    loss of power too, at the cost of waiting for the disk.

    >>> storage = SqliteStorage(":memory:")
    >>> storage.transact(lambda change: change.put("colours", "red", {"hex": "f00"}))
    >>> storage.page("colours")
    [('red', {'hex': 'f00'})]
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0, synchronous: str = "NORMAL") -> None:
        if synchronous not in ("NORMAL", "FULL", "EXTRA"):
            raise ValueError(f"synchronous is NORMAL, FULL or EXTRA, not {shown(synchronous)}")
        self.path = os.fspath(path)
        self._options: dict[str, Any] = {"timeout": timeout, "synchronous": synchronous}
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    def __reduce__(self) -> Any:
        if self.path == ":memory:":
            raise TypeError("an index in memory cannot go to another process; give it a path")
        return _rebuild, (os.path.abspath(self.path), self._options)

    def get(self, table: str, keys: Sequence[str]) -> list[Row | None]:
        """The rows of ``keys``."""
        if len(keys) == 1 and self._pid == os.getpid():
            with self._lock:  # what is asked most goes the shortest way
                if self._connection is not None:
                    try:
                        return [_read(self._connection, table, keys[0])]
                    except sqlite3.DatabaseError as error:
                        raise self._failure(error) from error
        with self._open() as connection:
            return [_read(connection, table, key) for key in keys]

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """Keys and rows in order."""
        low, high = prefix.encode(), prefix.encode() + b"\xff"
        query = "select key, fields from rows where tab = ? and key >= ? and key > ? and key < ? order by key limit ?"
        with self._open() as connection:
            found = connection.execute(query, (table, low, after.encode(), high, limit)).fetchall()
        return [(bytes(key).decode("utf-8", "replace"), _row(fields)) for key, fields in found]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        with self._open() as connection:
            return int(connection.execute("select count(*) from rows where tab = ?", (table,)).fetchone()[0])

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` alone, whoever else writes."""
        with self._open() as connection:
            connection.execute("begin immediate")
            try:
                change = _SqliteTransaction(connection)
                result = work(change)
                every = [(table, key.encode(), row) for (table, key), row in change.changes.items()]
                gone = [(table, key) for table, key, row in every if row is None]
                there = [(table, key, _fields(row)) for table, key, row in every if row is not None]
                if gone:
                    connection.executemany("delete from rows where tab = ? and key = ?", gone)
                connection.executemany("insert or replace into rows values (?, ?, ?)", there)
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise
            return result

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    def __del__(self) -> None:
        try:  # noqa: SIM105  # while the interpreter ends, modules are gone
            self.close()
        except Exception:
            pass

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._pid not in (0, os.getpid()) and self.path != ":memory:":
            # A forked child: the lock may be held for ever, and the connection is the parent's to close.
            _of_parents.append(self._connection)
            self._lock, self._connection, self._pid = threading.RLock(), None, 0
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    self._pid = os.getpid()
                yield self._connection
            except sqlite3.DatabaseError as error:
                raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> Exception:
        """What SQLite said, as an error of ours."""
        if isinstance(error, sqlite3.OperationalError):
            if "locked" in str(error) or "busy" in str(error):
                return IndexBusyError(f"the index {shown(self.path, 200)} is locked by another process")
            return IndexUnavailableError(f"the index {shown(self.path, 200)} cannot be used: {error}")
        return IndexUnavailableError(f"the index {shown(self.path, 200)} cannot be read: {error}")

    def _connect(self) -> sqlite3.Connection:
        timeout = self._options["timeout"]
        connection = sqlite3.connect(self.path, timeout=timeout, isolation_level=None, check_same_thread=False)
        try:
            mode = _write_ahead(connection, timeout)
            # Without a write-ahead log (on some network drives) only FULL keeps the file whole.
            level = self._options["synchronous"] if mode in ("wal", "memory") else "FULL"
            connection.execute(f"pragma synchronous = {level}")
            connection.execute(_MAKE)
        except BaseException:
            connection.close()
            raise
        return connection


def _rebuild(path: str, options: dict[str, Any]) -> SqliteStorage:
    return SqliteStorage(path, **options)


def _write_ahead(connection: sqlite3.Connection, timeout: float) -> str:
    """Switch to a write-ahead log, which SQLite refuses at once, not in time, while others do the same."""
    end = time.monotonic() + timeout
    while True:
        try:
            (mode,) = connection.execute("pragma journal_mode").fetchone()
            if mode != "wal":
                (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
            return str(mode)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)


class _SqliteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def _read(self, table: str, key: str) -> Row | None:
        return _read(self._connection, table, key)


#: Stands between the words of a row that is stored as plain text, and before the first.
_MARK = "\x1f"
_ONE = "select fields from rows where tab = ? and key = ?"


def _read(connection: sqlite3.Connection, table: str, key: str) -> Row | None:
    found = connection.execute(_ONE, (table, key.encode())).fetchone()
    return None if found is None else _row(found[0])


def _fields(row: Row) -> str:
    """A row as text: its words with marks between them, or JSON for a row that needs more than that.

    Plain text is read several times faster, and holds a record's own JSON without a second layer of escapes.
    """
    if not row:
        return "{}"
    words = [word for field in row.items() for word in field]
    text = _MARK + _MARK.join(words)
    if text.count(_MARK) == len(words) and text.isascii() and "\0" not in text:
        return text
    return json.dumps(row)


def _row(fields: object) -> Row:
    if isinstance(fields, str) and fields.startswith(_MARK):
        words = fields.split(_MARK)
        return dict(zip(words[1::2], words[2::2]))  # noqa: B905  # what was cut off is damage, and found elsewhere
    try:
        found = json.loads(fields) if isinstance(fields, str | bytes) else {}
    except ValueError:
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
