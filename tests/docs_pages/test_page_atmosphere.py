"""What the tutorial and the reference of the atmosphere promise, on a real server with two accounts."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata import BlobSource
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    AtUri,
    Client,
    DatasetLoader,
    DatasetPublisher,
    LensLoader,
    LensPublisher,
    PDSBlobStore,
    SchemaLoader,
    SchemaPublisher,
)
from atdata.lens import lens

NAMESPACE = "ac.foundation.dataset"


@atdata.packable
class ImageSample:
    """A picture with its label."""

    image: NDArray
    label: str
    confidence: float


@atdata.packable
class FeatureSample:
    features: NDArray
    label: int
    source: str


@atdata.packable
class LabelSample:
    label: str


@lens
def simplify(src: ImageSample) -> LabelSample:
    return LabelSample(label=src.label)


def write(path: Any, count: int = 100) -> None:
    with wds.writer.TarWriter(path) as sink:
        for i in range(count):
            sample = FeatureSample(features=np.full(16, i, np.float32), label=i % 10, source="synthetic")
            sink.write({**sample.as_wds, "__key__": f"{i:06d}"})


@pytest.fixture
def features(tmp_path: Path) -> atdata.Dataset[FeatureSample]:
    write(str(tmp_path / "features.tar"))
    return atdata.Dataset[FeatureSample](str(tmp_path / "features.tar"))


@pytest.fixture
def store(client: Any) -> PDSBlobStore:
    return PDSBlobStore(client)


@pytest.fixture
def index(client: Any, store: PDSBlobStore) -> AtmosphereIndex:
    return AtmosphereIndex(client, data_store=store)


@pytest.fixture
def bob(pds: Any) -> Iterator[AtmosphereClient]:
    """Somebody else, who has an account on the same server and none of our code."""
    with AtmosphereClient(pds.url, network=pds.network) as made:
        made.login_with_session(pds.accounts[1].session)
        yield made


# The tutorial ------------------------------------------------------------------------------------------------


def test_the_extra_brings_the_sdk() -> None:
    wanted = [text for text in metadata("atdata").get_all("Requires-Dist") or () if text.startswith("atproto")]

    assert any("atmosphere" in text for text in wanted)
    assert {"atmosphere", "atproto"} <= set(metadata("atdata").get_all("Provides-Extra") or ())
    assert Client is AtmosphereClient


def test_a_sample_class_can_be_looked_into() -> None:
    sample = ImageSample(image=np.random.rand(8, 8, 3).astype(np.float32), label="cat", confidence=0.95)

    assert is_dataclass(ImageSample)
    assert [field.name for field in fields(ImageSample)] == ["image", "label", "confidence"]
    assert np.allclose(ImageSample.from_bytes(sample.packed).image, sample.image)


@pytest.mark.parametrize(
    "parts",
    [
        ("did:plc:abc123", f"{NAMESPACE}.sampleSchema", "xyz789"),
        ("alice.bsky.social", f"{NAMESPACE}.record", "my-dataset"),
        ("a", "b", "c/d/e"),
    ],
)
def test_an_address_is_taken_apart_and_put_together(parts: tuple[str, str, str]) -> None:
    text = f"at://{'/'.join(parts)}"
    uri = AtUri.parse(text)

    assert (uri.authority, uri.collection, uri.rkey) == parts
    assert str(uri) == text
    assert uri == AtUri(*parts)


@pytest.mark.parametrize(
    "text",
    ["", "at://", "at://a", "at://a/b", "at://a/b/", "at:///b/c", "at://a//c", "https://a/b/c", "at://a/b/c d", None],
)
def test_what_is_no_address_is_a_value_error(text: Any) -> None:
    with pytest.raises(ValueError, match="is no AT URI"):
        AtUri.parse(text)


def test_whoever_logs_in_has_a_handle_and_a_did(pds: Any) -> None:
    with AtmosphereClient(base_url=pds.url) as client:
        client.login("alice.test", "hunter2pass")
        assert client.handle == "alice.test"
        assert client.did.startswith("did:plc:")

        with AtmosphereClient() as again:
            again.login_with_session(client.export_session())
            assert again.did == client.did


def test_a_published_schema_is_listed(client: Any) -> None:
    uri = SchemaPublisher(client).publish(
        ImageSample, name="ImageSample", version="1.0.0", description="With its label.", metadata={"source": "training"}
    )
    (schema,) = SchemaLoader(client).list_all(limit=10)

    assert str(uri).startswith(f"at://{client.did}/{NAMESPACE}.sampleSchema/")
    assert (schema["name"], schema["version"], schema["metadata"]) == ("ImageSample", "1.0.0", {"source": "training"})
    assert SchemaLoader(client).get(str(uri)) == schema


def test_a_dataset_at_addresses_is_listed_with_its_schema_and_tags(client: Any) -> None:
    schema_uri = SchemaPublisher(client).publish(ImageSample)
    uri = DatasetPublisher(client).publish_with_urls(
        urls=["s3://example-bucket/demo-data-{000000..000009}.tar"],
        schema_uri=str(schema_uri),
        name="Demo Image Dataset",
        description="For show.",
        tags=["demo", "images"],
        license="MIT",
    )
    loader = DatasetLoader(client)
    (found,) = loader.list_all(limit=10)

    assert found["schemaRef"] == str(schema_uri)
    assert (found["name"], found["tags"], found["license"]) == ("Demo Image Dataset", ["demo", "images"], "MIT")
    assert loader.get_storage_type(uri) == "external"
    assert loader.get_urls(uri) == ["s3://example-bucket/demo-data-{000000..000009}.tar"]


def test_a_dataset_goes_into_the_repository_and_comes_back(
    index: AtmosphereIndex, store: PDSBlobStore, client: Any, features: Any
) -> None:
    schema_uri = index.publish_schema(FeatureSample, version="1.0.0", description="Features and labels.")
    entry = index.insert_dataset(features, name="synthetic-v1", schema_ref=schema_uri, tags=["features", "synthetic"])

    assert entry.uri.startswith(f"at://{client.did}/{NAMESPACE}.record/")
    assert [url.split("/")[:4] for url in entry.data_urls] == [["at:", "", client.did, "blob"]]
    cid = entry.data_urls[0].rpartition("/")[2]
    for source in (
        store.create_source(entry.data_urls),
        BlobSource.from_refs([{"did": client.did, "cid": cid}], pds_endpoint=client.pds_endpoint(client.did)),
    ):
        batches = list(atdata.Dataset[FeatureSample](source).ordered(batch_size=32))
        assert [batch.features.shape for batch in batches] == [(32, 16)] * 3 + [(4, 16)]


def test_a_dataset_is_loaded_by_its_record_wherever_its_shards_are(client: Any, features: Any, tmp_path: Path) -> None:
    publisher, loader = DatasetPublisher(client), DatasetLoader(client)
    schema_uri = SchemaPublisher(client).publish(FeatureSample)
    external = publisher.publish(features, name="here", schema_uri=str(schema_uri))
    blobs = publisher.publish_with_blobs([(tmp_path / "features.tar").read_bytes()], str(schema_uri), name="there")

    for uri, kind in ((external, "external"), (blobs, "blobs")):
        assert loader.get_storage_type(str(uri)) == kind
        dataset = loader.to_dataset(str(uri), FeatureSample)
        assert [sample.label for sample in dataset.ordered()] == [i % 10 for i in range(100)]
    assert len(loader.get_blob_urls(str(blobs))) == 1


# The reference -----------------------------------------------------------------------------------------------


def test_a_store_writes_reads_and_cuts_shards(store: PDSBlobStore, features: Any, client: Any) -> None:
    urls = store.write_shards(features, prefix="my-data/v1", maxcount=30, maxsize=50e6)

    assert len(urls) == 4
    assert store.supports_streaming()
    assert store.read_url(urls[0]).startswith(f"{client.pds_endpoint(client.did)}/xrpc/com.atproto.sync.getBlob?")
    assert store.create_source(urls).list_shards() == urls


def test_shards_can_be_tars_in_memory(client: Any) -> None:
    buffer = io.BytesIO()
    write(buffer, 10)
    schema_uri = SchemaPublisher(client).publish(FeatureSample)
    uri = DatasetPublisher(client).publish_with_blobs(
        blobs=[buffer.getvalue()], schema_uri=str(schema_uri), name="small", tags=["small"], metadata={"n": 10}
    )
    loader = DatasetLoader(client)

    assert len(list(loader.to_dataset(uri, FeatureSample).ordered())) == 10
    assert loader.get_metadata(uri) == {"n": 10}


def test_an_index_lists_finds_and_decodes_what_was_published(
    index: AtmosphereIndex, client: Any, bob: AtmosphereClient, features: Any
) -> None:
    entry = index.insert_dataset(features, name="found", description="For all.", tags=["x"], license="MIT")

    theirs = AtmosphereIndex(bob)
    (listed,) = theirs.list_datasets(repo=client.did)
    assert (listed.name, listed.schema_ref, listed.uri) == ("found", entry.schema_ref, entry.uri)
    assert [schema["name"] for schema in theirs.list_schemas(repo=client.handle)] == ["FeatureSample"]
    kind = theirs.decode_schema(listed.schema_ref)
    assert kind is not FeatureSample
    source = PDSBlobStore(bob).create_source(theirs.get_dataset(entry.uri).data_urls)
    batches = list(atdata.Dataset[kind](source).ordered(batch_size=50))  # type: ignore[valid-type]  # of a schema
    assert [batch.features.shape for batch in batches] == [(50, 16), (50, 16)]


def test_without_a_store_the_addresses_stay(client: Any, features: Any) -> None:
    index = AtmosphereIndex(client)
    entry = index.insert_dataset(features, name="external-features")

    assert entry.data_urls == [features.url]
    assert len(list(atdata.Dataset[FeatureSample](entry.data_urls[0]).ordered())) == 100


def test_lenses_are_published_in_both_ways_and_found(client: Any) -> None:
    full = str(SchemaPublisher(client).publish(ImageSample))
    simple = str(SchemaPublisher(client).publish(LabelSample))
    publisher, loader = LensPublisher(client), LensLoader(client)
    code = {"repository": "https://example.com/org/repo", "commit": "abc123def"}
    by_hand = publisher.publish(
        name="simplify",
        source_schema=full,
        target_schema=simple,
        description="Extract label only",
        getter_code={**code, "path": "transforms/simplify.py:simplify_getter"},
        putter_code={**code, "path": "transforms/simplify.py:simplify_putter"},
    )
    of_object = publisher.publish_from_lens(simplify, source_schema=full, target_schema=simple)

    assert loader.get(str(by_hand))["putterCode"]["commit"] == "abc123def"
    assert {record["name"] for record in loader.list_all()} == {"simplify"}
    assert len(loader.find_by_schemas(source_schema_uri=full, target_schema_uri=simple)) == 2
    assert loader.find_by_schemas(simple) == []
    assert loader.to_lens(of_object, lenses=[simplify]) is simplify


def test_every_supported_type_is_in_the_schema(client: Any) -> None:
    @atdata.packable
    class Everything:
        text: str
        number: int
        real: float
        truth: bool
        raw: bytes
        array: NDArray
        doubles: NDArray[np.float64]
        names: list[str]
        maybe: str | None = None

    record = SchemaLoader(client).get(SchemaPublisher(client).publish(Everything))
    kinds = {field["name"]: field["fieldType"] for field in record["fields"]}

    primitives = {"text": "str", "number": "int", "real": "float", "truth": "bool", "raw": "bytes"}
    assert {name: kinds[name]["primitive"] for name in primitives} == primitives
    assert kinds["array"]["$type"] == f"{NAMESPACE}.schemaType#ndarray"
    assert kinds["doubles"]["dtype"] == "float64"
    assert kinds["names"]["items"]["primitive"] == "str"
    assert [field["name"] for field in record["fields"] if field.get("optional")] == ["maybe"]


# Addresses of the project's own kind -------------------------------------------------------------------------


def test_a_published_schema_has_an_address_of_each_kind(client: Any, bob: AtmosphereClient) -> None:
    ref = client.publish_schema(ImageSample)
    index = AtmosphereIndex(bob)

    assert ref.startswith(f"at://{client.did}/{NAMESPACE}.sampleSchema/")
    found = [
        index.get_schema(address)
        for address in (
            ref,
            f"atdata://{client.did}/sampleSchema/ImageSample@1.0.0",
            f"atdata://{client.handle}/sampleSchema/ImageSample@1.0.0",
            f"atdata://{client.handle}/sampleSchema/ImageSample",
        )
    ]
    assert found == [found[0]] * 4
    assert json.dumps(found[0])
