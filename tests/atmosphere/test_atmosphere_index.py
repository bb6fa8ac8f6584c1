"""Repositories as an index, on a real server: one account publishes, the other finds, decodes, streams and verifies."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pds_server import Account, Pds

import atdata
from atdata._atmosphere.proofs.record import fetch_proof
from atdata._index.errors import DamagedEntryWarning
from atdata._protocols import AbstractDataStore, AbstractIndex, IndexEntry
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    AtmosphereIndexEntry,
    DatasetLoader,
    IdentityResolver,
    PDSBlobStore,
    TooLargeError,
    public_index,
    resolve_schema,
    using_network,
)
from atdata.local import Index

SCHEMA = "ac.foundation.dataset.sampleSchema"
RECORD = "ac.foundation.dataset.record"


@atdata.packable
class Box:
    x: int
    y: int


@atdata.packable
class Photo:
    """A picture with a box in it."""

    pixels: NDArray[np.float32]
    label: str
    box: Box


@pytest.fixture
def photos(tmp_path: Path) -> Any:
    with atdata.ShardWriter[Photo](tmp_path / "photos-%03d.tar", maxcount=10) as writer:
        for n in range(25):
            writer.write(Photo(pixels=np.full((4, 4), n, np.float32), label=f"n{n}", box=Box(x=n, y=-n)))
    return atdata.Dataset[Photo](f"{tmp_path}/photos-{{000..002}}.tar")


@pytest.fixture
def index(client: Any) -> AtmosphereIndex:
    return AtmosphereIndex(client, data_store=PDSBlobStore(client))


@pytest.fixture
def stranger(pds: Pds) -> Iterator[AtmosphereClient]:
    """Somebody else on the network, with no code of the first and no login."""
    with using_network(pds.network), AtmosphereClient() as client:
        yield client


def test_what_one_publishes_another_finds_decodes_and_verifies(
    index: AtmosphereIndex, photos: Any, someone: Account, stranger: AtmosphereClient, pds: Pds
) -> None:
    entry = index.insert_dataset(
        photos, name="photos", description="Boxes", tags=["boxes", "demo"], license="MIT", metadata={"lr": 0.5, "n": 3}
    )
    assert entry.uri.startswith(f"at://{someone.did}/{RECORD}/")
    assert [url.startswith(f"at://{someone.did}/blob/bafkrei") for url in entry.data_urls] == [True] * 3

    theirs = AtmosphereIndex(stranger, repo=someone.handle, verify=True)
    (found,) = theirs.list_datasets()
    assert found == entry == theirs.get_dataset("photos") == theirs.get_dataset(entry.uri)
    assert (found.description, found.tags, found.license) == ("Boxes", ["boxes", "demo"], "MIT")
    assert found.metadata == {"lr": 0.5, "n": 3}
    kind = theirs.decode_schema(found.schema_ref)
    assert kind is not Photo
    assert kind.__doc__.startswith("A picture with a box in it.")
    loaded = atdata.load_dataset(f"@{someone.handle}/photos", split="train")
    assert loaded.sample_type is kind
    assert [(s.label, s.box.x, float(s.pixels.sum())) for s in loaded.ordered()] == [
        (f"n{n}", n, 16.0 * n) for n in range(25)
    ]
    for where in (entry.uri, entry.uri.replace(someone.did, someone.handle)):
        assert sum(1 for _ in atdata.load_dataset(where, split="train").ordered()) == 25
    assert [s.label for s in pickle.loads(pickle.dumps(loaded.ordered()))] == [f"n{n}" for n in range(25)]


def test_proofs_of_the_server_hold(client: Any, pds: Pds) -> None:
    for n in range(30):
        client.create_record("com.example.note", {"n": n}, rkey=f"k{n}")
    resolver = IdentityResolver(pds.network)

    for n in range(30):
        proof = fetch_proof(resolver, client.did, "com.example.note", f"k{n}")
        assert proof.value == client.get_record(f"at://{client.did}/com.example.note/k{n}")
        assert proof.cid == client.find_record(f"at://{client.did}/com.example.note/k{n}").cid
    assert fetch_proof(resolver, client.handle, "com.example.note", "k30").value is None


def test_handles_of_the_server_belong_to_their_accounts(pds: Pds, someone: Account) -> None:
    resolver = IdentityResolver(pds.network)

    assert resolver.resolve(someone.handle).did == someone.did
    assert resolver.handle_of(someone.did) == someone.handle
    assert resolver.resolve(someone.did).server() == pds.url


def test_it_is_an_index_like_the_local_one(index: AtmosphereIndex, photos: Any) -> None:
    assert isinstance(index, AbstractIndex)
    assert isinstance(index.data_store, AbstractDataStore)
    assert isinstance(index.insert_dataset(photos, name="photos"), IndexEntry)


def test_a_schema_is_published_once(index: AtmosphereIndex, someone: Account) -> None:
    ref = index.publish_schema(Photo, version="1.0.0", description="Other words")

    assert index.publish_schema(Photo) == index.publish_schema(Photo, version="1.0.0") == ref
    assert sorted((schema["name"], schema["version"]) for schema in index.list_schemas()) == [
        ("Box", "1.0.0"),
        ("Photo", "1.0.0"),
    ]
    schema = index.get_schema(ref)
    assert (schema["name"], schema["description"], schema["$ref"]) == ("Photo", "Other words", ref)
    assert list(index.schemas) == index.list_schemas()


def test_a_published_version_never_changes(index: AtmosphereIndex) -> None:
    first = index.publish_schema(Box)

    @atdata.packable
    class Other:
        x: int
        y: float

    Other.__name__ = "Box"
    with pytest.raises(ValueError, match=r"1\.0\.0 is published with other fields"):
        index.publish_schema(Other, version="1.0.0")
    second = index.publish_schema(Other)
    assert index.get_schema(second)["version"] == "1.0.1"
    assert index.publish_schema(Box) == first
    with pytest.raises(ValueError, match="version"):
        index.publish_schema(Box, version="one")


def test_schemas_have_addresses_by_name_and_version(
    index: AtmosphereIndex, someone: Account, stranger: AtmosphereClient
) -> None:
    ref = index.publish_schema(Box, version="1.9.0")
    index.publish_schema(Box, version="1.10.0")

    document, origin = resolve_schema(f"atdata://{someone.handle}/sampleSchema/Box")
    assert (document["version"], origin) == ("1.10.0", someone.did)
    assert resolve_schema(f"atdata://{someone.did}/sampleSchema/Box@1.9.0")[0] == resolve_schema(ref)[0]
    with pytest.raises(KeyError, match=r"there are 1\.9\.0, 1\.10\.0"):
        resolve_schema(f"atdata://{someone.handle}/sampleSchema/Box@3.0.0")
    team = Index(path=":memory:")
    assert team.decode_schema(f"atdata://{someone.handle}/sampleSchema/Box@1.9.0").__name__ == "Box"


def test_two_schemas_of_one_name_and_version_that_differ_are_named(index: AtmosphereIndex, client: Any) -> None:
    ref = index.publish_schema(Box)
    document = {key: value for key, value in index.get_schema(ref).items() if key != "$ref"}
    fields = [*document["fields"], {**document["fields"][0], "name": "z"}]
    other = client.create_record(SCHEMA, {**document, "fields": fields}, rkey="other")

    with pytest.raises(ValueError, match="both call themselves so") as caught:
        index.get_schema(f"atdata://{client.did}/sampleSchema/Box@1.0.0")
    assert ref in str(caught.value)
    assert str(other) in str(caught.value)
    assert len(index.get_schema(str(other))["fields"]) == 3


def test_without_a_store_shards_stay_where_they_are(client: Any, photos: Any) -> None:
    index = AtmosphereIndex(client)
    urls = atdata.Dataset[Photo]("https://data.example.org/photos-{000..002}.tar")
    entry = index.insert_dataset(urls, name="elsewhere", schema_ref="at://did:plc:abc/x.y.z/1")

    assert entry.data_urls == ["https://data.example.org/photos-{000..002}.tar"]
    assert index.data_store is None
    assert index.list_schemas() == []
    assert index.get_dataset("elsewhere").storage_type == "external"


def test_shards_are_copied_byte_for_byte_or_cut_to_fit(client: Any, photos: Any, tmp_path: Path) -> None:
    from atdata_lexicon.cid import cid_for_bytes

    store = PDSBlobStore(client)
    copied = store.write_shards(photos, prefix="photos")
    assert [url.rpartition("/")[2] for url in copied] == [
        cid_for_bytes(path.read_bytes()) for path in sorted(tmp_path.glob("photos-*.tar"))
    ]
    assert len(store.write_shards(photos, prefix="photos", maxcount=4)) == 7
    small = PDSBlobStore(client, max_blob_size=8192)
    cut = small.write_shards(photos, prefix="photos")
    assert len(cut) > 3
    assert all(blob["size"] <= 8192 for url in cut if (blob := small.blob_of(url)))
    with pytest.raises(OSError, match="larger than the 1,000 bytes"):
        PDSBlobStore(client, max_blob_size=1000).write_shards(photos, prefix="photos")


def test_a_store_gives_sources_and_addresses(index: AtmosphereIndex, photos: Any, pds: Pds) -> None:
    store = index.data_store
    assert isinstance(store, PDSBlobStore)
    entry = index.insert_dataset(photos, name="photos", maxcount=5)
    assert len(entry.data_urls) == 5

    assert sum(1 for _ in atdata.Dataset[Photo](store.create_source(entry.data_urls)).ordered()) == 25
    assert store.read_url(entry.data_urls[0]).startswith(f"{pds.url}/xrpc/com.atproto.sync.getBlob?did=did%3Aplc%3A")
    assert store.supports_streaming()
    with using_network(pds.network):
        assert sum(1 for _ in atdata.Dataset[Photo](entry.data_urls[0]).ordered()) == 5
    for wrong in ("https://example.com/a.tar", entry.uri, "x"):
        with pytest.raises(ValueError, match="no address of a blob"):
            store.read_url(wrong)
        with pytest.raises(ValueError, match="no address of a blob"):
            store.create_source([wrong])


def test_nothing_is_published_when_it_cannot_be_whole(index: AtmosphereIndex, photos: Any, client: Any) -> None:
    for wrong in ({"name": ""}, {"name": "x", "tags": ["t" * 1000]}, {"name": "x", "license": "l" * 3000}):
        with pytest.raises(ValueError, match=r".+"):
            index.insert_dataset(photos, **wrong)
    with pytest.raises(TypeError, match="no fields to publish"):
        index.insert_dataset(atdata.Dataset[atdata.DictSample]("a.tar"), name="x")
    with pytest.raises(FileNotFoundError):
        index.insert_dataset(atdata.Dataset[Box]("nowhere.tar"), name="x")
    assert index.list_datasets() == []


def test_an_account_is_needed_to_write_and_none_to_read(photos: Any, someone: Account, pds: Pds) -> None:
    with using_network(pds.network):
        nobody = AtmosphereClient(pds.url)
        with pytest.raises(ValueError, match="login"):
            PDSBlobStore(nobody).write_shards(photos, prefix="x")
        with pytest.raises(ValueError, match="log in"):
            AtmosphereIndex(nobody).list_datasets()
        with pytest.raises(ValueError, match="login"):
            AtmosphereIndex(nobody).publish_schema(Box)
        assert public_index(someone.handle).list_datasets() == []
        assert list(public_index(someone.did).schemas) == []


def test_a_name_means_the_record_that_was_made_last(index: AtmosphereIndex, photos: Any) -> None:
    index.insert_dataset(photos, name="photos", description="first")
    last = index.insert_dataset(photos, name="photos", description="last")

    assert index.get_dataset("photos") == last
    assert len(index.list_datasets()) == 2


@pytest.mark.parametrize("ref", ["nothing", "@nobody-at-all.test/x", "at://did:plc:abc/ac.foundation.dataset.record/x"])
def test_what_is_not_there_is_a_key_error(index: AtmosphereIndex, ref: str) -> None:
    with pytest.raises(KeyError):
        index.get_dataset(ref)


def test_records_of_another_kind_are_value_errors(index: AtmosphereIndex, photos: Any) -> None:
    entry = index.insert_dataset(photos, name="photos")

    with pytest.raises(ValueError, match="not of ac"):
        index.get_dataset(entry.schema_ref)
    with pytest.raises(ValueError, match="not of ac"):
        index.get_schema(entry.uri)
    with pytest.raises(ValueError, match="not of ac"):
        index.decode_schema(entry.uri)


def test_a_damaged_record_never_hides_the_others(index: AtmosphereIndex, client: Any, photos: Any) -> None:
    kept = index.insert_dataset(photos, name="photos")
    call = client._account.procedure
    wrong: list[dict[str, Any]] = [
        {},
        {"name": 7, "schemaRef": None, "storage": 3},
        {"name": "x", "storage": {"$type": "ac.foundation.dataset.storageBlobs", "blobs": 5}},
        {"name": "x", "storage": {"$type": "ac.foundation.dataset.storageBlobs", "blobs": [{"size": "x"}]}},
        {"name": "x", "storage": {"$type": "com.example.other"}, "tags": {"a": 1}},
    ]
    for n, record in enumerate(wrong):
        data = {"repo": client.did, "collection": RECORD, "rkey": f"bad{n}", "validate": False}
        call("com.atproto.repo.createRecord", {**data, "record": {"$type": RECORD, **record}}, "test")

    entries = index.list_datasets()

    assert len(entries) == 6
    assert kept in entries
    for entry in entries:
        assert isinstance(repr(entry), str)
        if entry != kept:
            with pytest.raises((ValueError, OSError)):
                index.shard_source(entry, entry.data_urls)
            with pytest.raises((ValueError, OSError, KeyError)):
                atdata.load_dataset(entry.uri, index=index)
    assert index.get_dataset("photos") == kept


def test_a_listing_names_what_it_leaves_out(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    good = client.create_record("com.example.note", {"n": 1})
    reader = AtmosphereIndex(client)._reader
    listed = list(reader.all("com.example.note"))
    assert [found.uri for found in listed] == [good]
    foreign = type(listed[0])(type(good)("did:plc:other", good.collection, good.rkey), "", {"$type": good.collection})
    monkeypatch.setattr(type(client), "iter_records", lambda *_, **__: iter([foreign, *listed]))

    with pytest.warns(DamagedEntryWarning, match="is listed among records of"):
        assert list(reader.all("com.example.note")) == listed


def test_a_thousand_records_are_listed_through_paging(index: AtmosphereIndex, client: Any) -> None:
    from atdata.atmosphere import Create

    storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/a.tar"]}
    record = {"schemaRef": "at://x", "storage": storage, "createdAt": "2026-01-01T00:00:00Z"}
    client.apply_writes(Create(RECORD, {**record, "name": f"d{n:04d}"}) for n in range(1000))

    assert sorted(entry.name for entry in index.datasets) == [f"d{n:04d}" for n in range(1000)]
    assert len(index.list_datasets(limit=150)) == 150
    assert index.get_dataset("d0000").name == "d0000"


def test_what_a_server_takes_is_found_out_where_it_does_not_tell(
    index: AtmosphereIndex, photos: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, sizes = client.upload_blob, list[int]()

    def strict(file: Any, kind: str) -> Any:
        data = file.read()
        sizes.append(len(data))
        if len(data) > 6000:
            raise TooLargeError("request entity too large", status=413)
        return upload(data, kind)

    monkeypatch.setattr(client, "upload_blob", strict)
    monkeypatch.setattr(client, "blob_limit", lambda: None)
    monkeypatch.setattr("atdata._atmosphere.blobs.store._GUESSES", (50_000, 8000, 5120))
    entry = index.insert_dataset(photos, name="photos")

    assert sizes[0] > 8000 >= sizes[1] > 6000
    assert max(sizes[2:]) <= 5120
    store = index.data_store
    assert isinstance(store, PDSBlobStore)
    assert store.blob_limit() == 5120
    assert sum(1 for _ in atdata.Dataset[Photo](store.create_source(entry.data_urls)).ordered()) == 25
    with pytest.raises(OSError, match="say what it takes"):
        PDSBlobStore(client, max_blob_size=8000).write_shards(photos)


def test_a_server_that_stored_other_bytes_is_found_out(
    index: AtmosphereIndex, photos: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = client.upload_blob
    monkeypatch.setattr(client, "upload_blob", lambda file, kind: upload(file.read()[:-512], kind))

    with pytest.raises(OSError, match="stored other bytes"):
        index.insert_dataset(photos, name="photos")
    assert index.list_datasets() == []


def test_reading_needs_no_sdk(someone: Account, pds: Pds, index: AtmosphereIndex, photos: Any) -> None:
    index.insert_dataset(photos, name="photos")
    code = (
        "import sys; sys.modules['atproto'] = None; import atdata; from atdata.atmosphere import *; "
        f"set_network(Network(plc_url={pds.plc!r}, trusted=({pds.url!r},), hosts={{'.test': {pds.url!r}}})); "
        f"data = atdata.load_dataset('@{someone.handle}/photos', split='train'); "
        "print(sum(1 for _ in data.ordered()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("25\n", "")


def test_blobs_of_one_may_be_a_dataset_of_another(index: AtmosphereIndex, photos: Any, pds: Pds) -> None:
    """Bob's record names Alice's blobs as addresses: they stay where they are, and are checked all the same."""
    entry = index.insert_dataset(photos, name="photos")
    with using_network(pds.network), AtmosphereClient(pds.url) as bob:
        bob.login_with_session(pds.accounts[1].session)
        data = atdata.Dataset[Photo]("::".join(entry.data_urls))
        assert atdata.Dataset[Photo](data.url).list_shards() == entry.data_urls
        theirs = AtmosphereIndex(bob).insert_dataset(data, name="photos-of-another", schema_ref=entry.schema_ref)
        try:
            assert (theirs.data_urls, theirs.storage_type) == (entry.data_urls, "external")
            loaded = atdata.load_dataset(theirs.uri, split="train")
            assert [s.label for s in loaded.ordered()] == [f"n{n}" for n in range(25)]
            again = DatasetLoader(AtmosphereClient()).to_dataset(theirs.uri, Photo)
            assert sum(1 for _ in again.ordered()) == 25
        finally:
            bob.delete_record(theirs.uri)


def test_an_entry_is_a_thin_view_of_its_record() -> None:
    storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["a.tar"]}
    record = {"$type": RECORD, "name": "n", "schemaRef": "s", "storage": storage, "createdAt": "x", "more": [1]}
    entry = AtmosphereIndexEntry("at://did:plc:abc/ac.foundation.dataset.record/1", record)

    assert (entry.name, entry.schema_ref, entry.data_urls, entry.metadata) == ("n", "s", ["a.tar"], None)
    assert (entry._uri, entry._record) == (entry._uri, record)
    assert str(entry._uri) == entry.uri


def test_a_blob_has_no_split_whatever_its_cid_spells() -> None:
    from atdata._loading.indexed import resolve

    urls = [f"at://did:plc:abc/blob/bafkrei{word}2" for word in ("2test", "4val", "5dev", "3train")]

    class Found:
        schema_ref = "x"
        data_urls = urls

    class Shelf:
        def get_dataset(self, ref: str) -> Any:
            return Found()

        def decode_schema(self, ref: str) -> Any:
            return Box

    assert list(resolve("@alice.test/x", None, Shelf())[0]) == ["train"]
    assert list(atdata.load_dataset(urls[0], Box)) == ["train"]
