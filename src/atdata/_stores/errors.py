"""What can go wrong when shards are stored.

StoreError                     also OSError: names the place; ``leftovers`` are URLs that no entry should refer to
├── StoreAccessError           also PermissionError: no credentials, or not the right ones
├── StoreMissingError          also FileNotFoundError: no such bucket, folder or object
├── StoreUnavailableError      also ConnectionError: the server failed again and again, or did not answer
├── NothingStoredError         also RuntimeError: a dataset without shards or samples
└── DamageError                also ValueError: stored data are not what was written
"""

from __future__ import annotations

from collections.abc import Iterable

from atdata._errors import AtdataError

__all__ = [
    "DamageError",
    "NothingStoredError",
    "StoreAccessError",
    "StoreError",
    "StoreMissingError",
    "StoreUnavailableError",
    "place",
]


def place(url: str, limit: int = 240) -> str:
    """A URL made fit for a message: printable, bounded, its end kept, and nothing that was signed.

    >>> place("s3://data/a\\x07.tar")
    "'s3://data/a\\\\x07.tar'"
    """
    url = url.partition("?")[0]
    return ascii(url if len(url) <= limit else "..." + url[-limit:])


class StoreError(AtdataError, OSError):
    """Shards that could not be stored, listed or removed.

    ``url`` is where it happened, ``status`` what the server answered, and ``leftovers`` lists what was stored
    before the failure: nothing refers to it, and ``store.gc()`` removes it.
    """

    def __init__(
        self, message: str, *, url: str = "", status: int | None = None, leftovers: Iterable[str] = ()
    ) -> None:
        self.url = url
        self.status = status
        self.leftovers = list(leftovers)
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.url, self.status, self.leftovers)


def _rebuild(kind: type[StoreError], message: str, url: str, status: int | None, left: list[str]) -> StoreError:
    return kind(message, url=url, status=status, leftovers=left)


class StoreAccessError(StoreError, PermissionError):
    """The store did not let us: no credentials, wrong ones, or a policy against it."""


class StoreMissingError(StoreError, FileNotFoundError):
    """There is no such bucket, folder or object."""


class StoreUnavailableError(StoreError, ConnectionError):
    """The store failed at every attempt, or did not answer in time."""


class NothingStoredError(StoreError, RuntimeError):
    """There was nothing to store."""


class DamageError(StoreError, ValueError):
    """Stored data that are not what was written."""
