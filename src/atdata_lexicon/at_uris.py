"""AT-URIs as values: whose repository, which collection, which record."""

from __future__ import annotations

from dataclasses import dataclass

from ._text import show
from .errors import IdentifierError
from .syntax import is_at_identifier, is_at_uri, is_nsid, is_record_key

__all__ = ["AtUri"]


@dataclass(frozen=True, slots=True)
class AtUri:
    """An AT-URI in the strict form that Lexicon allows; invalid parts raise IdentifierError.

    >>> uri = AtUri.parse("at://example.com/com.example.post/self")
    >>> uri.authority, uri.collection, uri.rkey
    ('example.com', 'com.example.post', 'self')
    >>> str(AtUri("did:plc:abc", "com.example.post"))
    'at://did:plc:abc/com.example.post'
    """

    authority: str
    """A DID or a handle."""

    collection: str | None = None
    """The NSID of the records' Lexicon."""

    rkey: str | None = None
    """The record's key."""

    def __post_init__(self) -> None:
        if not is_at_identifier(self.authority):
            raise IdentifierError(f"an AT-URI's authority is a DID or a handle, not {show(self.authority)}")
        if self.collection is not None and not is_nsid(self.collection):
            raise IdentifierError(f"an AT-URI's collection is an NSID, not {show(self.collection)}")
        if self.rkey is not None and (self.collection is None or not is_record_key(self.rkey)):
            raise IdentifierError(f"an AT-URI's last part is a record key after a collection, not {show(self.rkey)}")

    @classmethod
    def parse(cls, text: str) -> AtUri:
        """The AT-URI that a text is.

        Raises IdentifierError if it is not one; queries, fragments and trailing slashes are not allowed.
        """
        if not is_at_uri(text):
            raise IdentifierError(f"{show(text)} is not an AT-URI, such as at://did:plc:abc/com.example.post/key")
        return cls(*text[5:].split("/"))

    def __str__(self) -> str:
        return "/".join(["at:/", *(part for part in (self.authority, self.collection, self.rkey) if part is not None)])
