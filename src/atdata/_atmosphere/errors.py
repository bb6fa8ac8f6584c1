"""What can go wrong on the AT Protocol's network.

AtmosphereError             ``status`` and ``code`` are the server's answer, where there was one
├── AtUriError              also ValueError: text that is no address of a record
├── NoClientError           also TypeError: something else was given where a client is needed
├── NotAuthenticatedError   also ValueError: the client is not logged in
├── AuthError               also PermissionError: a wrong password, an ended session, somebody else's repository
├── NotFoundError           also KeyError: no such record, blob or repository
├── ConflictError           also ValueError: the record or repository is not as it was expected to be
├── RateLimitError          also TimeoutError: too many requests; ``reset_at`` says when to go on
├── TooLargeError           also ValueError: more bytes than the server takes, or than were allowed to come
├── RefusedError            also ValueError: the server calls the request wrong
├── WrongRecordError        also ValueError: a record of another kind, or one that breaks its Lexicon
└── UnavailableError        also ConnectionError: no answer, or a server's failure, after every attempt
"""

from __future__ import annotations

from datetime import datetime

from atdata._errors import AtdataError

__all__ = [
    "AtUriError",
    "AtmosphereError",
    "AuthError",
    "ConflictError",
    "NoClientError",
    "NotAuthenticatedError",
    "NotFoundError",
    "RateLimitError",
    "RefusedError",
    "TooLargeError",
    "UnavailableError",
    "WrongRecordError",
]


class AtmosphereError(AtdataError):
    """Something failed on the network of the AT Protocol.

    ``status`` is the HTTP status of the answer and ``code`` the error's name in it (such as ``InvalidSwap``); both are
    empty when there was no answer.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        self.status = status
        self.code = code
        super().__init__(message)

    def __str__(self) -> str:  # KeyError would show the message as a quoted literal
        return Exception.__str__(self)

    def __reduce__(self) -> tuple[object, ...]:
        # The SDK's adapter makes subclasses, which no other process could import.
        plain = next(kind for kind in type(self).__mro__ if kind.__module__ == __name__)
        return _rebuild, (plain, str(self), dict(self.__dict__))


def _rebuild(kind: type[AtmosphereError], message: str, state: dict[str, object]) -> AtmosphereError:
    error = kind(message)
    error.__dict__.update(state)
    return error


class AtUriError(AtmosphereError, ValueError):
    """Text that is no address of a record, or of a blob."""


class NoClientError(AtmosphereError, TypeError):
    """Something that is no client was given where one is needed."""


class NotAuthenticatedError(AtmosphereError, ValueError):
    """What was asked for needs an account, and the client is not logged in."""


class AuthError(AtmosphereError, PermissionError):
    """The server does not let this account in, or not do this."""


class NotFoundError(AtmosphereError, KeyError):
    """There is no such record, blob or repository."""


class ConflictError(AtmosphereError, ValueError):
    """The record or repository changed meanwhile, or is there already."""


class RateLimitError(AtmosphereError, TimeoutError):
    """The server counts too many requests.

    ``reset_at`` says when it begins to count anew, where it said so, and ``wait`` how many seconds after its answer.
    """

    reset_at: datetime | None = None
    wait: float | None = None


class TooLargeError(AtmosphereError, ValueError):
    """A record or blob of more bytes than the server takes, or an answer of more than were allowed."""


class RefusedError(AtmosphereError, ValueError):
    """The server calls the request wrong."""


class WrongRecordError(AtmosphereError, ValueError):
    """A record of another kind than was asked for."""


class UnavailableError(AtmosphereError, ConnectionError):
    """The server did not answer, or failed, at every attempt."""
