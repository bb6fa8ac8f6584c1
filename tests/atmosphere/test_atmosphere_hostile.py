"""Names and records of strangers: refused before anybody is asked, or found out before a sample is given out."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from site_tools import Reply, Site, said

import atdata
from atdata._atmosphere.blobs.source import BlobSource
from atdata._atmosphere.identity.document import identity_from_document
from atdata._atmosphere.identity.resolver import IdentityResolver
from atdata._atmosphere.net.errors import FetchError
from atdata._atmosphere.net.fetch import query
from atdata._sources import addresses
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    DatasetLoader,
    Network,
    ProofError,
    SchemaLoader,
    TooLargeError,
    resolve_schema,
    using_network,
)

HERE = Path(__file__).parent
CASES = [
    case
    for path in (HERE / "names.json", HERE.parent / "sources" / "urls.json")
    for case in json.loads(path.read_text(encoding="utf-8"))["cases"]
]
ALICE = "did:plc:" + "a" * 24
SCHEMA = "ac.foundation.dataset.sampleSchema"
RECORD = "ac.foundation.dataset.record"
LEXICON = "ac.foundation.dataset"


@atdata.packable
class Word:
    text: str


class Touched(Exception):
    """Somebody was asked, or something of this machine was reached for."""


def of(kind: str) -> Any:
    return pytest.mark.parametrize(
        ("value", "allowed"),
        [(case["value"], case["expect"] == "allow") for case in CASES if case["kind"] == kind],
        ids=lambda value: ascii(value)[:40],
    )


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def touch(*arguments: Any, **_: Any) -> Any:
        raise Touched(arguments)

    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["93.184.216.34"])
    monkeypatch.setattr("atdata._atmosphere.identity._dns.txt_records", lambda *_: [])
    monkeypatch.setattr(socket, "create_connection", touch)
    monkeypatch.setattr(subprocess, "Popen", touch)


def judged(call: Any, allowed: bool) -> None:
    """What is allowed gets as far as a connection; all else is a typed error, fit to be read, without one."""
    if allowed:
        with pytest.raises(Touched):
            call()
        return
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert not isinstance(caught.value, UnicodeError)
    assert str(caught.value).replace("\n  ", "").isprintable()  # a validation's issues stand on lines of their own
    assert len(str(caught.value)) < 1000


@pytest.mark.usefixtures("offline")
@of("did")
def test_dids_of_strangers(value: str, allowed: bool) -> None:
    judged(lambda: IdentityResolver(Network(retries=0)).resolve(value), allowed)


@pytest.mark.usefixtures("offline")
@of("handle")
def test_handles_of_strangers(value: str, allowed: bool) -> None:
    judged(lambda: IdentityResolver(Network(retries=0)).resolve(value), allowed)


@pytest.mark.usefixtures("offline")
@of("pds_endpoint")
def test_servers_in_documents_of_strangers(value: Any, allowed: bool) -> None:
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": value}

    def ask() -> None:
        server = identity_from_document({"id": ALICE, "service": [service]}, ALICE).server()
        query(server, "com.atproto.server.describeServer", Network(retries=0))

    judged(ask, allowed)


@pytest.mark.usefixtures("offline")
@of("at_uri")
def test_addresses_of_records(value: str, allowed: bool) -> None:
    with using_network(Network(retries=0)):
        index = AtmosphereIndex(repo=ALICE)
        for call in (index.get_dataset, index.get_schema, index.decode_schema, resolve_schema, atdata.load_dataset):
            if "://" in value and not (call == index.get_dataset and value.startswith("AT")):
                judged(lambda call=call: call(value), allowed)  # type: ignore[misc]  # bound now


@pytest.mark.usefixtures("offline")
@of("at_uri")
def test_addresses_that_are_read_directly(value: str, allowed: bool) -> None:
    client = AtmosphereClient(network=Network(retries=0))
    for call in (client.get_record, SchemaLoader(client).get, DatasetLoader(client).get_storage_type):
        if value.startswith("at://") or not allowed:
            judged(lambda call=call: call(value), allowed)  # type: ignore[misc]  # bound now


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("value", "allowed"),
    # What is refused by where a name or a redirect leads is refused further down, wherever the address came from.
    [
        (case["value"], case["expect"] != "refuse")
        for case in CASES
        if case["kind"] == "shard_url"
        and isinstance(case["value"], str)
        and not {"resolves_to", "redirects_to"} & set(case)
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_shards_of_a_record_of_somebody_else(value: str, allowed: bool) -> None:
    storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": [value]}
    record = {"$type": RECORD, "name": "x", "schemaRef": "at://a/b/c", "createdAt": "2026-01-01T00:00:00Z"}
    given = SimpleNamespace(com=SimpleNamespace(atproto=SimpleNamespace(repo=SimpleNamespace())))
    given.com.atproto.repo.get_record = lambda params: {"value": {**record, "storage": storage}}
    loader = DatasetLoader(AtmosphereClient(_client=given))

    def read() -> None:
        dataset = loader.to_dataset(f"at://{ALICE}/{RECORD}/x", Word)
        dataset.source.open_shard(dataset.shard_list[0]).read()

    judged(read, allowed)


@pytest.mark.usefixtures("offline")
@of("cid")
def test_cids_of_blobs(value: str, allowed: bool) -> None:
    def read() -> None:
        source = BlobSource([{"did": ALICE, "cid": value}], "https://pds.example.com", network=Network(retries=0))
        source.open_shard(source.shard_list[0])

    judged(read, allowed)


# ---------------------------------------------------------------------- records of a hostile repository


def serve(site: Site, values: dict[str, Any], collection: str = RECORD) -> AtmosphereIndex:
    """An index of a repository whose server says that these are its records."""
    site.identity(ALICE, handle="alice.test")

    def one(asked: dict[str, str]) -> Reply:
        uri = f"at://{ALICE}/{asked['collection']}/{asked['rkey']}"
        if asked["rkey"] not in values:
            return said({"error": "RecordNotFound", "message": "Could not locate record"}, 400)
        return said({"uri": uri, "cid": "bafyrei", "value": values[asked["rkey"]]})

    def many(asked: dict[str, str]) -> Reply:
        listed = [
            {"uri": f"at://{ALICE}/{collection}/{key}", "cid": "x", "value": each} for key, each in values.items()
        ]
        return said({"records": listed if asked.get("collection") == collection else []})

    site.pages["/xrpc/com.atproto.repo.getRecord"] = one
    site.pages["/xrpc/com.atproto.repo.listRecords"] = many
    return AtmosphereIndex(AtmosphereClient(network=site.network()), repo=ALICE)


def record(urls: Any) -> dict[str, Any]:
    storage = {"$type": f"{LEXICON}.storageExternal", "urls": urls}
    return {
        "$type": RECORD,
        "name": "x",
        "schemaRef": "at://x",
        "storage": storage,
        "createdAt": "2026-01-01T00:00:00Z",
    }


SHARDS = [case["value"] for case in CASES if case["kind"] == "shard_url" and case["expect"] == "refuse"
          and "resolves_to" not in case and "redirects_to" not in case]  # fmt: skip


@pytest.mark.parametrize("url", SHARDS, ids=lambda url: ascii(url)[:40])
def test_a_record_names_no_file_command_or_private_server(
    site: Site, url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touch(*arguments: Any, **_: Any) -> Any:
        raise Touched(arguments)

    index = serve(site, {"1": record([url])})
    monkeypatch.setattr(subprocess, "Popen", touch)
    released: list[Any] = []

    def read() -> None:
        dataset = atdata.load_dataset(f"at://{ALICE}/{RECORD}/1", Word, index=index, split="train")
        released.extend(dataset.ordered())

    with pytest.raises((ValueError, OSError)) as caught:
        read()
    assert released == []
    assert isinstance(caught.value, atdata.AtdataError)
    assert str(caught.value).replace("\n", " ").isprintable()


def test_a_record_that_stands_for_a_billion_shards_is_refused_at_once(site: Site) -> None:
    index = serve(site, {"1": record(["https://example.com/{0000..9998}.tar"] * 3000)})
    start = time.monotonic()

    with pytest.raises(ValueError, match="more than"):
        atdata.load_dataset(f"at://{ALICE}/{RECORD}/1", Word, index=index, split="train")
    assert time.monotonic() - start < 2


def test_a_listing_without_end_comes_to_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atdata._atmosphere.index.reading.MOST", 95)
    index = serve(site, {})
    count = 0

    def endless(asked: dict[str, str]) -> Reply:
        nonlocal count
        count += 1
        uris = [f"at://{ALICE}/{RECORD}/{count}-{n}" for n in range(10)]
        return said({"records": [{"uri": uri, "value": record([])} for uri in uris], "cursor": str(count)})

    site.pages["/xrpc/com.atproto.repo.listRecords"] = endless
    with pytest.raises(TooLargeError, match="more than 95 records"):
        index.get_dataset("never there")
    assert count == 10


def test_a_handshake_without_end_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte of its greeting now and then, each within the time for one wait."""
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with listener.accept()[0] as talk:
            talk.sendall(b"\x16\x03\x03\x40\x00")
            while not stop.wait(0.05):
                try:
                    talk.sendall(b"\0")
                except OSError:
                    return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    address = listener.getsockname()
    monkeypatch.setattr(addresses, "resolve", lambda host, port: ["93.184.216.34"])
    real = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda _, *rest, **more: real(address, *rest, **more))
    start = time.monotonic()
    try:
        with pytest.raises(FetchError):
            query("https://slow.example.com", "a.b.c", Network(retries=0, timeout=0.5))
    finally:
        stop.set()
        thread.join()
        listener.close()
    assert time.monotonic() - start < 3


PRIMITIVE = {"$type": f"{LEXICON}.schemaType#primitive", "primitive": "str"}
FIELD = {"name": "a", "fieldType": PRIMITIVE, "optional": False}
GOOD = {"$type": SCHEMA, "name": "X", "version": "1.0.0", "fields": [FIELD], "createdAt": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "X:\n    import os"},
        {"name": "__import__('os')"},
        {"name": 7},
        {"version": "1.0.0\nimport os"},
        {"version": 5},
        {"fields": {}},
        {"fields": [{**FIELD, "name": "a: int = __import__('os').system('x')"}]},
        {"fields": [{**FIELD, "name": "__class__"}]},
        {"fields": [{**FIELD, "fieldType": {"$type": f"{LEXICON}.schemaType#primitive", "primitive": "eval"}}]},
        {"fields": [{**FIELD, "fieldType": {"$type": "com.example.other"}}]},
        {"fields": [FIELD, FIELD]},
        {"fields": [{**FIELD, "fieldType": {"$type": f"{LEXICON}.schemaType#ref", "ref": f"at://{ALICE}/{SCHEMA}/1"}}]},
        {"fields": [{**FIELD, "name": f"f{n}"} for n in range(5000)]},
        {"createdAt": 5},
        {"metadata": {"a": 0.5}},
        {"description": '"""\nimport os\n"""', "name": "Y Z"},
    ],
)
def test_a_schema_that_breaks_the_rules_is_a_value_error(site: Site, change: dict[str, Any]) -> None:
    index = serve(site, {"1": {**GOOD, **change}}, SCHEMA)

    with pytest.raises(ValueError, match=r".+") as caught:
        index.decode_schema(f"at://{ALICE}/{SCHEMA}/1")
    assert isinstance(caught.value, atdata.AtdataError)
    assert len(str(caught.value)) < 2500


def test_schemas_of_two_accounts_never_share_a_class(site: Site) -> None:
    bob = "did:plc:" + "b" * 24
    index = serve(site, {"1": GOOD}, SCHEMA)
    site.identity(bob)

    first = index.decode_schema(f"at://{ALICE}/{SCHEMA}/1")
    second = index.decode_schema(f"at://{bob}/{SCHEMA}/1")
    own = atdata.decode_schema(GOOD)

    assert len({first, second, own}) == 3
    assert index.decode_schema(f"at://{ALICE}/{SCHEMA}/1") is first


def test_schemas_that_hold_each_other_come_to_an_end(site: Site) -> None:
    def holding(name: str, other: str) -> dict[str, Any]:
        kind = {"$type": f"{LEXICON}.schemaType#ref", "ref": f"atdata://alice.test/sampleSchema/{other}@1.0.0"}
        return {**GOOD, "name": name, "fields": [{**FIELD, "fieldType": kind}]}

    index = serve(site, {"1": holding("A", "B"), "2": holding("B", "A")}, SCHEMA)

    with pytest.raises(ValueError, match="refers back to itself"):
        index.decode_schema(f"at://{ALICE}/{SCHEMA}/1")
    assert len(site.asked) < 50


def test_without_a_proof_nothing_of_a_verified_index_is_believed(site: Site) -> None:
    serve(site, {"1": record(["https://example.com/a.tar"])})
    index = AtmosphereIndex(AtmosphereClient(network=site.network()), repo=ALICE, verify=True)
    proof = "/xrpc/com.atproto.sync.getRecord"

    for reply in (Reply(b""), Reply(b"x" * 1000), said({}), Reply(b"\xff" * 100_000)):
        site.pages[proof] = reply
        with pytest.raises((ProofError, ValueError)):
            index.get_dataset(f"at://{ALICE}/{RECORD}/1")
        with pytest.raises((ProofError, ValueError)):
            index.list_datasets()


@pytest.mark.parametrize(
    "answer",
    [
        {"records": [{"uri": 5, "value": {}}, {"value": 3}, 7, None]},
        {"records": [{"uri": f"at://did:plc:{'b' * 24}/{RECORD}/1", "cid": 3, "value": {"$type": RECORD}}]},
        {"records": [{"uri": f"at://{ALICE}/com.example.other/1", "cid": "", "value": {"$type": RECORD}}]},
    ],
)
@pytest.mark.filterwarnings("ignore::atdata._index.errors.DamagedEntryWarning")
def test_a_listing_of_nonsense_lists_nothing(site: Site, answer: Any) -> None:
    index = serve(site, {})
    site.pages["/xrpc/com.atproto.repo.listRecords"] = said(answer)

    assert index.list_datasets() == []


@pytest.mark.parametrize("answer", [{}, {"records": {}}, {"records": "x" * 1000}, [], 7, None])
def test_a_listing_that_is_none_is_a_typed_error(site: Site, answer: Any) -> None:
    index = serve(site, {})
    site.pages["/xrpc/com.atproto.repo.listRecords"] = said(answer)

    with pytest.raises(atdata.AtdataError):
        index.list_datasets()
