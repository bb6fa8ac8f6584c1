"""The eleven string formats of Lexicon: whether a string is a DID, a handle, an NSID ... and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ._patterns import matches
from ._text import show
from .datetimes import is_datetime
from .languages import is_language

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "FORMATS",
    "check_format",
    "format_check",
    "is_at_identifier",
    "is_at_uri",
    "is_cid",
    "is_datetime",
    "is_did",
    "is_handle",
    "is_language",
    "is_nsid",
    "is_record_key",
    "is_tid",
    "is_uri",
]

_MAX_URI = 8192


def is_did(text: object) -> bool:
    """Whether a text is a DID.

    >>> is_did("did:plc:7iza6de2dwap2sbkpav7c6c6"), is_did("DID:plc:x")
    (True, False)
    """
    return isinstance(text, str) and len(text) <= 2048 and matches("did", text)


def is_handle(text: object) -> bool:
    """Whether a text is a handle, that is a domain name of at least two parts.

    >>> is_handle("alice.example.com"), is_handle("localhost")
    (True, False)
    """
    return isinstance(text, str) and len(text) <= 253 and matches("handle", text)


def is_at_identifier(text: object) -> bool:
    """Whether a text is a DID or a handle.

    >>> is_at_identifier("did:web:example.com"), is_at_identifier("example.com"), is_at_identifier("@example.com")
    (True, True, False)
    """
    return is_did(text) or is_handle(text)


def is_nsid(text: object) -> bool:
    """Whether a text is a namespaced identifier, the name of a Lexicon.

    >>> is_nsid("com.example.fooBar"), is_nsid("example.com"), is_nsid("com.example.foo_bar")
    (True, False, False)
    """
    return isinstance(text, str) and len(text) <= 317 and matches("nsid", text)


def is_tid(text: object) -> bool:
    """Whether a text is a timestamp identifier.

    >>> is_tid("3jzfcijpj2z2a"), is_tid("3JZFCIJPJ2Z2A")
    (True, False)
    """
    return isinstance(text, str) and len(text) == 13 and matches("tid", text)


def is_record_key(text: object) -> bool:
    """Whether a text can be a record's key.

    >>> is_record_key("self"), is_record_key("name:1.0.0"), is_record_key("name@1.0.0"), is_record_key("..")
    (True, True, False, False)
    """
    return isinstance(text, str) and len(text) <= 512 and text not in (".", "..") and matches("record-key", text)


def is_at_uri(text: object) -> bool:
    """Whether a text is an AT-URI: an authority, optionally a collection, optionally a record key.

    >>> is_at_uri("at://example.com/com.example.post/self"), is_at_uri("at://example.com/")
    (True, False)
    """
    if not isinstance(text, str) or len(text) > _MAX_URI or not text.startswith("at://"):
        return False
    authority, *rest = text[5:].split("/")
    if len(rest) > 2 or not is_at_identifier(authority):
        return False
    return (not rest or is_nsid(rest[0])) and (len(rest) < 2 or is_record_key(rest[1]))


def is_uri(text: object) -> bool:
    """Whether a text is a URI: a scheme, a colon, and printable ASCII without spaces, at most 8 KiB.

    >>> is_uri("https://example.com"), is_uri("example.com")
    (True, False)
    """
    return isinstance(text, str) and len(text) <= _MAX_URI and matches("uri", text)


def is_cid(text: object) -> bool:
    """Whether a text looks like a CID in any common base; version 0 (`Qm...`) is refused.

    This is the rule of the string format. Links are held to more: see `atdata_lexicon.cid.is_link`.

    >>> is_cid("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"), is_cid("cid:abc")
    (True, False)
    """
    return isinstance(text, str) and 8 <= len(text) <= 256 and not text.startswith("Qm") and matches("cid", text)


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "at-identifier": (is_at_identifier, "a DID or a handle"),
    "at-uri": (is_at_uri, "an AT-URI, such as at://did:plc:abc/com.example.post/key"),
    "cid": (is_cid, "a CID"),
    "datetime": (is_datetime, "a datetime with seconds and zone, such as 2026-01-31T12:00:00.000Z"),
    "did": (is_did, "a DID, such as did:plc:abc"),
    "handle": (is_handle, "a handle, such as alice.example.com"),
    "language": (is_language, "a language tag, such as en or pt-BR"),
    "nsid": (is_nsid, "an NSID, such as com.example.post"),
    "record-key": (is_record_key, "a record key: 1 to 512 of A-Z a-z 0-9 . _ : ~ -"),
    "tid": (is_tid, "a TID: 13 characters of 2-7 a-z"),
    "uri": (is_uri, "a URI, such as https://example.com"),
}

FORMATS: Final = tuple(_CHECKS)
"""The names of the string formats, sorted."""


def format_check(name: str) -> Callable[[object], bool] | None:
    """The check of a string format; None for one that Lexicon does not know, which accepts everything."""
    found = _CHECKS.get(name)
    return None if found is None else found[0]


def check_format(name: str, value: object) -> str | None:
    """Why a value does not have a string format, or None if it has it.

    A format that Lexicon does not know accepts everything, as the specification asks.

    >>> check_format("did", "did:plc:abc")
    >>> check_format("did", "alice")
    '"alice" is not a DID, such as did:plc:abc'
    """
    check = _CHECKS.get(name)
    if check is None or check[0](value):
        return None
    return f"{show(value)} is not {check[1]}"
