"""What can go wrong with blobs.

AtmosphereError
└── BlobRefError        also ValueError: no reference to a blob
ShardError
└── ChecksumError
    └── WrongBlobError  bytes that are not those of their CID
"""

from __future__ import annotations

from atdata._atmosphere.errors import AtmosphereError
from atdata._sources.verified import ChecksumError

__all__ = ["BlobRefError", "WrongBlobError"]


class BlobRefError(AtmosphereError, ValueError):
    """Something that is no reference to a blob."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),)


class WrongBlobError(ChecksumError):
    """A server sent other bytes than those of the CID."""
