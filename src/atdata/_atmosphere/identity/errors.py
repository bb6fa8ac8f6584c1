"""What can go wrong with an identity.

AtdataError
└── IdentityError               also ValueError: a DID or handle that leads nowhere good
    ├── IdentityNotFoundError   also KeyError: nobody is registered under it
    └── HandleMismatchError     a handle and a DID that do not name each other
"""

from __future__ import annotations

from atdata._errors import AtdataError

__all__ = ["HandleMismatchError", "IdentityError", "IdentityNotFoundError"]


class IdentityError(AtdataError, ValueError):
    """A DID or a handle that cannot be followed."""


class IdentityNotFoundError(IdentityError, KeyError):
    """Nobody is registered under a DID or a handle."""

    def __str__(self) -> str:  # KeyError would show the message as a quoted literal
        return Exception.__str__(self)


class HandleMismatchError(IdentityError):
    """A handle leads to a DID that does not claim it."""
