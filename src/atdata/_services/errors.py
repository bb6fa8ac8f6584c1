"""What can go wrong with servers for development."""

from __future__ import annotations

from atdata._errors import AtdataError

__all__ = ["ServiceError"]


class ServiceError(AtdataError, RuntimeError):
    """A server that could not be found, started or stopped."""
