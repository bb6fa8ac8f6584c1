"""Repositories made by hand: trees, commits and archives, for proofs that a server would never send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from atdata._atmosphere.proofs.keys import PublicKey
from atdata._atmosphere.proofs.mst import key_height, shared_prefix
from atdata_lexicon import cbor
from atdata_lexicon.cid import cid_for_cbor, parse_cid
from atdata_lexicon.values import CidLink


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def car(roots: Iterable[str], blocks: Mapping[str, bytes]) -> bytes:
    header = cbor.encode({"version": 1, "roots": [CidLink(root) for root in roots]})
    parts = [varint(len(header)), header]
    for cid, data in blocks.items():
        name = bytes(parse_cid(cid))
        parts += [varint(len(name) + len(data)), name, data]
    return b"".join(parts)


def put(blocks: dict[str, bytes], value: Any) -> str:
    data = cbor.encode(value)
    cid = cid_for_cbor(data)
    blocks[cid] = data
    return cid


def tree(blocks: dict[str, bytes], values: Mapping[str, str], level: int | None = None) -> str:
    """The root of the tree that holds ``values``; its nodes are put among ``blocks``."""
    keys = sorted(key.encode() for key in values)
    if level is None:
        level = max(map(key_height, keys), default=0)
    entries: list[dict[str, Any]] = []
    left: CidLink | None = None
    between: list[bytes] = []

    def below() -> CidLink | None:
        if not between:
            return None
        part = {key.decode(): values[key.decode()] for key in between}
        between.clear()
        return CidLink(tree(blocks, part, level - 1))

    last = b""
    for key in keys:
        if key_height(key) < level:
            between.append(key)
            continue
        if entries:
            entries[-1]["t"] = below()
        else:
            left = below()
        shared = shared_prefix(last, key)
        entries.append({"p": shared, "k": key[shared:], "v": CidLink(values[key.decode()]), "t": None})
        last = key
    if entries:
        entries[-1]["t"] = below()
    else:
        left = below()
    return put(blocks, {"l": left, "e": entries})


class Signer:
    """An account's key, on either curve."""

    def __init__(self, curve: str = "k256") -> None:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        self._private = ec.generate_private_key(ec.SECP256K1() if curve == "k256" else ec.SECP256R1())
        point = self._private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
        )
        self.key = PublicKey(curve, point)

    @property
    def multibase(self) -> str:
        """The key as DID documents write it."""
        prefix = b"\xe7\x01" if self.key.curve == "k256" else b"\x80\x24"
        number, out = int.from_bytes(prefix + self.key.point, "big"), ""
        while number:
            number, digit = divmod(number, 58)
            out = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + out
        return "z" + out

    def sign(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric import ec, utils
        from cryptography.hazmat.primitives.hashes import SHA256

        from atdata._atmosphere.proofs._cryptography import _ORDERS

        r, s = utils.decode_dss_signature(self._private.sign(message, ec.ECDSA(SHA256())))
        order = _ORDERS[self.key.curve]
        return r.to_bytes(32, "big") + min(s, order - s).to_bytes(32, "big")

    def repository(
        self, records: Mapping[str, Any], did: str = "did:plc:" + "a" * 24
    ) -> tuple[str, dict[str, bytes], dict[str, str]]:
        """The commit, all blocks, and the CID of each record."""
        blocks: dict[str, bytes] = {}
        cids = {key: put(blocks, record) for key, record in records.items()}
        unsigned = {"did": did, "version": 3, "prev": None, "rev": "3jzfcijpj2z2a", "data": CidLink(tree(blocks, cids))}
        return put(blocks, {**unsigned, "sig": self.sign(cbor.encode(unsigned))}), blocks, cids
