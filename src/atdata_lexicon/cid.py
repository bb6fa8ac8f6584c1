"""Content identifiers: CIDs of version 1 as text and as bytes, and the two that the protocol makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ._base32 import cid_text
from ._text import show
from .errors import IdentifierError

__all__ = ["DAG_CBOR", "RAW", "SHA2_256", "Cid", "cid_for_bytes", "cid_for_cbor", "is_link", "parse_cid"]

DAG_CBOR: Final = 0x71
"""The codec of records and of everything else that is DAG-CBOR."""

RAW: Final = 0x55
"""The codec of blobs."""

SHA2_256: Final = 0x12
"""The only hash that the protocol makes."""

_MAX_TEXT = 256
_MAX_CODE = 1 << 32
_MAX_DIGEST = 128


@dataclass(frozen=True, slots=True)
class Cid:
    """A CID of version 1, taken apart.

    >>> cid = parse_cid("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")
    >>> cid.codec == RAW, cid.hash_code == SHA2_256, len(cid.digest)
    (True, True, 32)
    """

    codec: int
    hash_code: int
    digest: bytes

    def __bytes__(self) -> bytes:
        out = bytearray(b"\x01")
        for number in (self.codec, self.hash_code, len(self.digest)):
            while number > 0x7F:
                out.append(number & 0x7F | 0x80)
                number >>= 7
            out.append(number)
        return bytes(out) + self.digest

    def __str__(self) -> str:
        return cid_text(bytes(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> Cid:
        """The CID of its binary form.

        Raises IdentifierError for version 0, cut or overlong input.

        >>> str(Cid.from_bytes(bytes(parse_cid(cid_for_bytes(b""))))) == cid_for_bytes(b"")
        True
        """
        version, at = _varint(data, 0)
        if version != 1:
            raise IdentifierError("not a CID of version 1: it must start with the byte 1")
        codec, at = _varint(data, at)
        hash_code, at = _varint(data, at)
        length, at = _varint(data, at)
        if length != len(data) - at or length > _MAX_DIGEST:
            raise IdentifierError(f"not a CID: its hash says {length} bytes, and {len(data) - at} follow")
        if hash_code == SHA2_256 and length != 32:
            raise IdentifierError(f"not a CID: a sha2-256 hash has 32 bytes, this one {length}")
        return cls(codec, hash_code, data[at:])


def _varint(data: bytes, at: int) -> tuple[int, int]:
    result = shift = 0
    while at < len(data) and shift < 35:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            if (byte == 0 and shift) or result >= _MAX_CODE:
                break
            return result, at
        shift += 7
    raise IdentifierError("not a CID: a number in it is cut, overlong or too big")


def parse_cid(text: str) -> Cid:
    """The CID that a string in lower-case base32 (`b...`) stands for.

    Raises IdentifierError for anything else, including CIDs of version 0 and other bases.

    >>> parse_cid("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq").codec == DAG_CBOR
    True
    """
    from base64 import b32decode

    body = text[1:]
    if len(text) > _MAX_TEXT or not text.startswith("b") or not _is_base32(body):
        raise IdentifierError(f"{show(text)} is not a CID: expected lower-case base32 with a leading b")
    try:
        cid = Cid.from_bytes(b32decode(body.upper() + "=" * (-len(body) % 8)))
    except IdentifierError:
        raise
    except ValueError:
        raise IdentifierError(f"{show(text)} is not a CID: its base32 is cut") from None
    if str(cid) != text:
        raise IdentifierError(f"{show(text)} is not a CID: its last character has bits too many")
    return cid


def is_link(text: str) -> bool:
    """Whether `parse_cid` would accept the string; quick for the CIDs that the protocol makes.

    >>> is_link("bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"), is_link("nope")
    (True, False)
    """
    if len(text) == 59 and text.startswith(("bafyrei", "bafkrei")):
        return _is_base32(text) and text[7] in "abcdefgh" and text[58] in "aeimquy4"
    try:
        parse_cid(text)
    except IdentifierError:
        return False
    return True


def _is_base32(text: str) -> bool:
    return text.isascii() and text.isalnum() and text == text.lower() and not any(c in text for c in "0189")


def cid_for_cbor(data: bytes) -> str:
    """The CID of a DAG-CBOR block, such as an encoded record.

    >>> cid_for_cbor(b"\\xa0")
    'bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua'
    """
    return _sha256_cid(DAG_CBOR, data)


def cid_for_bytes(data: bytes) -> str:
    """The CID of raw bytes, such as a blob.

    >>> cid_for_bytes(b"")
    'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
    """
    return _sha256_cid(RAW, data)


def _sha256_cid(codec: int, data: bytes) -> str:
    from hashlib import sha256

    return cid_text(bytes((1, codec, SHA2_256, 32)) + sha256(data).digest())
