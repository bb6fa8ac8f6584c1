"""An index on a Redis server: plain commands only, and one hash slot, so that clusters and imitations will do.

A row is a hash; the keys of a table are a sorted set. Changes go by WATCH, MULTI and EXEC. When a reply is lost, nobody
knows whether EXEC happened. So every transaction watches and writes a key of its own: whoever must know writes that key
if it is absent, which tells whether EXEC came first, and keeps it from ever happening if it did not.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import uuid4

from atdata._index._redis import (
    OUTAGES,
    SPACE,
    AuthenticationError,
    AuthorizationError,
    MovedError,
    ResponseError,
    WatchError,
    connect,
    is_other_kind,
    node_of,
    refusal,
)
from atdata._index.errors import IndexBusyError, IndexUnavailableError
from atdata._index.storage import Row, Transaction
from atdata_lexicon.errors import AtdataError

__all__ = ["RedisStorage", "row_key"]

T = TypeVar("T")

_KEEP_TOKENS = 120


def row_key(table: str, key: str) -> str:
    """Where a row stands on the server.

    >>> row_key("entry", "bafyrei...")
    '{atdata}:entry:bafyrei...'
    """
    return f"{SPACE}:{table}:{key}"


class RedisStorage:
    """Rows on a Redis server, through a client of the caller's (``redis.Redis``, ``RedisCluster`` or alike).

    ``patience`` is for how many seconds a change is tried again when others came first or the server went away.
    """

    def __init__(self, client: Any, *, patience: float = 30.0, owned: bool = False) -> None:
        self.client = client
        self._owned = owned
        self._patience = patience
        self._reached = False

    def get(self, table: str, keys: Sequence[str]) -> list[Row | None]:
        """The rows of ``keys``."""
        return self._rows(table, keys)

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """Keys and rows in order."""
        low = b"(" + after.encode() if after and after >= prefix else b"[" + prefix.encode()
        high = b"(" + prefix.encode() + b"\xff"
        found = self._try(lambda node: node.zrangebylex(f"{SPACE}:{table}", low, high, 0, limit))
        keys = [_text(key) for key in found]
        return [(key, row or {}) for key, row in zip(keys, self._rows(table, keys), strict=True)]

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self._try(lambda node: node.zcard(f"{SPACE}:{table}")))

    def close(self) -> None:
        """Close the client if it is ``owned``; else it is the caller's."""
        if self._owned:
            self.client.close()

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` until its writes took effect."""
        end = time.monotonic() + self._patience
        attempt = 0
        while True:
            token = f"{SPACE}:done:{uuid4().hex}"
            outcome: list[T] = []  # what work gave, once the server was asked to let it take effect
            change: _RedisTransaction | None = None
            try:
                with self._node().pipeline(transaction=True) as pipe:
                    change = _RedisTransaction(pipe, token)
                    try:
                        result = work(change)
                    except AtdataError:
                        change.confirm()  # rows read one after the other may have told of two moments
                        raise
                    outcome += [result] if change.changes else []
                    change.send()
                self._reached = True
                return result
            except (WatchError, *OUTAGES) as error:
                self._reached = self._reached or (change is not None and change.answered)
                if outcome and self._happened(token, end):
                    return outcome[0]
                self._after_outage(error, end)
            except ResponseError as error:
                raise refusal(error) from error
            attempt += 1
            time.sleep(random.uniform(0, min(0.001 * 2 ** min(attempt, 7), max(0.0, end - time.monotonic()))))

    def _happened(self, token: str, end: float) -> bool:
        """Whether the transaction of ``token`` took effect; if not, it never will."""
        return not self._try(lambda node: node.set(token, "never", nx=True, ex=_KEEP_TOKENS), end)

    def _rows(self, table: str, keys: Sequence[str]) -> list[Row | None]:
        def read(node: Any) -> list[Any]:
            if len(keys) == 1:
                try:
                    return [node.hgetall(row_key(table, keys[0]))]
                except ResponseError as error:
                    if not is_other_kind(error):
                        raise
                    return [error]
            with node.pipeline(transaction=False) as pipe:
                for key in keys:
                    pipe.hgetall(row_key(table, key))
                replies = list(pipe.execute(raise_on_error=False))
            for reply in replies:
                if isinstance(reply, Exception) and not is_other_kind(reply):
                    raise reply
            return replies

        if not keys:
            return []
        return [{} if isinstance(reply, Exception) else _row(reply) or None for reply in self._try(read)]

    def _try(self, call: Callable[[Any], Any], end: float | None = None) -> Any:
        end = time.monotonic() + self._patience if end is None else end
        while True:
            try:
                found = call(self._node())
                self._reached = True
                return found
            except OUTAGES as error:
                self._after_outage(error, end)
                time.sleep(0.05)
            except ResponseError as error:
                raise refusal(error) from error

    def _after_outage(self, error: Exception, end: float) -> None:
        """Raise when there is no use in trying again."""
        if isinstance(error, WatchError) and time.monotonic() > end:
            raise IndexBusyError("others change the same rows of the index all the time; try again later") from error
        if isinstance(error, WatchError):
            return
        if isinstance(error, AuthenticationError | AuthorizationError):
            raise refusal(error) from error
        if isinstance(error, MovedError) and not hasattr(self.client, "get_node_from_key"):
            raise IndexUnavailableError(
                "the Redis server of the index is one of a cluster; write redis+cluster://..., or give a RedisCluster"
            ) from error
        if not self._reached or time.monotonic() > end:
            # What never answered is not there; what did may come back.
            raise IndexUnavailableError(
                f"the Redis server of the index cannot be reached: {str(error).rstrip('.')}; start one "
                '(`atdata local up`), or keep the index in a file: Index(path="team.db")'
            ) from error
        if hasattr(self.client, "nodes_manager"):
            try:
                self.client.nodes_manager.initialize()
            except Exception as again:  # a cluster without a node that answers raises anything
                if time.monotonic() > end:
                    raise IndexUnavailableError(f"the Redis cluster cannot be reached: {again}") from again

    def _node(self) -> Any:
        """The client itself; of a cluster, a plain client of the one node that has our slot.

        A cluster's own transactions are sent again without WATCH when a connection breaks, which would lose updates.
        """
        return node_of(self.client)


class _RedisTransaction(Transaction):
    def __init__(self, pipe: Any, token: str) -> None:
        super().__init__()
        self._pipe = pipe
        self._token = token
        self._watched = False
        #: Rows as they are on the server, and are to stay until the end.
        self._known: dict[str, Row | None] = {}

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

    def _fetch(self, names: list[str]) -> None:
        if self._watched:
            replies = self._ask(names, names) if names else []
        else:
            connect(self._pipe)
            try:
                replies = self._ask([self._token, *names], names)
            except OUTAGES:  # nothing was read yet: a connection may have died while nobody used it
                self._pipe.connection.disconnect()
                self._pipe.watching = False
                self._pipe.watch(self._token)  # waits for the server as long as the client is told to
                replies = self._ask([self._token, *names], names)
            self._watched = True
        for name, reply in zip(names, replies, strict=True):
            self._known[name] = {} if isinstance(reply, Exception) else _row(reply) or None

    def _ask(self, watch: list[str], names: list[str]) -> list[Any]:
        """Watch and read rows in one question; a row that is no hash is an error among the replies."""
        commands = [("WATCH", *watch), *(("HGETALL", name) for name in names)]
        connection = self._pipe.connection
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            replies = [self._reply(command[0]) for command in commands]
        except BaseException:  # replies still to come would be taken for those of the next one's questions
            connection.disconnect()
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
            self._pipe.execute()

    def send(self) -> None:
        """Let the writes take effect."""
        if not self.changes:
            self.confirm()
            return
        self._fetch([])
        self._pipe.multi()
        there: dict[str, dict[str, int]] = {}
        gone: dict[str, list[str]] = {}
        names = {row_key(*key): row for key, row in self.changes.items()}
        old = [name for name in names if self._known.get(name, ...) is not None]
        if old:  # no field of a row that may be there is to stay
            self._pipe.delete(*old)
        for name, row in names.items():
            if row:
                self._pipe.hset(name, mapping=row)
        for (table, key), row in self.changes.items():
            if row is None:
                gone.setdefault(table, []).append(key)
            else:
                there.setdefault(table, {})[key] = 0
        for table, keys in gone.items():
            self._pipe.zrem(f"{SPACE}:{table}", *keys)
        for table, scores in there.items():
            self._pipe.zadd(f"{SPACE}:{table}", scores)
        self._pipe.set(self._token, "done", ex=_KEEP_TOKENS)
        self._pipe.execute()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _row(reply: Any) -> Row:
    return {_text(name): _text(value) for name, value in reply.items()} if isinstance(reply, dict) else {}
