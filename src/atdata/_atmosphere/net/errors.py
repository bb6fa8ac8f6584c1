"""What can go wrong with a server of the network.

AtmosphereError
└── UnavailableError            also ConnectionError
    └── FetchError              a server that did not give what was asked for
        ├── FetchTimeoutError   also TimeoutError: too slow
        ├── FetchTooLargeError  also TooLargeError: more bytes than may be taken
        └── XrpcError           also RefusedError: the server refused; ``code`` is the protocol's name of the reason
            └── NotThereError   also NotFoundError: no such repository, record or blob
"""

from __future__ import annotations

from atdata._atmosphere.errors import NotFoundError, RefusedError, TooLargeError, UnavailableError

__all__ = ["FetchError", "FetchTimeoutError", "FetchTooLargeError", "NotThereError", "XrpcError"]


class FetchError(UnavailableError):
    """A server did not give what was asked for. ``status`` is its answer, where there was one."""

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.status, self.code)


def _rebuild(kind: type[FetchError], message: str, status: int | None, code: str) -> FetchError:
    return kind(message, status=status, code=code)


class FetchTimeoutError(FetchError, TimeoutError):
    """A server was too slow."""


class FetchTooLargeError(FetchError, TooLargeError):
    """A server sent more than may be taken."""


class XrpcError(FetchError, RefusedError):
    """A server refused. ``code`` is the protocol's name of the reason, such as InvalidRequest."""


class NotThereError(XrpcError, NotFoundError):
    """There is no such repository, record or blob."""
