"""What can go wrong with an identity.

AtmosphereError
└── IdentityError               also ValueError: a DID or handle that leads nowhere good
    ├── IdentityNotFoundError   also NotFoundError: nobody is registered under it
    └── HandleMismatchError     a handle and a DID that do not name each other
"""

from __future__ import annotations

from atdata._atmosphere.errors import AtmosphereError, NotFoundError

__all__ = ["HandleMismatchError", "IdentityError", "IdentityNotFoundError"]


class IdentityError(AtmosphereError, ValueError):
    """A DID or a handle that cannot be followed."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),)


class IdentityNotFoundError(IdentityError, NotFoundError):
    """Nobody is registered under a DID or a handle."""


class HandleMismatchError(IdentityError):
    """A handle leads to a DID that does not claim it."""
