"""Finding what accounts published that one did not know before."""

from __future__ import annotations

from typing import Any

import pytest
from pds_server import Pds
from site_tools import Reply, Site, drip, said

import atdata
from atdata._atmosphere.net.errors import FetchError
from atdata._index.errors import DamagedEntryWarning
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    DiscoveryWarning,
    find_datasets,
    find_lenses,
    find_schemas,
    repositories,
)

RECORD = "ac.foundation.dataset.record"
SCHEMA = "ac.foundation.dataset.sampleSchema"
BY_COLLECTION = "/xrpc/com.atproto.sync.listReposByCollection"
LIST = "/xrpc/com.atproto.repo.listRecords"
A, B, C = (f"did:plc:{letter * 24}" for letter in "abc")


@atdata.packable
class Cell:
    size: int


def dataset(name: str, **more: Any) -> dict[str, Any]:
    storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/a.tar"]}
    usual = {"$type": RECORD, "name": name, "schemaRef": "at://x", "storage": storage}
    return {**usual, "createdAt": "2026-01-01T00:00:00Z", **more}


def relay(site: Site, accounts: dict[str, list[dict[str, Any]] | Reply]) -> None:
    """A relay that knows accounts, which are on the same server with these datasets."""
    for did in accounts:
        site.identity(did)
    site.pages[BY_COLLECTION] = said({"repos": [{"did": did} for did in accounts]})

    def listing(asked: dict[str, str]) -> Reply:
        found = accounts[asked["repo"]]
        if isinstance(found, Reply):
            return found
        records = [
            {"uri": f"at://{asked['repo']}/{asked['collection']}/{n}", "cid": "", "value": value}
            for n, value in enumerate(found)
        ]
        return said({"records": [] if "cursor" in asked else records, "cursor": "x"})

    site.pages[LIST] = listing


def names(found: Any) -> list[str]:
    return [entry.name for entry in found]


def test_a_relay_knows_whose_datasets_there_are(site: Site) -> None:
    relay(site, {A: [dataset("one"), dataset("two")], B: [], C: [dataset("three")]})
    network = site.network()

    assert list(repositories(RECORD, network=network)) == [A, B, C]
    assert names(find_datasets(network=network)) == ["one", "two", "three"]
    assert names(find_datasets(network=network, limit=1)) == ["one"]
    assert names(find_datasets(network=network, accounts=[C])) == ["three"]


def test_datasets_are_found_by_words_tags_and_schema(site: Site) -> None:
    found = [
        dataset("street-scenes", tags=["Images", "City"], description="Cars and people", schemaRef="at://s/1"),
        dataset("cells", tags=["images"], description="Microscopy", metadata={"description": "Healthy tissue"}),
        dataset("broken", tags=7, description=["x"], schemaRef=None, metadata=3),
    ]
    relay(site, {A: found})
    network = site.network()

    assert names(find_datasets("street", network=network)) == ["street-scenes"]
    assert names(find_datasets("peop car", network=network)) == ["street-scenes"]
    assert names(find_datasets("tissue", network=network)) == ["cells"]
    assert names(find_datasets(tags=["images"], network=network)) == ["street-scenes", "cells"]
    assert names(find_datasets(tags=["images", "city"], network=network)) == ["street-scenes"]
    assert names(find_datasets(schema="at://s/1", network=network)) == ["street-scenes"]
    assert names(find_datasets("nothing", network=network)) == []


@pytest.mark.parametrize(
    "reply",
    [Reply(b"", 500), Reply(b"nope"), said({"records": 7}), said({"error": "RepoTakendown"}, 400), Reply(drip(0.02)),
     Reply(drip(0, b"x" * 65536)), Reply(status=302, headers={"Location": "http://127.0.0.1:9/"}), Reply(b"[" * 99999)],
)  # fmt: skip
def test_an_account_that_cannot_be_read_hides_no_other(site: Site, reply: Reply) -> None:
    relay(site, {A: [dataset("one")], B: reply, C: [dataset("three")]})

    with pytest.warns(DiscoveryWarning, match=B):
        assert names(find_datasets(network=site.network(timeout=0.5, min_rate=1e7))) == ["one", "three"]


def test_records_that_are_none_hide_no_other(site: Site) -> None:
    relay(site, {A: [dataset("one"), {"$type": "com.example.other"}, dataset("two")]})

    with pytest.warns(DamagedEntryWarning, match="com.example.other"):
        assert names(find_datasets(network=site.network())) == ["one", "two"]


def test_an_account_that_has_no_end_of_records_is_cut_off(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atdata._atmosphere.discovery.find._PER_ACCOUNT", 50)
    relay(site, {A: [], B: [dataset("last")]})
    listing: Any = site.pages[LIST]
    count = 0

    def endless(asked: dict[str, str]) -> Reply:
        nonlocal count
        if asked["repo"] != A:
            return listing(asked)
        count += 1
        records = [{"uri": f"at://{A}/{RECORD}/{count}-{n}", "cid": "", "value": dataset(f"d{n}")} for n in range(10)]
        return said({"records": records, "cursor": str(count)})

    site.pages[LIST] = endless

    with pytest.warns(DiscoveryWarning, match="more than 50 records; the others"):
        assert len(names(find_datasets(network=site.network()))) == 51
    assert count < 10


@pytest.mark.parametrize("page", [{"repos": 7}, {}, {"repos": None}])
def test_a_relay_that_lists_nothing_is_a_typed_error(site: Site, page: dict[str, Any]) -> None:
    site.pages[BY_COLLECTION] = said(page)

    with pytest.raises(FetchError, match="lists no repositories"):
        list(repositories(RECORD, network=site.network()))


def test_a_relay_that_repeats_itself_comes_to_an_end(site: Site) -> None:
    site.pages[BY_COLLECTION] = said({"repos": [{"did": A}, {"did": A}, {"did": "x"}, 7, {}], "cursor": "again"})
    assert list(repositories(RECORD, network=site.network())) == [A]
    count = 0

    def endless(asked: dict[str, str]) -> Reply:
        nonlocal count
        count += 1
        return said({"repos": [{"did": f"did:web:a{count}-{n}.example.com"} for n in range(10)], "cursor": str(count)})

    site.pages[BY_COLLECTION] = endless
    assert len(list(repositories(RECORD, network=site.network(), limit=95))) == 95
    assert count == 10


def test_a_server_of_accounts_is_asked_about_each_of_them(pds: Pds, client: Any) -> None:
    index = AtmosphereIndex(client)
    ref = index.publish_schema(Cell, version="1.0.0")
    data = atdata.Dataset[Cell]("https://data.example.org/cells.tar")
    mine = index.insert_dataset(data, name="cells-for-discovery", schema_ref=ref, tags=["cells"])
    lens = client.create_record(
        "ac.foundation.dataset.lens",
        {"name": "l", "sourceSchema": ref, "targetSchema": "at://t", "createdAt": "2026-01-01T00:00:00Z"},
    )
    with AtmosphereClient(pds.url, network=pds.network) as bob:
        bob.login_with_session(pds.accounts[1].session)
        other = AtmosphereIndex(bob).insert_dataset(data, name="cells-for-discovery", schema_ref=ref)
        try:
            assert client.did in repositories(RECORD, server=pds.url, network=pds.network)
            found = list(find_datasets("cells-for-disc", schema=ref, server=pds.url, network=pds.network))
            assert sorted(entry.uri for entry in found) == sorted([mine.uri, other.uri])
            here: dict[str, Any] = {"accounts": [client.handle, bob.did], "verify": True, "network": pds.network}
            assert [entry.uri for entry in find_datasets(schema=ref, **here)] == [mine.uri, other.uri]
            assert [entry.uri for entry in find_datasets(tags=["cells"], **here)] == [mine.uri]
            assert [schema["$ref"] for schema in find_schemas("Cell", **here)] == [ref]
            assert [record["$ref"] for record in find_lenses(source_schema=ref, **here)] == [str(lens)]
            assert list(find_lenses(ref, "at://other", **here)) == []
        finally:
            bob.delete_record(other.uri)
