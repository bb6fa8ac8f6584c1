"""What can go wrong with an index.

AtdataError
├── EntryNotFoundError      also KeyError: no entry of that name, CID or label
├── SchemaNotFoundError     also KeyError: no such schema, or no such version of it
├── SchemaConflictError     also ValueError: the version is taken by other fields
├── NameTakenError          also ValueError: an entry of that name is there already
├── IndexUsageError         also ValueError: what was asked for makes no sense, such as an empty name
├── DamagedEntryError       also ValueError: what is stored under a name is no record
├── IndexAccessError        also PermissionError: no password, the wrong one, or a user who may not do this
├── IndexRefusedError       also RuntimeError: the server takes no changes: a replica, no memory, a full disk
├── IndexUnavailableError   also ConnectionError: the server or file cannot be reached
└── IndexBusyError          also TimeoutError: others changed the same rows again and again
"""

from __future__ import annotations

from atdata_lexicon.errors import AtdataError

__all__ = [
    "DamagedEntryError",
    "DamagedEntryWarning",
    "EntryNotFoundError",
    "IndexAccessError",
    "IndexBusyError",
    "IndexRefusedError",
    "IndexUnavailableError",
    "IndexUsageError",
    "NameTakenError",
    "SchemaConflictError",
    "SchemaNotFoundError",
]


class _NotFoundError(AtdataError, KeyError):
    def __str__(self) -> str:  # KeyError would show the message as a quoted literal
        return Exception.__str__(self)


class EntryNotFoundError(_NotFoundError):
    """There is no entry of that name, CID or label."""


class SchemaNotFoundError(_NotFoundError):
    """There is no such schema, or no such version of it."""


class SchemaConflictError(AtdataError, ValueError):
    """A published version never changes, and this one has other fields."""


class NameTakenError(AtdataError, ValueError):
    """An entry of that name is there already."""


class IndexUsageError(AtdataError, ValueError):
    """What was asked for makes no sense: an empty name, two places for one index, no index at all."""


class DamagedEntryError(AtdataError, ValueError):
    """What is stored is no record; ``name`` says where it stands."""

    def __init__(self, message: str, name: str = "") -> None:
        self.name = name
        super().__init__(message)


class DamagedEntryWarning(UserWarning):
    """A listing left out something that is damaged, and names it."""


class IndexAccessError(AtdataError, PermissionError):
    """The server of an index does not let us: no password, the wrong one, or a user who may not do this."""


class IndexRefusedError(AtdataError, RuntimeError):
    """The server of an index takes no changes: it is a read-only replica, or out of memory, or its disk is full."""


class IndexUnavailableError(AtdataError, ConnectionError):
    """The server or the file of an index cannot be reached."""


class IndexBusyError(AtdataError, TimeoutError):
    """Others changed the same rows for so long that a change could not be made."""
