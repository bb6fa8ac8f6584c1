"""What can be wrong with a shard, and what becomes of it.

ShardError                  also ValueError: names the shard, and the key where there is one
└── MalformedSampleError    also RuntimeError: the parts of one key are no sample
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from atdata._errors import AtdataError, shown
from atdata._warnings import warn

__all__ = ["Fault", "MalformedSampleError", "OnError", "ShardError", "ShardWarning", "handler", "shard_text"]


def shard_text(shard: str, limit: int = 240) -> str:
    """The name of a shard made fit for a message: printable, bounded, its end kept.

    >>> shard_text("data/x\\x07.tar")
    "'data/x\\\\x07.tar'"
    """
    if len(shard) > limit:
        shard = "..." + shard[-limit:]
    return ascii(shard)


class ShardError(AtdataError, ValueError):
    """A shard that cannot be read as it should. ``shard`` and ``key`` say where, when they are known."""

    def __init__(self, what: str, *, shard: str = "", key: str | None = None) -> None:
        self.shard = shard
        self.key = key
        where = f"shard {shard_text(shard)}"
        if key is not None:
            where += f", key {shown(key, 120)}"
        super().__init__(f"{where}: {what}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), dict(self.__dict__))


def _rebuild(kind: type[ShardError], message: str, state: dict[str, object]) -> ShardError:
    error = kind.__new__(kind, message)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class MalformedSampleError(ShardError, RuntimeError):
    """The members of one key do not make a sample."""

    def __init__(self, what: str, *, shard: str = "", key: str | None = None) -> None:
        super().__init__(f"Malformed sample: {what}", shard=shard, key=key)


class ShardWarning(UserWarning):
    """Something about a shard that was passed over: a sample skipped, a member that belongs to none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error found in a shard, and how many of the shard's samples stand before it."""

    before: int
    error: ShardError


OnError: TypeAlias = Literal["raise", "skip"] | Callable[[Exception], object]


def handler(on_error: OnError) -> Callable[[Exception], None]:
    """What to call with each error: it raises, or warns, or asks the caller's function, which may raise.

    >>> handler("raise")(ShardError("is empty", shard="a.tar"))
    Traceback (most recent call last):
    atdata._shards.errors.ShardError: shard 'a.tar': is empty
    """
    if on_error == "raise":
        return _raise
    if on_error == "skip":
        return _skip
    if callable(on_error):
        ask = on_error

        def call(error: Exception) -> None:
            ask(error)

        return call
    raise ValueError(f'on_error is "raise", "skip" or a function of the error, not {shown(on_error)}')


def _raise(error: Exception) -> None:
    raise error


def _skip(error: Exception) -> None:
    warn(f"skipped: {error}", ShardWarning)
