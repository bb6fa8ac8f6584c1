"""What can go wrong with blobs.

AtdataError
├── BlobRefError        also ValueError: no reference to a blob
└── WrongBlobError      also ShardError: bytes that are not those of their CID
"""

from __future__ import annotations

from atdata._errors import AtdataError
from atdata._sources.verified import ChecksumError

__all__ = ["BlobRefError", "WrongBlobError"]


class BlobRefError(AtdataError, ValueError):
    """Something that is no reference to a blob."""


class WrongBlobError(ChecksumError):
    """A server sent other bytes than those of the CID."""
