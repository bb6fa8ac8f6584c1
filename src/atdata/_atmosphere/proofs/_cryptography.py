"""Signatures on the curves of the network, by the package cryptography."""

from __future__ import annotations

from typing import Final

from atdata._atmosphere.proofs.errors import ProofError
from atdata._atmosphere.proofs.keys import K256, P256, PublicKey
from atdata_lexicon.errors import MissingExtraError

__all__ = ["verify_signature"]

_ORDERS: Final = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    K256: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


def verify_signature(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes: r and s) is that of ``key`` for the SHA-256 of ``message``.

    A signature whose s is in the upper half is refused, as the protocol asks: of two that fit only one counts.
    """
    order = _ORDERS[key.curve]
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != 64 or not 0 < r < order or not 0 < s <= order // 2:
        return False
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        from cryptography.hazmat.primitives.hashes import SHA256
    except ImportError as error:
        raise MissingExtraError(
            "signatures are checked by the package cryptography: pip install 'atdata[atmosphere]'"
        ) from error
    curve = ec.SECP256R1() if key.curve == P256 else ec.SECP256K1()
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(curve, key.point)
    except ValueError as error:
        raise ProofError(f"the key is no point of {key.curve}") from error
    try:
        public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True
