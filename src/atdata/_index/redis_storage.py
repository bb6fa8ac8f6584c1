"""An index on a Redis server: plain commands only, and one hash slot, so that clusters and imitations will do.

A row is a hash; the keys of a table are a sorted set. Changes go by WATCH, MULTI and EXEC. When a reply is lost, nobody
knows whether EXEC happened. So every transaction watches and writes a key of its own: whoever must know writes that key
if it is absent, which tells whether EXEC came first, and keeps it from ever happening if it did not.
"""

from __future__ import annotations

import operator
import os
import random
import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar
from uuid import uuid4

from atdata._index._redis import (
    NONSENSE,
    OUTAGES,
    SPACE,
    AuthenticationError,
    AuthorizationError,
    MovedError,
    ResponseError,
    WatchError,
    no_redis,
    node_of,
    refusal,
)
from atdata._index.errors import IndexBusyError, IndexUnavailableError
from atdata._index.redis_line import Line, checked
from atdata._index.redis_transaction import KEEP_TOKENS, RedisTransaction, keys_of, row_key, row_of, table_key
from atdata._index.storage import Row, Transaction, key_bytes, key_text
from atdata_lexicon.errors import AtdataError

__all__ = ["RedisStorage", "row_key"]

T = TypeVar("T")


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
        names = [row_key(table, key) for key in keys]
        return self._try(lambda line: _rows(line, names))

    def page(self, table: str, *, prefix: str = "", after: str = "", limit: int = 500) -> list[tuple[str, Row]]:
        """Keys and rows in order."""
        start, last = key_bytes(prefix), key_bytes(after)
        low = b"(" + last if last >= start else b"[" + start
        asked = ("ZRANGEBYLEX", table_key(table), low, b"(" + start + b"\xff", "LIMIT", "0", str(limit))

        def read(line: Line) -> list[tuple[str, Row]]:
            keys = keys_of(checked(line.ask([asked], again=True))[0], last, limit)
            names = [table_key(table) + b":" + key for key in keys]
            return [(key_text(key), row or {}) for key, row in zip(keys, _rows(line, names), strict=True)]

        return self._try(read)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return operator.index(self._try(lambda line: checked(line.ask([("ZCARD", table_key(table))], again=True))[0]))

    def close(self) -> None:
        """Close the client if it is ``owned``; else it is the caller's."""
        if self._owned:
            self.client.close()

    def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work`` until its writes took effect."""
        end = time.monotonic() + self._patience
        attempt = 0
        while True:
            token = f"{SPACE}:done:{_unlike_all_others()}"
            outcome: list[T] = []  # what work gave, once the server was asked to let it take effect
            change: RedisTransaction | None = None
            try:
                with Line(node_of(self.client)) as line:
                    change = RedisTransaction(line, token)
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
                if outcome and not isinstance(error, WatchError) and self._happened(token, end):
                    return outcome[0]
                self._after_outage(error, end)
            except ResponseError as error:
                raise refusal(error) from error
            attempt += 1
            time.sleep(random.uniform(0, min(0.001 * 2 ** min(attempt, 7), max(0.0, end - time.monotonic()))))

    def _happened(self, token: str, end: float) -> bool:
        """Whether the transaction of ``token`` took effect; if not, it never will."""
        asked = ("SET", token, "never", "NX", "EX", str(KEEP_TOKENS))
        return self._try(lambda line: checked(line.ask([asked], again=True))[0], end) is None

    def _try(self, question: Callable[[Line], T], end: float | None = None) -> T:
        """The answer to a question that may be asked again."""
        end = time.monotonic() + self._patience if end is None else end
        while True:
            try:
                with Line(node_of(self.client)) as line:
                    found = question(line)
                self._reached = True
                return found
            except OUTAGES as error:
                self._after_outage(error, end)
                time.sleep(0.05)
            except ResponseError as error:
                raise refusal(error) from error
            except NONSENSE as error:
                if isinstance(error, AtdataError):
                    raise
                raise no_redis(error) from error

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


def _rows(line: Line, names: list[bytes]) -> list[Row | None]:
    """The rows that stand under ``names``; a row that is no hash is an empty one."""
    if not names:
        return []
    replies = checked(line.ask([("HGETALL", name) for name in names], again=True), rows=True)
    return [{} if isinstance(reply, Exception) else row_of(reply) or None for reply in replies]


_process = (0, "")
_numbers = count()


def _unlike_all_others() -> str:
    """A word that no other change uses, in any process."""
    global _process
    if _process[0] != os.getpid():
        _process = os.getpid(), uuid4().hex
    return f"{_process[1]}-{next(_numbers)}"
