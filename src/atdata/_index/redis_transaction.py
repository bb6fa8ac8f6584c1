"""One change of an index on Redis, and what the server answers to its questions."""

from __future__ import annotations

from typing import Any

from atdata._index._redis import (
    NONSENSE,
    OUTAGES,
    SPACE,
    ResponseError,
    WatchError,
    connect,
    is_other_kind,
    no_redis,
)
from atdata._index.storage import Row, Transaction, key_bytes

__all__ = ["KEEP_TOKENS", "RedisTransaction", "keys_of", "row_key", "row_of"]

#: Seconds for which the server knows that a change took effect.
KEEP_TOKENS = 120


def row_key(table: str, key: str) -> bytes:
    """Where a row stands on the server.

    >>> row_key("entry", "bafyrei...")
    b'{atdata}:entry:bafyrei...'
    """
    return key_bytes(f"{SPACE}:{table}:{key}")


class RedisTransaction(Transaction):
    def __init__(self, pipe: Any, token: str) -> None:
        super().__init__()
        self._pipe = pipe
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
        if self._watched:
            replies = self._ask(names, names) if names else []
        else:
            connect(self._pipe)
            try:
                replies = self._ask([self._token.encode(), *names], names)
            except OUTAGES:  # nothing was read yet: a connection may have died while nobody used it
                self._pipe.connection.disconnect()
                self._pipe.watching = False
                self._pipe.watch(self._token)  # waits for the server as long as the client is told to
                replies = self._ask([self._token.encode(), *names], names)
            self._watched = True
        for name, reply in zip(names, replies, strict=True):
            self._known[name] = {} if isinstance(reply, Exception) else row_of(reply) or None

    def _ask(self, watch: list[bytes], names: list[bytes]) -> list[Any]:
        """Watch and read rows in one question; a row that is no hash is an error among the replies."""
        commands = [("WATCH", *watch), *(("HGETALL", name) for name in names)]
        connection = self._pipe.connection
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            replies = [self._reply("WATCH"), *(self._reply("HGETALL") for _ in names)]
        except BaseException as error:  # replies still to come would be taken for those of the next one's questions
            connection.disconnect()
            self._pipe.watching = False
            if isinstance(error, NONSENSE) and not isinstance(error, (WatchError, ResponseError, *OUTAGES)):
                raise no_redis(error) from error
            raise
        for reply in replies:
            if isinstance(reply, Exception) and not is_other_kind(reply):
                raise reply
        return replies[1:]

    def _reply(self, command: str) -> Any:
        """One reply; an error of the server is returned, so that the others are read, too."""
        try:
            return self._pipe.parse_response(self._pipe.connection, command)
        except ResponseError as error:
            return error

    def confirm(self) -> None:
        """Raise ``WatchError`` unless all that was read was true at once."""
        if len(self._known) > 1:
            self._pipe.multi()
            self._pipe.exists(self._token)
            self._execute()

    def send(self) -> None:
        """Let the writes take effect."""
        if not self.changes:
            self.confirm()
            return
        self._fetch([])
        self._pipe.multi()
        there: dict[str, dict[bytes, int]] = {}
        gone: dict[str, list[bytes]] = {}
        names = {row_key(*key): row for key, row in self.changes.items()}
        old = [name for name in names if self._known.get(name, ...) is not None]
        if old:  # no field of a row that may be there is to stay
            self._pipe.delete(*old)
        for name, row in names.items():
            if row:
                self._pipe.hset(name, mapping=row)
        for (table, key), row in self.changes.items():
            if row is None:
                gone.setdefault(table, []).append(key_bytes(key))
            else:
                there.setdefault(table, {})[key_bytes(key)] = 0
        for table, keys in gone.items():
            self._pipe.zrem(f"{SPACE}:{table}", *keys)
        for table, scores in there.items():
            self._pipe.zadd(f"{SPACE}:{table}", scores)
        self._pipe.set(self._token, "done", ex=KEEP_TOKENS)
        self._execute()

    def _execute(self) -> None:
        try:
            self._pipe.execute()
        except (WatchError, ResponseError, *OUTAGES):
            raise
        except NONSENSE as error:
            raise no_redis(error) from error


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
    if not isinstance(reply, dict):
        raise no_redis("there is no row in an answer that should hold one")
    return {_text(name): _text(value) for name, value in reply.items()}
