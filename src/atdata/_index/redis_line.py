"""Questions to a Redis server that go together, over one connection and past the layers of a client.

What a client does for each command takes several times as long as what the server does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

from atdata._index._redis import (
    NONSENSE,
    OUTAGES,
    AuthenticationError,
    AuthorizationError,
    ResponseError,
    WatchError,
    is_other_kind,
    no_redis,
    take_connection,
)

__all__ = ["Command", "Line", "checked"]

Command: TypeAlias = Sequence[bytes | str]
"""The words of a command."""


class Line:
    """A connection of a client's pool, taken for the first question and given back by ``close``."""

    def __init__(self, client: Any) -> None:
        self._pool = client.connection_pool
        self._connection: Any = None
        self._watching = False

    def ask(self, commands: Sequence[Command], *, again: bool = False) -> list[Any]:
        """The replies, with errors of the server among them.

        ``again`` says that nothing hangs on this connection yet: if it broke, which may have been while nobody used
        it, the same is asked on a new one, and the server waited for as long as the client is told to.
        """
        if self._connection is None:
            self._connection = take_connection(self._pool)
        connection, data = self._connection, [_packed(commands)]

        def once() -> list[Any]:
            connection.send_packed_command(data)
            replies: list[Any] = []
            for _ in commands:
                try:
                    replies.append(connection.read_response())
                except ResponseError as error:  # the others are to be read, too
                    replies.append(error)
            return replies

        self._watching = self._watching or commands[0][0] == "WATCH"
        try:
            return once()
        except BaseException as error:  # replies still to come would be taken for those of the next questions
            self._break()
            if not again or not isinstance(error, OUTAGES) or isinstance(error, _REFUSALS):
                raise _plain(error) from error
        try:
            replies: list[Any] = connection.retry.call_with_retry(once, lambda error: connection.disconnect())
        except BaseException as error:
            self._break()
            raise _plain(error) from error
        self._watching = commands[0][0] == "WATCH"
        return replies

    def execute(self, commands: Sequence[Command]) -> None:
        """Let commands take effect together; :class:`WatchError` if what is watched changed."""
        *queued, done = self.ask([("MULTI",), *commands, ("EXEC",)])
        self._watching = False
        checked([*queued, done])
        if done is None:
            raise WatchError("others changed the same rows")
        if not isinstance(done, list) or len(done) != len(commands):
            raise no_redis("there are not as many results as changes")
        checked(done)

    def close(self) -> None:
        """Give the connection back, with nothing watched on it."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._watching:
                self._connection = connection
                self.ask([("UNWATCH",)])
        except OUTAGES:
            pass  # a connection that is gone watches nothing
        finally:
            self._connection, self._watching = None, False
            self._pool.release(connection)

    def _break(self) -> None:
        self._watching = False
        self._connection.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


_REFUSALS = (AuthenticationError, AuthorizationError)


def checked(replies: list[Any], *, rows: bool = False) -> list[Any]:
    """``replies`` themselves when no error is among them, but for those of ``rows`` that are none."""
    for reply in replies:
        if isinstance(reply, Exception) and not (rows and is_other_kind(reply)):
            raise reply
    return replies


def _plain(error: BaseException) -> BaseException:
    """The error itself, or what stands for an answer that redis-py could not take apart."""
    known = not isinstance(error, NONSENSE) or isinstance(error, (WatchError, ResponseError, *OUTAGES))
    return error if known else no_redis(error)


_SIZES = [b"$%d\r\n" % size for size in range(1024)]


def _packed(commands: Sequence[Command]) -> bytes:
    """Commands as they are sent."""
    parts: list[bytes] = []
    for words in commands:
        parts.append(b"*%d\r\n" % len(words))
        for word in words:
            data = word.encode() if isinstance(word, str) else word
            size = len(data)
            parts += (_SIZES[size] if size < 1024 else b"$%d\r\n" % size, data, b"\r\n")
    return b"".join(parts)
