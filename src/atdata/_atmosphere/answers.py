"""What servers answer: parts of answers whatever made them, and refusals as errors that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from atdata._atmosphere.errors import (
    AtmosphereError,
    AuthError,
    ConflictError,
    NotFoundError,
    RateLimitError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)

__all__ = ["clean", "http_date", "part", "plain_object", "problem"]

_NOT_FOUND = frozenset({"BlobNotFound", "HandleNotFound", "RecordNotFound", "RepoNotFound"})
_NOT_FOUND_TEXTS = (
    "Blob not found",
    "Could not find blob",
    "Could not find repo",
    "Could not locate record",
    "Unable to resolve handle",
)
_AUTH = frozenset(
    {
        "AccountDeactivated",
        "AccountTakedown",
        "AuthFactorTokenRequired",
        "AuthMissing",
        "AuthenticationRequired",
        "ExpiredToken",
        "InvalidToken",
        "RepoDeactivated",
        "RepoSuspended",
        "RepoTakendown",
    }
)


def part(answer: Any, name: str, default: Any = None) -> Any:
    """One part of an answer, which may be JSON or an object of the SDK.

    >>> part({"mimeType": "text/plain"}, "mimeType"), part(object(), "cursor")
    ('text/plain', None)
    """
    if isinstance(answer, Mapping):
        return answer.get(name, default)
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return getattr(answer, snake, default)


def plain_object(value: Any) -> dict[str, Any] | None:
    """A record's value as a plain dictionary, whether it came as one or as a model of the SDK; None for others."""
    if isinstance(value, dict):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    for name, options in (("to_dict", {}), ("model_dump", {"by_alias": True, "exclude_none": True})):
        convert = getattr(value, name, None)
        if callable(convert):
            found = convert(**options)
            if isinstance(found, dict):
                return found
    return None


def clean(text: object, limit: int = 300) -> str:
    """What a server said, made fit for a message: printable ASCII, bounded."""
    plain = text if isinstance(text, str) else ""
    short = ascii(plain[: limit + 1])[1:-1]
    return short if len(short) <= limit else short[:limit] + "..."


def problem(
    what: str, status: int | None, code: object, message: object, headers: Mapping[str, str] | None = None
) -> AtmosphereError:
    """The error for a refusal. ``what`` says what was tried, as in ``reading at://...``; ``headers`` are lower case."""
    name, said = clean(code, 80), clean(message)
    kind, hint = _kind(status, name, said)
    details = ": ".join(part for part in (name, said) if part)
    where = f"{what}: the server answered {status}" + (f" ({details})" if details else "")
    error = kind(where + (f"; {hint}" if hint else ""), status=status, code=name)
    if isinstance(error, RateLimitError):
        _add_times(error, headers or {})
    return error


def _kind(status: int | None, code: str, message: str) -> tuple[type[AtmosphereError], str]:
    if status == 429 or code == "RateLimitExceeded":
        return RateLimitError, "wait until reset_at, or let the client wait longer with max_wait="
    if status == 413 or code == "PayloadTooLarge":
        return TooLargeError, "servers take records of about 100 kB and blobs of 5 to 50 MB: use smaller shards"
    if code in ("ExpiredToken", "InvalidToken"):
        return AuthError, "the session has ended: log in again"
    if code == "AuthFactorTokenRequired":
        return AuthError, "the account asks for a second factor: use an app password"
    if status in (401, 403) or code in _AUTH:
        return AuthError, ""
    if code in _NOT_FOUND or (status == 400 and message.startswith(_NOT_FOUND_TEXTS)) or status == 404:
        return NotFoundError, ""
    if status == 409 or code == "InvalidSwap":
        return ConflictError, "somebody changed it meanwhile: read it again, then decide"
    if status is not None and status >= 500:
        return UnavailableError, ""
    return RefusedError, ""


def _add_times(error: RateLimitError, headers: Mapping[str, str]) -> None:
    """When to go on, by the server's own clock where it tells the time."""
    now = http_date(headers.get("date", "")) or datetime.now(UTC)
    after = headers.get("retry-after", "")
    if after.isascii() and after.isdigit() and len(after) < 8:
        error.wait = float(after)
    elif (until := http_date(after)) is not None:
        error.wait = max(0.0, (until - now).total_seconds())
    reset = headers.get("ratelimit-reset", "")
    if reset.isascii() and reset.isdigit() and len(reset) < 12:
        error.reset_at = datetime.fromtimestamp(int(reset), UTC)
        if error.wait is None:
            error.wait = max(0.0, (error.reset_at - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """The moment that a header names; None for other text."""
    from email.utils import parsedate_to_datetime

    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found is None or found.tzinfo is not None else found.replace(tzinfo=UTC)
