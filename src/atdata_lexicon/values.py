"""The values that JSON has no form for: links, blobs, and a field that is not set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

__all__ = ["UNSET", "Blob", "CidLink", "Unset", "bytes_from_text", "bytes_to_text"]


@dataclass(frozen=True, slots=True)
class CidLink:
    """A link to a block by its CID, `{"$link": cid}` in JSON.

    >>> CidLink("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq").cid[:7]
    'bafyrei'
    """

    cid: str

    def __str__(self) -> str:
        return self.cid


@dataclass(frozen=True, slots=True)
class Blob:
    """A reference to an uploaded file: its CID, its MIME type and its size in bytes.

    >>> blob = Blob(CidLink("bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"), "image/png", 10)
    >>> blob.to_json()["mimeType"]
    'image/png'
    """

    ref: CidLink
    mime_type: str
    size: int

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """The blob as JSON, `{"$type": "blob", "ref": ..., "mimeType": ..., "size": ...}`."""
        return {"$type": "blob", "ref": {"$link": self.ref.cid}, "mimeType": self.mime_type, "size": self.size}

    @staticmethod
    def from_json(value: dict[str, Any]) -> Blob | None:  # Any: JSON
        """The blob that a JSON object stands for, or None if it has not exactly a blob's keys and types."""
        if len(value) != 4 or value.get("$type") != "blob":
            return None
        mime_type, size, ref = value.get("mimeType"), value.get("size"), value.get("ref")
        if not isinstance(mime_type, str) or not isinstance(size, int) or isinstance(size, bool):
            return None
        if isinstance(ref, dict) and len(ref) == 1:
            cid = ref.get("$link")
            if isinstance(cid, str):
                ref = CidLink(cid)
        if not isinstance(ref, CidLink):
            return None
        from .cid import is_link

        return Blob(ref, mime_type, size) if is_link(ref.cid) else None


class Unset:
    """The type of `UNSET`, which marks a field that is absent where None means null.

    >>> bool(UNSET), UNSET
    (False, UNSET)
    """

    __slots__ = ()

    def __new__(cls) -> Unset:
        return UNSET

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "UNSET"

    def __reduce__(self) -> str:
        return "UNSET"


UNSET: Final[Unset] = object.__new__(Unset)


def bytes_from_text(text: str) -> bytes | None:
    """The bytes of a `$bytes` string (standard base64, padding optional), or None if it is not one.

    >>> bytes_from_text("aGk"), bytes_from_text("aGk="), bytes_from_text("a_b-")
    (b'hi', b'hi', None)
    """
    from binascii import Error, a2b_base64

    if not text.isascii():
        return None
    bare = text.rstrip("=")
    if (bare != text and (len(text) % 4 or len(text) - len(bare) > 2)) or len(bare) % 4 == 1:
        return None
    try:
        return a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except Error:
        return None


def bytes_to_text(data: bytes) -> str:
    """The bytes as a `$bytes` string, without padding.

    >>> bytes_to_text(b"hi")
    'aGk'
    """
    from binascii import b2a_base64

    return b2a_base64(data, newline=False).rstrip(b"=").decode("ascii")
