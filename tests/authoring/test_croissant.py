"""`atdata-gen croissant`: what it writes, the reference implementation accepts."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from atdata_codegen.croissant import Shard, croissant_document
from atdata_codegen.formats import from_croissant
from atdata_codegen.samples import parse_schema
from pds_server import Pds

import atdata
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, PDSBlobStore, using_network
from atdata.local import Index
from atdata_lexicon.cid import cid_for_bytes

Command = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = sorted((ROOT / "lexicons" / "samples").glob("*.json"))
RECORD = {
    "$type": "ac.foundation.dataset.record",
    "name": "cats",
    "schemaRef": "atdata://local/sampleSchema/ImageSample@1.0.0",
    "description": "Cats, photographed.",
    "tags": ["cats", "photos"],
    "license": "CC-BY-4.0",
    "storage": {
        "$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/cats-{000000..000002}.tar"]
    },
    "createdAt": "2026-01-02T03:04:05Z",
}  # fmt: skip


def accepted(document: Any, path: Path) -> Any:
    """The document as the reference implementation reads it, which finds no error and nothing else to say."""
    path.write_text(json.dumps(document), encoding="utf-8")
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # it logs what it also keeps
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the libraries that it is made of
            found = import_module("mlcroissant").Dataset(jsonld=str(path))
    finally:
        logging.disable(before)
    assert not found.metadata.ctx.issues.errors
    return found.metadata


@pytest.fixture
def project(home: Path) -> Path:
    shutil.copytree(ROOT / "lexicons" / "samples", home / "lexicons" / "samples")
    return home


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_schema_of_ours_is_accepted_and_read_back(path: Path, tmp_path: Path) -> None:
    schema, _ = parse_schema(json.loads(path.read_text()))
    assert schema is not None
    mapped = croissant_document(
        "data", schema, [Shard("https://example.com/a.tar", 10, "a" * 64), Shard("https://other.example/a.tar?x=1")],
        description="Some data.", license="MIT", created="2026-01-01", version="1.0.0", url="https://example.com",
        cite="Us.", creators=["Us"],
    )  # fmt: skip

    metadata = accepted(mapped.value, tmp_path / "c.json")

    assert not metadata.ctx.issues.warnings
    back = from_croissant(mapped.value["recordSet"]).value
    lost = {loss.field for loss in mapped.losses}
    assert [field for field in back if field.name not in lost] == [f for f in schema.fields if f.name not in lost]


def test_nested_samples_are_sub_fields(project: Path, atdata_gen: Command) -> None:
    record = {**RECORD, "schemaRef": "atdata://local/sampleSchema/MultimodalSample@1.0.0"}
    Path("record.json").write_text(json.dumps(record))

    done = atdata_gen("croissant", "record.json")

    accepted(done.json, project / "c.json")
    fields = {field["name"]: field for field in done.json["recordSet"][0]["field"]}
    assert {inner["name"] for inner in fields["objects"]["subField"]} >= {"x", "y", "width", "height"}
    assert fields["objects"]["arrayShape"] == "-1"
    assert "objects: a nested sample becomes sub-fields" in done.err
    assert [field.name for field in from_croissant(done.json["recordSet"]).value][:1] == ["frame"]


def test_a_record_is_described_whole(project: Path, atdata_gen: Command) -> None:
    Path("record.json").write_text(json.dumps(RECORD))

    done = atdata_gen("croissant", "record.json", "--creator", "Ada", "--cite", "Ada 2026", "--url", "https://e.com/")

    metadata = accepted(done.json, project / "c.json")
    document = done.json
    assert (document["name"], document["description"]) == ("cats", "Cats, photographed.")
    assert document["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert document["keywords"] == ["cats", "photos"]
    urls = [file["contentUrl"] for file in document["distribution"] if file["@type"] == "cr:FileObject"]
    assert urls == [f"https://example.com/cats-{i:06}.tar" for i in range(3)]
    assert document["isLiveDataset"] is True, "nothing is known of the bytes"
    image = next(f for f in document["recordSet"][0]["field"] if f["name"] == "image")
    assert (image["dataType"], image["arrayShape"]) == ("cr:UInt8", "-1,-1,3")
    assert [row["label_labels/name"] for row in document["recordSet"][1]["data"]][:2] == ["airplane", "automobile"]
    assert len(metadata.record_sets) == 2
    assert "image: the names of its axes are not kept" in done.err


def test_text_of_strangers_reaches_the_terminal_escaped_and_unchanged(project: Path, atdata_gen: Command) -> None:
    text = "Cats\u202egnp\u2066 \x1b[31m \u2028 \u9999"
    Path("record.json").write_text(json.dumps({**RECORD, "description": text, "name": "c\u200fats"}))

    done = atdata_gen("croissant", "record.json", "-q")

    assert all(line.isprintable() for line in done.out.split("\n"))
    assert (done.json["description"], done.json["name"]) == (text, "c\u200fats")
    assert "\u9999" in done.out


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000, b"\xff", b"{", b"[]", b"null", b'{"manifest": 5}', b'{"schemaRef": 1}',
        json.dumps({**RECORD, "tags": 7}).encode(), json.dumps({**RECORD, "storage": []}).encode(),
        json.dumps({**RECORD, "description": {"a": 1}}).encode(), b'{"a": ' + b"1" * 5000 + b"}",
    ],
    ids=range(11),
)  # fmt: skip
def test_a_file_that_is_no_record_is_refused_in_a_few_words(project: Path, atdata_gen: Command, raw: bytes) -> None:
    Path("record.json").write_bytes(raw)

    done = atdata_gen("croissant", "record.json")

    assert done.status == 1
    assert "error: " in done.err
    assert len(done.err) < 1000
    assert "recursion" not in done.err


def test_blobs_have_the_checksum_that_their_name_is(project: Path, atdata_gen: Command) -> None:
    cid = cid_for_bytes(b"shard")
    blob = {"$type": "blob", "ref": {"$link": cid}, "mimeType": "application/x-tar", "size": 5}
    storage = {"$type": "ac.foundation.dataset.storageBlobs", "blobs": [blob]}
    Path("record.json").write_text(json.dumps({**RECORD, "storage": storage}))

    done = atdata_gen("croissant", "record.json", "--did", "did:plc:abc", "-q")

    accepted(done.json, project / "c.json")
    file = done.json["distribution"][0]
    assert file["contentUrl"] == f"at://did:plc:abc/blob/{cid}"
    assert file["sha256"] == hashlib.sha256(b"shard").hexdigest()
    assert "isLiveDataset" not in done.json
    assert "--did" in atdata_gen("croissant", "record.json").err


@atdata.packable
class Cat:
    image: np.ndarray[Any, np.dtype[np.uint8]]
    label: int


def test_manifests_shards_and_index_entries_say_the_same(
    home: Path, atdata_gen: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    atdata.write([Cat(image=np.zeros((4, 6, 3), np.uint8), label=i) for i in range(4)], "out/cats-%06d.tar")
    atdata_gen("infer", "out/cats-000000.tar", "--name", "Cat")
    digest = hashlib.sha256(Path("out/cats-000000.tar").read_bytes()).hexdigest()

    manifest = atdata_gen("croissant", "out/cats-manifest.json", "-q").json
    shards = atdata_gen("croissant", "out", "--schema", "Cat", "--checksums", "-q", "--name", "cats").json

    accepted(manifest, home / "c.json")
    assert manifest["name"] == "cats"
    assert manifest["distribution"][0]["sha256"] == digest
    assert shards == manifest
    index = Index(path="team.db")
    index.insert_dataset(atdata.Dataset[Cat]("out/cats-000000.tar"), name="indexed")
    monkeypatch.setenv("ATDATA_INDEX", str(home / "team.db"))
    entry = atdata_gen("croissant", "indexed", "-q").json
    accepted(entry, home / "c.json")
    assert (entry["name"], entry["distribution"][0]["name"]) == ("indexed", "cats-000000.tar")
    assert atdata_gen("croissant", "nobody").status == 2


def test_a_dataset_of_a_repository_is_described_with_what_anybody_can_fetch(
    home: Path, atdata_gen: Command, pds: Pds
) -> None:
    atdata.write([Cat(image=np.zeros((4, 6, 3), np.uint8), label=i) for i in range(4)], "cats.tar")
    account = pds.new_account()
    with AtmosphereClient(pds.url, network=pds.network) as client, using_network(pds.network):
        client.login_with_session(account.session)
        index = AtmosphereIndex(client, data_store=PDSBlobStore(client))
        entry = index.insert_dataset(atdata.Dataset[Cat]("cats.tar"), name="cats")

        named = atdata_gen("croissant", f"@{account.handle}/cats", "-q")
        addressed = atdata_gen("croissant", entry.uri, "-q")

    assert (named.status, named.err) == (0, "")
    assert addressed.json == named.json
    accepted(named.json, home / "c.json")
    file = named.json["distribution"][0]
    data = urlopen(file["contentUrl"], timeout=30).read()
    assert hashlib.sha256(data).hexdigest() == file["sha256"]
    assert file["contentSize"] == f"{len(data)} B"


def test_members_of_ordinary_shards_are_where_fields_are_read(project: Path, atdata_gen: Command) -> None:
    path = project / "lexicons" / "samples" / "image_sample.json"
    document = json.loads(path.read_text())
    document["metadata"] = {"members": {"image": "jpg", "label": "cls", "confidence": "json#/score"}}
    path.write_text(json.dumps(document))
    Path("record.json").write_text(json.dumps(RECORD))

    made = atdata_gen("croissant", "record.json", "-q").json

    accepted(made, project / "c.json")
    sets = {one["@id"]: one for one in made["distribution"] if one["@type"] == "cr:FileSet"}
    assert {name: one["includes"] for name, one in sets.items()} == {
        "members-cls": "*.cls", "members-jpg": "*.jpg", "members-json": "*.json"
    }  # fmt: skip
    sources = {field["name"]: field["source"] for field in made["recordSet"][0]["field"]}
    assert [f.name for f in from_croissant(made["recordSet"]).value] == ["image", "label", "confidence"]
    assert sources["confidence"] == {"fileSet": {"@id": "members-json"}, "extract": {"jsonPath": "$.score"}}


@pytest.mark.parametrize(
    ("text", "what"),
    [("{", "Expecting"), ("[]", "neither a dataset record"), ('{"manifest": 2}', "not a manifest"),
     ('{"$type": "app.bsky.feed.post", "schemaRef": "x"}', "neither a dataset record"),
     (json.dumps({**RECORD, "schemaRef": "atdata://local/sampleSchema/Nobody@1.0.0"}), "give --schemas"),
     (json.dumps({**RECORD, "storage": {"$type": "x.y.z"}, "schemaRef": "\u001b[31m"}), "give --schemas")],
)  # fmt: skip
def test_what_is_no_dataset_is_one_line(text: str, what: str, project: Path, atdata_gen: Command) -> None:
    Path("record.json").write_text(text)

    done = atdata_gen("croissant", "record.json")

    assert done.status == 1
    assert what in done.err
    assert "\u001b" not in done.err
    assert done.err.count("\n") == 1
