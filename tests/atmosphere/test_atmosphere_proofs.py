"""Proofs: the protocol's own vectors, and whatever a hostile server may send instead."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from proof_tools import Signer, car, put, tree, varint
from site_tools import Reply, Site

from atdata._atmosphere.identity.resolver import IdentityResolver
from atdata._atmosphere.proofs._cryptography import verify_signature
from atdata._atmosphere.proofs.car import Car, read_car
from atdata._atmosphere.proofs.errors import ProofError
from atdata._atmosphere.proofs.keys import key_from_did, key_from_multibase
from atdata._atmosphere.proofs.mst import find, key_height, node_of, shared_prefix
from atdata._atmosphere.proofs.record import check_proof, fetch_proof
from atdata_lexicon import cbor
from atdata_lexicon.cid import cid_for_bytes
from atdata_lexicon.values import CidLink

INTEROP = Path(__file__).parents[1] / "interop"
DID = "did:plc:" + "a" * 24
LEAF = "bafyreie5cvv4h45feadgeuwhbcutmh6t2ceseocckahdoe6uat64zmz454"


def vectors(name: str) -> list[Any]:
    found: list[Any] = json.loads((INTEROP / name).read_text())
    return found


def unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))


# ---------------------------------------------------------------------- vectors of the protocol


@pytest.mark.parametrize("case", vectors("crypto/signature-fixtures.json"), ids=lambda case: case["comment"])
def test_signatures_are_judged_as_the_protocol_says(case: dict[str, Any]) -> None:
    message, signature = unpadded(case["messageBase64"]), unpadded(case["signatureBase64"])

    for key in (
        key_from_did(case["publicKeyDid"]),
        key_from_multibase(case["publicKeyMultibase"], case["didDocSuite"]),
    ):
        assert verify_signature(key, message, signature) is case["validSignature"]


@pytest.mark.parametrize("name", ["K256", "P256"])
def test_keys_are_read_from_dids(name: str) -> None:
    for case in vectors(f"crypto/w3c_didkey_{name}.json"):
        assert key_from_did(case["publicDidKey"]).curve == name.lower()


def test_keys_of_the_tree_belong_to_the_level_that_the_protocol_says() -> None:
    for case in vectors("mst/key_heights.json"):
        assert key_height(case["key"].encode()) == case["height"], case


def test_common_prefixes_are_counted_in_bytes() -> None:
    for case in vectors("mst/common_prefix.json"):
        assert shared_prefix(case["left"].encode(), case["right"].encode()) == case["len"], case


@pytest.mark.parametrize("case", vectors("firehose/commit-proof-fixtures.json"), ids=lambda case: case["comment"])
def test_the_blocks_of_a_proof_are_enough_to_find_what_changed(case: dict[str, Any]) -> None:
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    left = [key for key in case["keys"] if key not in case["dels"]]
    assert tree(before, dict.fromkeys(case["keys"], LEAF)) == case["rootBeforeCommit"]
    assert tree(after, dict.fromkeys([*left, *case["adds"]], LEAF)) == case["rootAfterCommit"]

    proof = Car((), {cid: after[cid] for cid in case["blocksInProof"]})

    assert all(find(proof, case["rootAfterCommit"], key.encode()) == LEAF for key in case["adds"])
    assert all(find(proof, case["rootAfterCommit"], key.encode()) is None for key in case["dels"])


# ---------------------------------------------------------------------- whole proofs


def records(count: int = 40) -> dict[str, Any]:
    return {f"com.example.post/{number:04d}": {"n": number} for number in range(count)}


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_a_record_is_proven_and_so_is_its_absence(curve: str) -> None:
    signer = Signer(curve)
    commit, blocks, cids = signer.repository(records())
    data = car([commit], blocks)

    for number in range(40):
        proof = check_proof(data, did=DID, key=signer.key, collection="com.example.post", rkey=f"{number:04d}")
        assert (proof.cid, proof.value) == (cids[f"com.example.post/{number:04d}"], {"n": number})
    gone = check_proof(data, did=DID, key=signer.key, collection="com.example.post", rkey="0007x")
    assert (gone.cid, gone.value) == (None, None)
    empty, nothing, _ = signer.repository({})
    assert check_proof(car([empty], nothing), did=DID, key=signer.key, collection="a.b.c", rkey="x").cid is None


def proven(data: bytes, signer: Signer, did: str = DID) -> Any:
    return check_proof(data, did=did, key=signer.key, collection="com.example.post", rkey="0003")


def test_a_proof_of_another_account_or_key_is_refused() -> None:
    signer = Signer()
    commit, blocks, _ = signer.repository(records())

    with pytest.raises(ProofError, match="not signed by the key"):
        proven(car([commit], blocks), Signer())
    with pytest.raises(ProofError, match="is that of"):
        proven(car([commit], blocks), signer, "did:plc:" + "b" * 24)


def test_every_changed_byte_of_a_proof_is_noticed() -> None:
    signer = Signer()
    commit, blocks, _ = signer.repository(records(6))
    data = car([commit], blocks)
    chance = random.Random(7)
    noticed = 0
    for _ in range(300):
        at = chance.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        try:
            found = proven(bytes(changed), signer)
        except ProofError:
            noticed += 1
        else:
            assert found.value == {"n": 3}  # a block that the proof does not need
    assert noticed > 250


def test_a_proof_without_one_of_its_blocks_is_refused() -> None:
    signer = Signer()
    commit, blocks, cids = signer.repository(records())
    needed = 0
    for cid in blocks:
        fewer = {name: data for name, data in blocks.items() if name != cid}
        try:
            assert proven(car([commit], fewer), signer).cid == cids["com.example.post/0003"]
        except ProofError:
            needed += 1
    assert needed >= 3


def signed(signer: Signer, blocks: dict[str, bytes], root: str, **more: Any) -> bytes:
    unsigned = {"did": DID, "version": 3, "prev": None, "rev": "3jzfcijpj2z2a", "data": CidLink(root), **more}
    commit = put(blocks, {**unsigned, "sig": signer.sign(cbor.encode(unsigned))})
    return car([commit], blocks)


def entry(key: bytes, value: str, *, p: int = 0, t: str | None = None) -> dict[str, Any]:
    return {"p": p, "k": key, "v": CidLink(value), "t": None if t is None else CidLink(t)}


def test_trees_that_break_their_own_rules_prove_nothing() -> None:
    signer = Signer()
    keys = [b"com.example.post/%04d" % n for n in range(60)]
    low = [key for key in keys if key_height(key) == 0]
    high = next(key for key in keys if key_height(key) == 1)
    nodes: dict[str, Any] = {
        "out of order": {"l": None, "e": [entry(low[1], LEAF), entry(low[0], LEAF)]},
        "twice": {"l": None, "e": [entry(low[0], LEAF), entry(b"", LEAF, p=len(low[0]))]},
        "prefix too long": {"l": None, "e": [entry(low[0], LEAF, p=5)]},
        "prefix not shared": {"l": None, "e": [entry(low[0], LEAF), entry(low[1], LEAF)]},
        "two levels": {"l": None, "e": sorted([entry(low[0], LEAF), entry(high, LEAF)], key=lambda e: e["k"])},
        "no key": {"l": None, "e": [entry(b"com.example.post", LEAF)]},
        "no node": {"l": None, "e": 3},
        "more": {"l": None, "e": [], "x": 1},
        "a list": [],
        "negative": {"l": None, "e": [entry(low[0], LEAF, p=-1)]},
        "true": {"l": None, "e": [{**entry(low[0], LEAF), "p": True}]},
        "link that is none": {"l": "x", "e": []},
    }
    for name, node in nodes.items():
        blocks: dict[str, bytes] = {}
        data = signed(signer, blocks, put(blocks, node))
        with pytest.raises(ProofError):
            pytest.fail(f"{name}: {proven(data, signer)}")


def test_a_subtree_at_the_wrong_place_or_level_proves_nothing() -> None:
    signer = Signer()
    keys = [f"com.example.post/{n:04d}" for n in range(200)]
    tops = [key for key in keys if key_height(key.encode()) == 1]
    lows = [key for key in keys if key_height(key.encode()) == 0]
    blocks: dict[str, bytes] = {}
    misplaced = put(blocks, {"l": None, "e": [entry(lows[-1].encode(), LEAF)]})  # greater than the key behind it
    too_deep = put(blocks, {"l": CidLink(misplaced), "e": []})
    for child in (misplaced, too_deep):
        root = put(blocks, {"l": CidLink(child), "e": [entry(tops[1].encode(), LEAF)]})
        with pytest.raises(ProofError, match=r"wrong|deeper"):
            proven(signed(signer, blocks, root), signer)


def test_a_key_that_is_found_at_another_level_than_its_own_is_not_proven() -> None:
    signer = Signer()
    wanted = b"com.example.post/0003"
    height = key_height(wanted)
    other = next(key for key in (b"com.example.post/%04d" % n for n in range(4, 999)) if key_height(key) == height + 1)
    blocks: dict[str, bytes] = {}
    shared = shared_prefix(wanted, other)
    beside = put(blocks, {"l": None, "e": [entry(wanted, LEAF), entry(other[shared:], LEAF, p=shared)]})
    above = next(key for key in (b"com.example.post/%04d" % n for n in range(4, 9999)) if key_height(key) == height + 2)
    child = put(blocks, {"l": None, "e": [entry(wanted, LEAF)]})
    skipped = put(blocks, {"l": CidLink(child), "e": [entry(above, LEAF)]})  # a level is missing between them
    for root in (beside, skipped):
        with pytest.raises(ProofError, match="wrong level"):
            proven(signed(signer, blocks, root), signer)


def test_commits_of_other_forms_are_refused() -> None:
    signer = Signer()
    blocks: dict[str, bytes] = {}
    root = tree(blocks, {"com.example.post/0003": LEAF})
    for more in ({"version": 4}, {"rev": 7}, {"data": "x"}, {"did": 5}):
        with pytest.raises(ProofError):
            proven(signed(signer, dict(blocks), root, **more), signer)
    unsigned = {"did": DID, "version": 3, "prev": None, "rev": "3jzfcijpj2z2a", "data": CidLink(root)}
    with pytest.raises(ProofError, match="lacks its signature"):
        proven(car([put(blocks, unsigned)], blocks), signer)


@pytest.mark.parametrize("curve", ["k256", "p256"])
def test_a_proof_is_asked_for_and_a_key_that_changed_is_looked_up_anew(site: Site, curve: str) -> None:
    old, new = Signer(curve), Signer(curve)
    site.identity(DID, key=old.multibase)
    resolver = IdentityResolver(site.network())

    def serve(signer: Signer) -> None:
        commit, blocks, _ = signer.repository(records())
        site.pages["/xrpc/com.atproto.sync.getRecord"] = Reply(car([commit], blocks))

    serve(old)
    assert fetch_proof(resolver, DID, "com.example.post", "0003").value == {"n": 3}
    assert fetch_proof(resolver, DID, "com.example.post", "none").value is None
    serve(new)
    with pytest.raises(ProofError, match="not signed by the key"):  # the directory knows the old one still
        fetch_proof(resolver, DID, "com.example.post", "0003")
    site.identity(DID, key=new.multibase)
    assert fetch_proof(resolver, DID, "com.example.post", "0003").value == {"n": 3}


# ---------------------------------------------------------------------- archives


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\xff" * 4000,
        b"\xff\xff\xff\xff\x0f",
        varint(1 << 34) + b"\xa0",
        varint(10) + b"\xa1" * 10,
        car([], {})[:-1],
        car([], {}) + b"\x80",
        car([], {}) + varint(1 << 31) + b"\x01" * 100,
        car([], {}) + varint(5) + b"\x01\x71\x12\x20\x00",
        car([], {}) + varint(36) + bytes(36),
        car([], {cid_for_bytes(b"a"): b"b"}),
        varint(22) + cbor.encode({"version": 2, "roots": []}) + b"\0" * 9,
    ],
)
def test_what_is_no_honest_archive_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        read_car(data)


def test_an_archive_with_too_many_blocks_is_refused() -> None:
    block = car([], {cid_for_bytes(b""): b""})[len(car([], {})) :]

    with pytest.raises(ProofError, match="more than"):
        read_car(car([], {}) + block * 10_001)


@pytest.mark.parametrize("text", ["", "z", "x123", "z0OIl", "z" + "1" * 500, "zQ3shqwJEJyMBsBXCWyCBpUBMqxcon"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        key_from_multibase(text, "Multikey")


def test_a_node_with_absurd_counts_is_refused() -> None:
    with pytest.raises(ProofError):
        node_of({"l": None, "e": [None] * 10_001}, "x")
