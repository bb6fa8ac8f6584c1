"""What can go wrong with a server of the network.

AtdataError
└── FetchError              also ConnectionError: a server that did not give what was asked for; ``status`` says more
    ├── FetchTimeoutError   also TimeoutError: too slow
    ├── TooLargeError       also ValueError: more bytes than may be taken
    └── XrpcError           also ValueError: the server refused; ``name`` is the protocol's name of the reason
        └── NotThereError   also KeyError: no such repository, record or blob
"""

from __future__ import annotations

from atdata._errors import AtdataError

__all__ = ["FetchError", "FetchTimeoutError", "NotThereError", "TooLargeError", "XrpcError"]


class FetchError(AtdataError, ConnectionError):
    """A server did not give what was asked for. ``status`` is its answer, where there was one."""

    def __init__(self, message: str, *, status: int | None = None, name: str = "") -> None:
        self.status = status
        self.name = name
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.status, self.name)

    def __str__(self) -> str:  # KeyError, below, would show the message as a quoted literal
        return Exception.__str__(self)


def _rebuild(kind: type[FetchError], message: str, status: int | None, name: str) -> FetchError:
    return kind(message, status=status, name=name)


class FetchTimeoutError(FetchError, TimeoutError):
    """A server was too slow."""


class TooLargeError(FetchError, ValueError):
    """A server sent more than may be taken."""


class XrpcError(FetchError, ValueError):
    """A server refused. ``name`` is the protocol's name of the reason, such as InvalidRequest."""


class NotThereError(XrpcError, KeyError):
    """There is no such repository, record or blob."""
