"""Whatever strangers write: documents, records, references, archives and answers end in a value or a typed error."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from proof_tools import Signer, car, put

import atdata
from atdata._atmosphere.blobs.refs import blob_ref, parse_blob_uri
from atdata._atmosphere.identity.document import identity_from_document
from atdata._atmosphere.net.fetch import Fetched, json_of, pause_of, xrpc_error
from atdata._atmosphere.net.network import Network
from atdata._atmosphere.proofs.car import read_car
from atdata._atmosphere.proofs.errors import ProofError
from atdata._atmosphere.proofs.keys import key_from_multibase
from atdata._atmosphere.proofs.mst import node_of
from atdata._atmosphere.proofs.record import check_proof
from atdata._index.words import entry_tags, entry_words
from atdata.atmosphere import AtmosphereIndexEntry

SCALE = int(os.environ.get("ATDATA_SCALE", "1"))
SETTINGS = settings(
    max_examples=60 * SCALE,
    deadline=None,
    derandomize=SCALE == 1,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
DID = "did:plc:" + "a" * 24
URI = f"at://{DID}/ac.foundation.dataset.record/1"
LEXICON = "ac.foundation.dataset"

TEXT = st.text(max_size=30) | st.sampled_from(
    ["", "#atproto", f"{DID}#atproto", "#atproto_pds", "AtprotoPersonalDataServer", "Multikey", "at://alice.example.com",
     "https://pds.example.com", "https://[", "http://x:99999", "blob",
     "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
     "zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc", f"{LEXICON}.storageBlobs", f"{LEXICON}.storageExternal",
     "EcdsaSecp256k1VerificationKey2019"]
)  # fmt: skip
KEYS = st.sampled_from(
    ["id", "type", "alsoKnownAs", "service", "serviceEndpoint", "verificationMethod", "publicKeyMultibase", "$type",
     "name", "schemaRef", "storage", "urls", "blobs", "ref", "$link", "$bytes", "mimeType", "size", "tags", "metadata",
     "description", "createdAt", "did", "cid", "error", "message", "l", "e", "p", "k", "v", "t"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | TEXT, inner, max_size=5),
    max_leaves=15,
)
OBJECT = st.dictionaries(KEYS, JSON, max_size=8)


@SETTINGS
@given(OBJECT)
def test_documents_of_identities(document: dict[str, Any]) -> None:
    with contextlib.suppress(atdata.AtdataError):
        found = identity_from_document({**document, "id": DID}, DID)
        with contextlib.suppress(atdata.AtdataError):
            found.server()
        with contextlib.suppress(atdata.AtdataError):
            found.key()


@SETTINGS
@given(OBJECT, JSON)
def test_dataset_records(record: dict[str, Any], storage: Any) -> None:
    if isinstance(storage, dict):
        record = {**record, "storage": storage}
    record.pop("$type", None)  # which would say that it is another one
    entry = AtmosphereIndexEntry(URI, record)
    names = ("name", "schema_ref", "metadata", "description", "tags", "license", "created_at", "storage_type", "uri")
    for name in names:
        with contextlib.suppress(atdata.AtdataError):
            getattr(entry, name)
    with contextlib.suppress(atdata.AtdataError):
        assert all(isinstance(url, str) for url in entry.data_urls)
    with contextlib.suppress(atdata.AtdataError):
        assert all(isinstance(word, str) for word in [*entry_words(entry), *entry_tags(entry)])
    assert repr(entry).isprintable()


@SETTINGS
@given(JSON | OBJECT, st.none() | TEXT)
def test_references_to_blobs(value: Any, did: str | None) -> None:
    with contextlib.suppress(atdata.AtdataError):
        ref = blob_ref(value, did)
        assert parse_blob_uri(ref.uri).uri == ref.uri
        with contextlib.suppress(atdata.AtdataError):
            assert len(ref.sha256()) == 32
    with contextlib.suppress(atdata.AtdataError):
        parse_blob_uri(value)


@SETTINGS
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_archives(data: bytes, more: bytes) -> None:
    with contextlib.suppress(ProofError):
        read_car(data)
    with contextlib.suppress(ProofError):
        read_car(car([], {}) + more)


@SETTINGS
@given(JSON, TEXT)
def test_nodes_and_keys(value: Any, text: str) -> None:
    with contextlib.suppress(ProofError):
        node_of(value, "x")
    with contextlib.suppress(ProofError):
        key_from_multibase(text, "Multikey")


SIGNER = Signer()
COMMIT, BLOCKS, _ = SIGNER.repository({f"com.example.post/{n}": {"n": n} for n in range(20)})
WHOLE = car([COMMIT], BLOCKS)


@SETTINGS
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.integers(0, 20))
def test_a_proof_with_a_changed_byte_proves_the_same_or_nothing(at: int, change: int, number: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= change
    with contextlib.suppress(ProofError):
        proof = check_proof(bytes(data), did=DID, key=SIGNER.key, collection="com.example.post", rkey=str(number))
        assert proof.value == ({"n": number} if number < 20 else None)


@SETTINGS
@given(OBJECT)
def test_commits(commit: dict[str, Any]) -> None:
    blocks = dict(BLOCKS)
    try:
        root = put(blocks, {**commit, "did": DID, "version": 3})
    except atdata.AtdataError:
        return  # floats and the like, which no block holds
    with pytest.raises(ProofError):
        check_proof(car([root], blocks), did=DID, key=SIGNER.key, collection="a.b.c", rkey="x")


@SETTINGS
@given(st.binary(max_size=50) | JSON.map(lambda value: json.dumps(value).encode()), st.integers(300, 599), TEXT, TEXT)
def test_answers(body: bytes, status: int, after: str, reset: str) -> None:
    with contextlib.suppress(atdata.AtdataError):
        json_of(body, "x")
    error = xrpc_error(Fetched("https://example.com/x", status, {}, body))
    assert str(error).isprintable()
    assert len(str(error)) < 1500
    headers = {"retry-after": after, "ratelimit-reset": reset}
    pause = pause_of(headers, Network(), 3)
    assert pause is None or 0 <= pause <= 60
