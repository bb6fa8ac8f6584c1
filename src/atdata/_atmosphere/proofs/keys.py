"""Public keys as the network writes them: did:key and multibase.

The forms are those of https://atproto.com/specs/cryptography.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from atdata._atmosphere.proofs.errors import ProofError
from atdata._errors import shown

__all__ = ["K256", "P256", "PublicKey", "key_from_did", "key_from_multibase"]

P256: Final = "p256"
K256: Final = "k256"

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {character: value for value, character in enumerate(_ALPHABET)}
#: The multicodec numbers p256-pub and secp256k1-pub as varints.
_PREFIXES = {b"\x80\x24": P256, b"\xe7\x01": K256}
#: Kinds of older documents, whose keys stand without a prefix.
_OLD_KINDS = {"EcdsaSecp256r1VerificationKey2019": P256, "EcdsaSecp256k1VerificationKey2019": K256}
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key: its curve, and its point in the form of SEC 1, compressed or not."""

    curve: str
    point: bytes


def key_from_did(text: str) -> PublicKey:
    """The key that a ``did:key:z...`` is.

    >>> key_from_did("did:key:zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc").curve
    'k256'
    """
    if not text.startswith("did:key:"):
        raise ProofError(f"{shown(text, _MAX_TEXT)} is no did:key")
    return key_from_multibase(text[8:], "Multikey")


def key_from_multibase(text: str, kind: str) -> PublicKey:
    """The key of a verification method of that type. :class:`ProofError` for kinds that accounts do not have."""
    data = _base58(text)
    if kind in _OLD_KINDS:
        curve, point = _OLD_KINDS[kind], data
    elif kind == "Multikey" and data[:2] in _PREFIXES:
        curve, point = _PREFIXES[data[:2]], data[2:]
    else:
        raise ProofError(f"a key of type {shown(kind)} is of no kind that signs repositories")
    if not (len(point) == 33 and point[0] in (2, 3)) and not (len(point) == 65 and point[0] == 4):
        raise ProofError(f"a key of {len(point)} bytes is no point of {curve}")
    return PublicKey(curve, point)


def _base58(text: str) -> bytes:
    """Multibase of the kind ``z``: base58 as Bitcoin writes it."""
    if not text.startswith("z") or len(text) > _MAX_TEXT or not all(character in _DIGITS for character in text[1:]):
        raise ProofError(f"{shown(text, _MAX_TEXT)} is no key in base58 (z...)")
    number = 0
    for character in text[1:]:
        number = number * 58 + _DIGITS[character]
    zeros = len(text) - 1 - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
