"""An index in one SQLite file, for as many processes as like to use it; no server."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from atdata._errors import shown
from atdata._index.errors import IndexBusyError, IndexRefusedError, IndexUnavailableError, IndexUsageError
from atdata._index.storage import Row, Transaction, key_bytes, key_text

__all__ = ["SqliteStorage"]

T = TypeVar("T")

_of_parents: list[object] = []
_TABLE = "create table rows (tab text, key blob, fields text, primary key (tab, key)) without rowid"
_MAKE = _TABLE.replace("table", "table if not exists", 1)
_SCHEMA = "select type, name, sql from sqlite_master where 'rows' in (lower(name), lower(tbl_name))"
#: Bytes of a row that are read at most, and of the rows of a page.
_LONGEST_ROW = 1 << 26
_LARGEST_PAGE = 1 << 26


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
                        return [_read(self._connection, table, key_bytes(keys[0]))]
                    except sqlite3.DatabaseError as error:
                        raise self._failure(error) from error
        return self._ask(lambda connection: [_read(connection, table, key_bytes(key)) for key in keys])

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """Keys and rows in order."""
        start, last = key_bytes(prefix), key_bytes(after)
        # One lower limit: of two, SQLite would begin at the first one and pass over all rows up to the second.
        given = (table, last if last > start else start, start + b"\xff", limit)
        return self._ask(lambda connection: _page(connection, _BEHIND if last >= start else _FROM, given))

    def count(self, table: str) -> int:
        """How many rows a table has."""
        query = "select count(*) from rows where tab = ?"
        return int(self._ask(lambda connection: connection.execute(query, (table,)).fetchone()[0]))

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` alone, whoever else writes."""
        return self._ask(lambda connection: _alone(connection, work))

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

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer of the file, which is opened on first use and by every process for itself."""
        if self._pid != os.getpid() and self._pid and self.path != ":memory:":
            # A forked child: the lock may be held for ever, and the connection is the parent's to close.
            _of_parents.append(self._connection)
            self._lock, self._connection, self._pid = threading.RLock(), None, 0
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    self._pid = os.getpid()
                return question(self._connection)
            except sqlite3.DatabaseError as error:
                raise self._failure(error) from error

    def _failure(self, error: sqlite3.DatabaseError) -> Exception:
        """What SQLite said, as an error of ours."""
        if isinstance(error, sqlite3.OperationalError):
            if "locked" in str(error) or "busy" in str(error):
                return IndexBusyError(f"the index {shown(self.path, 200)} is locked by another process")
            if "readonly" in str(error):
                return IndexUnavailableError(
                    f"the index {shown(self.path, 200)} cannot be written here, and SQLite makes files beside it even "
                    "to read: correct the owner or mode of the file and its folder, or copy it to one of your own"
                )
            return IndexUnavailableError(f"the index {shown(self.path, 200)} cannot be used: {_said(error)}")
        if _is_of_a_row(error):
            most = f"{_LONGEST_ROW >> 20} MiB"
            return IndexRefusedError(f"the index {shown(self.path, 200)} takes rows of at most {most}")
        return IndexUnavailableError(f"the index {shown(self.path, 200)} cannot be read: {_said(error)}")

    def _connect(self) -> sqlite3.Connection:
        timeout = self._options["timeout"]
        if "\0" in self.path:
            raise IndexUsageError(f"{shown(self.path, 200)} is no path")
        connection = sqlite3.connect(self.path, timeout=timeout, isolation_level=None, check_same_thread=False)
        try:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_ROW)
            mode = _write_ahead(connection, self.path, timeout)
            # Without a write-ahead log (on some network drives) only FULL keeps the file whole.
            level = self._options["synchronous"] if mode in ("wal", "memory") else "FULL"
            connection.execute(f"pragma synchronous = {level}")
            connection.execute(_MAKE)
        except BaseException:
            connection.close()
            raise
        return connection


def _check_schema(connection: sqlite3.Connection, path: str) -> None:
    """Refuse, before anything is changed, a file that is somebody else's, or in which SQL of somebody else would run.

    A trigger runs at each change, a view and a computed column at each question.
    """
    connection.execute("pragma trusted_schema = off")
    table = None
    for kind, name, sql in connection.execute(_SCHEMA):
        if kind != "table" or _plain(sql) != _plain(_TABLE):
            raise IndexUnavailableError(f"{shown(path, 200)} is no index: {shown(kind)} {shown(name)} is not of atdata")
        table = name
    if table is None and connection.execute("select 1 from sqlite_master limit 1").fetchone():
        raise IndexUnavailableError(f"{shown(path, 200)} is a database, but no index; name another file")


def _plain(sql: object) -> str:
    return "".join(str(sql).casefold().replace('"', "").split()).replace("ifnotexists", "")


def _said(error: Exception) -> str:
    return shown(str(error), 200)[1:-1]


def _rebuild(path: str, options: dict[str, Any]) -> SqliteStorage:
    return SqliteStorage(path, **options)


def _write_ahead(connection: sqlite3.Connection, path: str, timeout: float) -> str:
    """Switch to a write-ahead log, which SQLite refuses at once, not in time, while others do the same."""
    end = time.monotonic() + timeout
    while True:
        try:
            _check_schema(connection, path)
            (mode,) = connection.execute("pragma journal_mode").fetchone()
            if mode != "wal":
                (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
            return str(mode)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _alone(connection: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
    """Run ``work`` while nobody else writes, and write what it wants."""
    connection.execute("begin immediate")
    try:
        change = _SqliteTransaction(connection)
        result = work(change)
        every = [(table, key_bytes(key), row) for (table, key), row in change.changes.items()]
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


class _SqliteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__()
        self._connection = connection

    def _read(self, table: str, key: str) -> Row | None:
        return _read(self._connection, table, key_bytes(key))


#: Stands between the words of a row that is stored as plain text, and before the first.
_MARK = "\x1f"
_ONE = "select fields from rows where tab = ? and key = ?"
#: Rows with keys of another kind were not written by us, and lead nowhere.
_PAGE = "select key, {} from rows where tab = ? and key {} ? and key < ? and typeof(key) = 'blob' order by key limit ?"
#: Keys and rows, and the same keys only, from a key on and behind one.
_FROM, _BEHIND = ([_PAGE.format(what, limit) for what in ("fields", "null")] for limit in (">=", ">"))


def _page(connection: sqlite3.Connection, queries: list[str], given: tuple[object, ...]) -> list[tuple[str, Row]]:
    rows, only_keys = queries
    try:
        return _bounded(connection.execute(rows, given))
    except sqlite3.DatabaseError as error:
        if not _is_of_a_row(error):
            raise
        keys = connection.execute(only_keys, given).fetchall()  # then each row by itself
        return _bounded((key, _fields_of(connection, str(given[0]), key)[0]) for key, _ in keys)


def _read(connection: sqlite3.Connection, table: str, key: bytes) -> Row | None:
    found = _fields_of(connection, table, key)
    return _row(found[0]) if found else None


def _fields_of(connection: sqlite3.Connection, table: str, key: bytes) -> Sequence[object]:
    """What is stored as the fields of a row, one thing or nothing."""
    try:
        return connection.execute(_ONE, (table, key)).fetchone() or ()
    except sqlite3.DatabaseError as error:
        if not _is_of_a_row(error):
            raise
        return (None,)


def _is_of_a_row(error: sqlite3.DatabaseError) -> bool:
    """Whether one row is to blame: it is no text, or too long."""
    return "decode to UTF-8" in str(error) or "too big" in str(error)


def _bounded(rows: Iterable[tuple[bytes, Any]]) -> list[tuple[str, Row]]:
    """The rows of a page; fewer of them than were asked for when they are large."""
    found: list[tuple[str, Row]] = []
    size = 0
    for key, fields in rows:
        found.append((key_text(key), _row(fields)))
        size += len(fields) if isinstance(fields, str) else 0
        if size > _LARGEST_PAGE:
            break
    return found


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
        if len(words) == 7:  # those of a name
            return {words[1]: words[2], words[3]: words[4], words[5]: words[6]}
        pairs = iter(words[1:])
        return dict(zip(pairs, pairs))  # noqa: B905  # what was cut off is damage, and found elsewhere
    try:
        found = json.loads(fields) if isinstance(fields, str | bytes) else {}
    except (ValueError, RecursionError):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}
