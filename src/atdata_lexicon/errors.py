"""Errors of the protocol layer, and the base class of every error of the project.

```
AtdataError                              every error raised on purpose
├── DataModelError      (ValueError)     a value that DAG-CBOR or the data model cannot hold
├── IdentifierError     (ValueError)     an NSID, DID, handle, AT-URI, TID or CID that is not one
├── MissingExtraError   (ImportError)    an optional package is not installed
├── UnknownDefinitionError (LookupError) a definition was asked for that no catalogue has
└── ValidationError     (ValueError)     data that breaks its Lexicon; `.issues` lists every place
```

Messages are bounded and pure printable ASCII, whatever the data contained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AtdataError",
    "DataModelError",
    "IdentifierError",
    "Issue",
    "MissingExtraError",
    "UnknownDefinitionError",
    "ValidationError",
]

_MAX_MESSAGE = 1900
_MAX_LINE = 400


class AtdataError(Exception):
    """Base class of every error that atdata raises on purpose."""


class IdentifierError(AtdataError, ValueError):
    """A string that is not the identifier it should be."""


class DataModelError(AtdataError, ValueError):
    """A value or a block of bytes outside the AT Protocol's data model."""


class UnknownDefinitionError(AtdataError, LookupError):
    """A Lexicon definition that the catalogue does not have."""


class MissingExtraError(AtdataError, ImportError):
    """An optional package is missing; the message is the command that installs it."""


class Issue(NamedTuple):
    """One problem of a value: where it is, and what to do about it.

    >>> Issue("$.text", "is required").path
    '$.text'
    """

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class ValidationError(AtdataError, ValueError):
    """Data that breaks its Lexicon, with every problem in `issues`.

    `what` names the value in the first line of the message, usually by its NSID.

    >>> error = ValidationError([Issue("$.text", "is required")], "com.example.post")
    >>> print(error)
    com.example.post has 1 problem
      $.text: is required
    >>> error.issues[0].path
    '$.text'
    """

    issues: tuple[Issue, ...]
    what: str

    def __init__(self, issues: Iterable[Issue], what: str = "the value") -> None:
        self.issues = tuple(issues)
        self.what = what
        super().__init__(_summary(self.issues, what))

    def __reduce__(self) -> tuple[type[ValidationError], tuple[tuple[Issue, ...], str]]:
        return type(self), (self.issues, self.what)


def _summary(issues: tuple[Issue, ...], what: str) -> str:
    count = len(issues)
    text = f"{_printable(what)} has {count} problem{'' if count == 1 else 's'}"
    for done, issue in enumerate(issues):
        line = f"\n  {_printable(str(issue))}"
        if len(text) + len(line) > _MAX_MESSAGE:
            return f"{text}\n  and {count - done} more, all in .issues"
        text += line
    return text


def _printable(text: str) -> str:
    short = text[: _MAX_LINE + 1]
    if not (short.isascii() and short.isprintable()):
        short = short.encode("unicode_escape").decode("ascii")
    return short if len(short) <= _MAX_LINE else short[:_MAX_LINE] + "..."
