"""Publishers and loaders on a real server: schemas, datasets and lenses as records."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata.atmosphere import (
    AtmosphereClient,
    AtmosphereIndex,
    AtUri,
    DatasetLoader,
    DatasetPublisher,
    LensLoader,
    LensPublisher,
    SchemaLoader,
    SchemaPublisher,
)
from atdata.lens import Lens, LensNetwork
from atdata_lexicon import ValidationError, is_tid

SCHEMA = "ac.foundation.dataset.sampleSchema"
DATASET = "ac.foundation.dataset.record"
LENS = "ac.foundation.dataset.lens"


@atdata.packable
class Picture:
    """A picture with its label."""

    image: NDArray[np.float32]
    label: str
    score: float


@atdata.packable
class Label:
    label: str


@atdata.packable
class Album:
    cover: Picture
    title: str


def label_of(picture: Picture) -> Label:
    """Leaves only the label."""
    return Label(label=picture.label)


def relabel(label: Label, picture: Picture) -> Picture:
    return Picture(image=picture.image, label=label.label, score=picture.score)


@pytest.fixture
def reader(pds: Any) -> AtmosphereClient:
    """A client that nobody is logged in with."""
    return AtmosphereClient(network=pds.network)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    path = tmp_path / "pictures.tar"
    samples = [Picture(image=np.full((2, 3), n, np.float32), label=f"l{n}", score=n / 4) for n in range(20)]
    atdata.write(samples, path)
    return path


# Schemas -----------------------------------------------------------------------------------------------------


def test_a_schema_is_published_under_a_new_key_and_found_again(client: Any, reader: AtmosphereClient) -> None:
    uri = SchemaPublisher(client).publish(
        Picture, name="Photo", version="1.2.0", description="Seen.", metadata={"source": "lab", "rate": 0.5}
    )
    record = SchemaLoader(reader).get(str(uri))

    assert isinstance(uri, AtUri)
    assert (uri.authority, uri.collection, is_tid(uri.rkey)) == (client.did, SCHEMA, True)
    assert (record["name"], record["version"], record["description"]) == ("Photo", "1.2.0", "Seen.")
    assert [field["name"] for field in record["fields"]] == ["image", "label", "score"]
    assert record["metadata"]["rate"] == {"$type": "ac.foundation.dataset.schemaType#float", "value": "0.5"}
    assert SchemaLoader(client).list_all() == SchemaLoader(reader).list_all(repo=client.handle) == [record]


def test_a_schemas_name_version_and_description_have_defaults(client: Any) -> None:
    record = SchemaLoader(client).get(SchemaPublisher(client).publish(Picture, rkey="picture"))

    assert (record["name"], record["version"], record["description"]) == (
        "Picture",
        "1.0.0",
        "A picture with its label.",
    )


def test_a_schema_published_by_the_client_has_its_address_in_both_forms(client: Any) -> None:
    ref = client.publish_schema(Picture)
    index = AtmosphereIndex(client)

    assert ref.startswith(f"at://{client.did}/{SCHEMA}/")
    for who in (client.did, client.handle):
        assert index.get_schema(f"atdata://{who}/sampleSchema/Picture@1.0.0")["$ref"] == ref


def test_the_classes_that_a_sample_holds_are_published_with_it(client: Any) -> None:
    first = SchemaPublisher(client).publish(Album)
    second = SchemaPublisher(client).publish(Album, version="1.0.1")
    records = {record["name"]: record for record in SchemaLoader(client).list_all()}

    assert len(SchemaLoader(client).list_all()) == 3  # one of Picture
    refs = [SchemaLoader(client).get(uri)["fields"][0]["fieldType"]["ref"] for uri in (first, second)]
    assert SchemaLoader(client).get(refs[0]) == records["Picture"]
    assert refs[0] == refs[1]


def test_what_no_schema_can_express_is_refused_before_anything_is_sent(client: Any) -> None:
    @atdata.packable
    class Odd:
        good: Picture
        bad: dict[str, int]

    with pytest.raises(TypeError, match="Unsupported type"):
        SchemaPublisher(client).publish(Odd)
    with pytest.raises(ValueError, match="packable"):
        SchemaPublisher(client).publish(int)
    with pytest.raises(ValueError, match=r"MAJOR\.MINOR\.PATCH"):
        SchemaPublisher(client).publish(Picture, version="one")
    with pytest.raises(ValueError, match="log"):
        SchemaPublisher(AtmosphereClient("http://localhost:1")).publish(Picture)
    assert SchemaLoader(client).list_all() == []


def test_a_record_of_another_kind_is_refused_by_its_type_and_not_by_its_address(client: Any) -> None:
    uri = client.create_record("com.example.note", {"text": "hello"})
    schema = SchemaPublisher(client).publish(Label)

    for loader in (SchemaLoader(client), DatasetLoader(client), LensLoader(client)):
        with pytest.raises(ValueError, match=r"is a record of 'com.example.note', not of ac.foundation"):
            loader.get(uri)
        with pytest.raises(KeyError):
            loader.get(f"at://{client.did}/{SCHEMA}/missing")
    with pytest.raises(ValueError, match=r"not of ac\.foundation\.dataset\.lens"):
        LensLoader(client).get(schema)


def test_listing_neither_filters_nor_checks_and_goes_through_all_pages(client: Any) -> None:
    from atdata.atmosphere import Create

    good = SchemaLoader(client).get(SchemaPublisher(client).publish(Label))
    client.apply_writes([Create(SCHEMA, {**good, "version": f"1.0.{n}"}) for n in range(130)])
    bad = {"repo": client.did, "collection": SCHEMA, "record": {"odd": 1}, "validate": False}
    client._account.procedure("com.atproto.repo.createRecord", bad, "leaving litter")
    loader = SchemaLoader(client)

    assert len(loader.list_all(limit=None)) == 132
    assert len(loader.list_all()) == len(loader.list_records()[0]) == 100
    assert len(loader.list_all(limit=101)) == 101
    assert loader.list_all(limit=1) == [{"$type": SCHEMA, "odd": 1}]


# Datasets ----------------------------------------------------------------------------------------------------


def test_a_dataset_at_addresses_is_published_and_read_without_fetching_its_schema(
    client: Any, reader: AtmosphereClient
) -> None:
    urls = ["s3://example-bucket/demo-{000000..000009}.tar", "https://example.com/more.tar"]
    uri = DatasetPublisher(client).publish_with_urls(
        urls,
        "at://did:plc:nobody/ac.foundation.dataset.sampleSchema/nothing",
        name="Demo",
        description="For show.",
        tags=["demo", "images"],
        license="MIT",
        metadata={"rate": 0.5, "split": ["a"]},
        rkey="demo",
    )
    loader = DatasetLoader(reader)
    record = loader.get(uri)

    assert str(uri) == f"at://{client.did}/{DATASET}/demo"
    assert (record["name"], record["tags"], record["license"]) == ("Demo", ["demo", "images"], "MIT")
    assert loader.get_storage_type(uri) == "external"
    assert loader.get_urls(str(uri)) == urls
    assert loader.get_metadata(uri) == {"rate": 0.5, "split": ["a"]}
    assert loader.list_all(repo=client.did) == loader.list(client.did) == [record]
    for wrong in (loader.get_blobs, loader.get_blob_urls):
        with pytest.raises(ValueError, match="keeps no blobs"):
            wrong(uri)


def test_a_dataset_in_blobs_is_published_and_streamed_by_anybody(
    client: Any, reader: AtmosphereClient, pictures: Path
) -> None:
    schema = SchemaPublisher(client).publish(Picture)
    data = pictures.read_bytes()
    with pictures.open("rb") as file:
        uri = DatasetPublisher(client).publish_with_blobs([data, pictures, file], schema, name="pictures")
    loader = DatasetLoader(reader)

    assert loader.get_storage_type(uri) == "blobs"
    assert [blob["size"] for blob in loader.get_blobs(uri)] == [len(data)] * 3
    assert all(url.startswith(f"{client.pds_endpoint(client.did)}/xrpc/") for url in loader.get_blob_urls(uri))
    assert loader.get_metadata(uri) is None
    with pytest.raises(ValueError, match="as blobs"):
        loader.get_urls(uri)

    found = loader.to_dataset(uri, Picture)
    batches = list(found.ordered(batch_size=8))
    assert batches[0].image.shape == (8, 2, 3)
    assert [label for batch in batches for label in batch.label][:3] == ["l0", "l1", "l2"]
    assert reader.get_blob(client.did, loader.get_blobs(uri)[0]["ref"]["$link"]) == data


def test_publishing_a_dataset_publishes_its_schema_once(client: Any, pictures: Path) -> None:
    dataset = atdata.Dataset[Picture](str(pictures))
    publisher = DatasetPublisher(client)
    first = publisher.publish(dataset, name="one")
    second = publisher.publish(dataset, name="two", tags=["t"])
    loader = DatasetLoader(client)

    assert len(client.list_schemas()) == 1
    assert loader.get(first)["schemaRef"] == loader.get(second)["schemaRef"]
    assert loader.get_urls(first) == [str(pictures)]
    with pytest.raises(ValueError, match="auto_publish_schema"):
        publisher.publish(dataset, name="three", auto_publish_schema=False)
    own = loader.to_dataset(first, Picture)  # one's own record may name one's own files
    assert [sample.label for sample in own.ordered()] == [f"l{n}" for n in range(20)]


def test_addresses_that_a_stranger_wrote_are_judged_before_they_are_opened(
    client: Any, reader: AtmosphereClient, pictures: Path
) -> None:
    for url in (
        str(pictures),
        f"file://{pictures}",
        f"pipe:cat {pictures}",
        "http://localhost:1/a.tar",
        "s3://b/a.tar",
    ):
        uri = DatasetPublisher(client).publish_with_urls([url], "at://a/b/c", name="odd")
        found = DatasetLoader(reader).to_dataset(uri, Picture)

        assert found.url == url
        with pytest.raises(ValueError, match="comes from a record"):
            list(found.ordered())


def test_a_record_is_checked_in_full_when_a_dataset_is_made_of_it(client: Any) -> None:
    def leave(**changes: Any) -> str:
        storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/a.tar"]}
        good = {"$type": DATASET, "name": "x", "schemaRef": "at://a/b/c", "createdAt": "2026-01-01T00:00:00Z"}
        data = {"repo": client.did, "collection": DATASET, "record": {**good, "storage": storage, **changes}}
        answer = client._account.procedure("com.atproto.repo.createRecord", {**data, "validate": False}, "littering")
        return str(answer["uri"])

    loader = DatasetLoader(client)
    with pytest.raises(ValidationError, match=r"\$\.name"):
        loader.to_dataset(leave(name=7), Label)
    with pytest.raises(ValueError, match=r"not known here: 'com\.example\.elsewhere'"):
        loader.to_dataset(leave(storage={"$type": "com.example.elsewhere"}), Label)
    with pytest.raises(ValueError, match="not known here: None"):
        loader.get_storage_type(leave(storage=3))
    with pytest.raises(ValueError, match="names no shards"):
        loader.to_dataset(leave(storage={"$type": "ac.foundation.dataset.storageExternal", "urls": []}), Label)
    with pytest.raises(ValueError, match="urls are no list"):
        loader.get_urls(leave(storage={"$type": "ac.foundation.dataset.storageExternal", "urls": "a.tar"}))
    with pytest.raises(ValueError, match="blobs are no list"):
        loader.get_blobs(leave(storage={"$type": "ac.foundation.dataset.storageBlobs"}))


def test_a_dataset_record_that_is_wrong_uploads_nothing(client: Any) -> None:
    def shards() -> Iterator[bytes]:
        raise AssertionError("asked for")
        yield b""

    with pytest.raises(ValidationError, match=r"\$\.tags"):
        DatasetPublisher(client).publish_with_blobs(shards(), "at://a/b/c", name="x", tags=["t"] * 65)
    with pytest.raises(ValidationError, match=r"\$\.metadata\.n"):
        DatasetPublisher(client).publish_with_urls(["https://example.com/a.tar"], "r", name="x", metadata={"n": 2**60})
    with pytest.raises(TypeError, match="list of strings"):
        DatasetPublisher(client).publish_with_urls("a.tar", "r", name="x")  # type: ignore[arg-type]  # the mistake meant


# Lenses ------------------------------------------------------------------------------------------------------


def test_a_lens_is_published_in_both_forms_of_naming_code(client: Any) -> None:
    publisher = LensPublisher(client)
    code = {"repository": "https://example.com/lenses", "commit": "abc123def456"}
    one = publisher.publish(
        name="simplify",
        source_schema_uri="at://a/b/full",
        target_schema_uri="at://a/b/simple",
        description="Leaves only the label.",
        code_repository=code["repository"],
        code_commit=code["commit"],
        getter_path="lenses.simplify:get",
        putter_path="lenses.simplify:put",
    )
    two = publisher.publish(
        name="simplify",
        source_schema="at://a/b/full",
        target_schema=AtUri.parse("at://a/b/simple"),
        description="Leaves only the label.",
        getter_code={**code, "path": "lenses.simplify:get"},
        putter_code={**code, "path": "lenses.simplify:put"},
    )
    first = LensLoader(client).get(one)

    assert one == two
    assert first["getterCode"] == {**code, "path": "lenses.simplify:get"}


@pytest.mark.parametrize(
    "code",
    [
        {"code_repository": "https://example.com/x"},
        {"code_repository": "https://example.com/x", "code_commit": "abc123def456"},
        {"getter_path": "m:f"},
        {"code_repository": "https://example.com/x", "code_commit": "abc123def456", "putter_path": "m:f"},
        {"getter_code": {"repository": "r", "commit": "abc123def456"}},
        {"getter_code": {"repository": "r", "commit": "abc123def456", "path": ""}},
        {"getter_code": {"repository": "r", "commit": "abc123def456", "path": "p", "branch": "main"}},
        {"putter_code": {"repository": "r", "commit": "abc123def456", "path": "p"}},
        {"getter_code": {"repository": "r", "commit": "abc123def456", "path": "p"}, "getter_path": "m:f"},
    ],
)
def test_code_that_is_named_in_part_is_refused(code: dict[str, Any]) -> None:
    publisher = LensPublisher(AtmosphereClient("http://localhost:1"))

    with pytest.raises(ValueError, match="code"):
        publisher.publish("x", "at://a/b/c", "at://a/b/d", **code)


def test_a_lens_needs_both_schemas(client: Any) -> None:
    with pytest.raises(ValueError, match="source_schema_uri is missing"):
        LensPublisher(client).publish("x", target_schema="at://a/b/c")
    with pytest.raises(ValueError, match="target_schema_uri is given twice"):
        LensPublisher(client).publish("x", "at://a/b/c", "at://a/b/d", target_schema="at://a/b/d")


def test_a_lens_of_the_program_is_published_by_its_functions(client: Any) -> None:
    lens = Lens(label_of, relabel)
    publisher, loader = LensPublisher(client), LensLoader(client)
    plain = publisher.publish_from_lens(lens, source_schema="at://a/b/c", target_schema="at://a/b/d")
    named = publisher.publish_from_lens(
        lens,
        name="labels",
        source_schema_uri="at://a/b/c",
        target_schema_uri="at://a/b/d",
        code_repository="https://example.com/x",
        code_commit="abc123def456",
        rkey="labels",
    )

    record = loader.get(plain)
    assert (record["name"], record["description"]) == ("label_of", "Leaves only the label.")
    assert "getterCode" not in record
    record = loader.get(named)
    assert record["getterCode"]["path"] == f"{__name__}:label_of"
    assert record["putterCode"]["path"] == f"{__name__}:relabel"
    with pytest.raises(ValueError, match="both or none"):
        publisher.publish_from_lens(lens, source_schema="a", target_schema="b", code_commit="abc")


def test_a_lens_described_as_data_works_for_anybody_without_code(
    client: Any, reader: AtmosphereClient, pictures: Path
) -> None:
    schemas = [SchemaPublisher(client).publish(cls) for cls in (Picture, Label)]
    mapping = {"rules": [{"target": "label", "source": "label"}]}
    uri = LensPublisher(client).publish("labels", *schemas, mapping=mapping)
    loader = LensLoader(reader)
    before = dict(LensNetwork()._registry)

    assert loader.get(uri)["mapping"] == {"$type": f"{LENS}#fieldMapping", **mapping}
    lens = loader.to_lens(uri)
    assert (lens.source_type.__name__, lens.view_type.__name__, lens.__name__) == ("Picture", "Label", "labels")
    picture = lens.source_type(image=np.zeros(2, np.float32), label="cat", score=1.0)
    assert lens.get(picture).label == "cat"
    assert lens.put(lens.view_type(label="dog"), picture).label == "dog"

    own = pickle.loads(pickle.dumps(loader.to_lens(uri, source_type=Picture, view_type=Label)))
    assert own.get(Picture(image=np.zeros(2, np.float32), label="cat", score=1.0)) == Label(label="cat")
    assert own.columns is not None  # whole batches go through it
    assert dict(LensNetwork()._registry) == before  # a stranger's lens takes nobody's place

    with pytest.raises(ValidationError, match=r"\$\.mapping\.rules\[0\]\.target"):
        LensPublisher(client).publish("labels", "at://a/b/c", "at://a/b/d", mapping={"rules": [{}]})
    wrong = LensPublisher(client).publish("labels", *schemas, mapping={"rules": [{"target": "label", "source": "x"}]})
    with pytest.raises(ValueError, match="the source has no field x"):
        loader.to_lens(wrong)


def test_a_lens_described_as_data_casts_arrays_for_anybody(client: Any, reader: AtmosphereClient) -> None:
    @atdata.packable
    class Fine:
        image: NDArray[np.float64]

    schemas = [SchemaPublisher(client).publish(cls) for cls in (Picture, Fine)]
    rule = {"target": "image", "source": "image", "cast": "float64"}
    uri = LensPublisher(client).publish("fine", *schemas, mapping={"rules": [rule]})
    back = LensPublisher(client).publish("coarse", *schemas[::-1], mapping={"rules": [{**rule, "cast": "float32"}]})

    lens = LensLoader(reader).to_lens(uri)
    picture = lens.source_type(image=np.array([0.1], np.float32), label="cat", score=1.0)
    seen = lens.get(picture)
    assert (seen.image.dtype, float(seen.image[0])) == (np.float64, float(np.float32(0.1)))
    assert lens.put(seen, picture) == picture
    assert lens.columns is not None
    with pytest.raises(atdata.LensError, match=r"0\.1 in an array of float64 cannot become float32"):
        lens.put(lens.view_type(image=np.array([0.1])), picture)
    with pytest.raises(atdata.LensError, match="not every float64 of image is a float32"):
        LensLoader(reader).to_lens(back)


def test_lenses_are_found_by_their_schemas_on_every_page(client: Any, reader: AtmosphereClient) -> None:
    from atdata.atmosphere import Create

    record = {
        "name": "l",
        "sourceSchema": "at://a/b/c",
        "targetSchema": "at://a/b/d",
        "createdAt": "2026-01-01T00:00:00Z",
    }
    wanted = [Create(LENS, {**record, "name": f"l{n}"}, rkey=f"a{n}") for n in range(3)]
    others = [Create(LENS, {**record, "sourceSchema": f"at://a/b/{n}"}, rkey=f"b{n}") for n in range(150)]
    client.apply_writes([*wanted, *others])
    loader = LensLoader(reader)

    assert len(loader.find_by_schemas("at://a/b/c", repo=client.did)) == 3
    found = loader.find_by_schemas("at://a/b/c", AtUri.parse("at://a/b/d"), repo=client.handle)
    assert sorted(lens["name"] for lens in found) == ["l0", "l1", "l2"]
    assert loader.find_by_schemas("at://a/b/c", "at://a/b/c", repo=client.did) == []
    assert len(loader.list_all(repo=client.did, limit=None)) == 153


def test_a_lens_record_is_matched_to_code_that_is_there_and_never_imports_any(client: Any, tmp_path: Path) -> None:
    loader, publisher = LensLoader(client), LensPublisher(client)
    listed = Lens(label_of, relabel)

    def uri_of(path: str) -> AtUri:
        code = {"repository": "https://example.com/x", "commit": "abc123def456", "path": path}
        return publisher.publish("evil", "at://a/b/c", "at://a/b/d", getter_code=code)

    for path in (f"{__name__}:label_of", f"src/{__name__.replace('.', '/')}.py:label_of"):
        assert loader.to_lens(uri_of(path), [listed]) is listed
    with pytest.raises(ValueError, match=r"'antigravity:fly_to' in 'https://example.com/x' at 'abc123def456': read"):
        loader.to_lens(uri_of("antigravity:fly_to"))
    with pytest.raises(ValueError, match="fits no lens"):
        loader.to_lens(uri_of("label_of"), [listed])
    import sys

    assert "antigravity" not in sys.modules

    uri = publisher.publish("label_of", "at://a/b/c", "at://a/b/d")
    assert loader.to_lens(uri, [listed]) is listed
    with pytest.raises(ValueError, match="write and register one called 'label_of'"):
        loader.to_lens(uri)
    before = dict(LensNetwork()._registry)
    try:
        LensNetwork().register(listed)
        assert loader.to_lens(uri) is listed
    finally:
        LensNetwork()._registry.clear()
        LensNetwork()._registry.update(before)


def test_records_are_json(client: Any) -> None:
    uri = SchemaPublisher(client).publish(Picture)

    assert json.loads(json.dumps(SchemaLoader(client).get(uri)))["name"] == "Picture"


@pytest.mark.parametrize(
    "url",
    [
        "https://me:s3cr3t@example.com/a.tar",
        "s3://key:s3cr3t@bucket/a.tar",
        "https://b.s3.amazonaws.com/a.tar?X-Amz-Date=1&X-Amz-Signature=s3cr3t",
        "https://a.blob.core.windows.net/c/a.tar?sv=2022&sig=s3cr3t",
    ],
)
def test_an_address_that_lets_its_reader_in_is_not_published(url: str) -> None:
    from atdata._atmosphere.checks import sendable

    storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/b.tar?v=1", url]}
    record = {
        "name": "cats", "schemaRef": "at://did:plc:abc/x/1", "storage": storage, "createdAt": "2024-01-01T00:00:00Z",
    }  # fmt: skip
    with pytest.raises(ValueError, match="holds a password or a signature") as caught:
        sendable(DATASET, record)
    assert "s3cr3t" not in str(caught.value)

    storage["urls"] = ["https://example.com/a@b.tar?sign=1", "at://did:plc:abc/blob/bafkrei", "s3://bucket/a@b.tar"]
    assert sendable(DATASET, record)["storage"] == storage
