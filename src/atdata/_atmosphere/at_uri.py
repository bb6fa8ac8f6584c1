"""Addresses of records."""

from __future__ import annotations

from dataclasses import dataclass

from atdata._atmosphere.errors import AtUriError
from atdata._errors import shown

__all__ = ["AtUri"]

_MAX_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class AtUri:
    """The address of a record: whose repository, which collection, which record.

    It is taken apart, not judged: whether the parts are a DID, an NSID and a record key is the server's to say.
    :class:`atdata_lexicon.AtUri` is the strict form.

    >>> uri = AtUri.parse("at://did:plc:abc123/ac.foundation.dataset.sampleSchema/xyz")
    >>> uri.authority, uri.collection, uri.rkey
    ('did:plc:abc123', 'ac.foundation.dataset.sampleSchema', 'xyz')
    >>> str(uri)
    'at://did:plc:abc123/ac.foundation.dataset.sampleSchema/xyz'
    """

    authority: str
    """The DID or handle of the repository's owner."""

    collection: str
    """The NSID of the records' Lexicon."""

    rkey: str
    """The record's key in the collection."""

    @classmethod
    def parse(cls, uri: str | AtUri) -> AtUri:
        """The address that a text is; the last part may hold slashes. ``ValueError`` for other text.

        >>> AtUri.parse("https://example.com")
        Traceback (most recent call last):
        ...
        atdata._atmosphere.errors.AtUriError: 'https://example.com' is no AT URI; write at://authority/collection/rkey
        """
        if isinstance(uri, AtUri):
            return uri
        if isinstance(uri, str) and uri.startswith("at://") and len(uri) <= _MAX_LENGTH and uri.isprintable():
            parts = uri[5:].split("/", 2)
            if len(parts) == 3 and all(parts) and " " not in uri:
                return cls(*parts)
        raise AtUriError(f"{shown(uri, 200)} is no AT URI; write at://authority/collection/rkey")

    def __str__(self) -> str:
        return f"at://{self.authority}/{self.collection}/{self.rkey}"
