"""One change of an index on Redis, and what the server answers to its questions."""

from __future__ import annotations

from typing import Any

from atdata._index._redis import SPACE, no_redis
from atdata._index.redis_line import Command, Line, checked
from atdata._index.storage import Row, Transaction, key_bytes

__all__ = ["KEEP_TOKENS", "RedisTransaction", "keys_of", "row_key", "row_of", "table_key"]

#: Seconds for which the server knows that a change took effect.
KEEP_TOKENS = 120


def row_key(table: str, key: str) -> bytes:
    """Where a row stands on the server.

    >>> row_key("entry", "bafyrei...")
    b'{atdata}:entry:bafyrei...'
    """
    return key_bytes(f"{SPACE}:{table}:{key}")


def table_key(table: str) -> bytes:
    """Where the keys of a table stand on the server.

    >>> table_key("entry")
    b'{atdata}:entry'
    """
    return f"{SPACE}:{table}".encode()


class RedisTransaction(Transaction):
    def __init__(self, line: Line, token: str) -> None:
        super().__init__()
        self._line = line
        self._token = token
        self._watched = False
        #: Rows as they are on the server, and are to stay until the end.
        self._known: dict[bytes, Row | None] = {}

    @property
    def answered(self) -> bool:
        """Whether the server answered any question of this one."""
        return self._watched

    def expect(self, *rows: tuple[str, str]) -> None:
        """Watch and read rows in one question."""
        names = [row_key(*row) for row in rows if row not in self.changes]
        self._fetch([name for name in dict.fromkeys(names) if name not in self._known])

    def _read(self, table: str, key: str) -> Row | None:
        name = row_key(table, key)
        if name not in self._known:
            self._fetch([name])
        found = self._known[name]
        return None if found is None else dict(found)

    def _fetch(self, names: list[bytes]) -> None:
        """Watch and read rows in one question; a row that is no hash is an empty one."""
        if self._watched and not names:
            return
        watch = names if self._watched else [self._token.encode(), *names]
        asked: list[Command] = [("WATCH", *watch), *(("HGETALL", name) for name in names)]
        replies = checked(self._line.ask(asked, again=not self._watched), rows=True)
        self._watched = True
        for name, reply in zip(names, replies[1:], strict=True):
            self._known[name] = row_of(reply) or None if not isinstance(reply, Exception) else {}

    def confirm(self) -> None:
        """Raise ``WatchError`` unless all that was read was true at once."""
        if len(self._known) > 1:
            self._line.execute([("EXISTS", self._token)])

    def send(self) -> None:
        """Let the writes take effect."""
        if not self.changes:
            self.confirm()
            return
        self._fetch([])
        there: dict[str, list[bytes | str]] = {}
        gone: dict[str, list[bytes | str]] = {}
        old: list[bytes] = []
        rows: list[Command] = []
        for (table, key), row in self.changes.items():
            name = row_key(table, key)
            if self._known.get(name, ...) is not None:  # no field of a row that may be there is to stay
                old.append(name)
            if row is None:
                gone.setdefault(table, []).append(key_bytes(key))
                continue
            there.setdefault(table, []).extend(("0", key_bytes(key)))
            if row:
                rows.append(("HSET", name, *(word for field in row.items() for word in field)))
        commands = [("DEL", *old), *rows] if old else rows
        commands += [("ZREM", table_key(table), *keys) for table, keys in gone.items()]
        commands += [("ZADD", table_key(table), *scored) for table, scored in there.items()]
        self._line.execute([*commands, ("SET", self._token, "done", "EX", str(KEEP_TOKENS))])


def keys_of(reply: Any, after: bytes, limit: int) -> list[bytes]:
    """The keys in a reply, which must lead on: else whoever goes through a table never comes to an end."""
    keys = [key_bytes(key) if isinstance(key, str) else key for key in reply]
    if len(keys) > limit or not {bytes}.issuperset(map(type, keys)):
        raise ValueError("other keys than were asked for")
    if any(one <= before for before, one in zip([after, *keys], keys, strict=False)):
        raise ValueError("the keys of a table are in no order; each has the score 0 in its sorted set")
    return keys


def _text(value: Any) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def row_of(reply: Any) -> Row:
    """The row in the answer to HGETALL, which older protocols give as a list of names and values in turn."""
    if isinstance(reply, list) and len(reply) % 2 == 0:
        words = iter(map(_text, reply))
        return dict(zip(words, words, strict=True))
    if not isinstance(reply, dict):
        raise no_redis("there is no row in an answer that should hold one")
    return {_text(name): _text(value) for name, value in reply.items()}
