"""The local-workflow tutorial and the pages on local storage, addresses and protocols, in our own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import load_dataset
from atdata._protocols import AbstractIndex, IndexEntry
from atdata.local import DiskDataStore, Index, LocalDatasetEntry, LocalIndex


@atdata.packable
class TrainingSample:
    """Features with their class."""

    features: NDArray[np.float32]
    label: int


@atdata.packable
class TextSample:
    """A text with its category."""

    text: str
    category: str


@pytest.fixture(params=["file", "memory", "redis"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    if request.param == "redis":
        return LocalIndex(redis=request.getfixturevalue("redis_client"))
    return Index(path=":memory:" if request.param == "memory" else tmp_path / "team.db")


@pytest.fixture
def shard(tmp_path: Path) -> str:
    """A tar file of 100 samples, written as the tutorial does."""
    import webdataset as wds

    path = str(tmp_path / "local-data-000000.tar")
    with wds.writer.TarWriter(path) as sink:
        for i in range(100):
            sample: Any = TrainingSample(features=np.full(16, i, np.float32), label=i % 10)
            sink.write({**sample.as_wds, "__key__": f"sample_{i:06d}"})
    return path


def test_a_team_publishes_a_schema_and_anyone_decodes_it(index: Index) -> None:
    ref = index.publish_schema(TrainingSample, version="1.0.0")

    assert ref == "atdata://local/sampleSchema/TrainingSample@1.0.0"
    assert [f"{schema['name']}@{schema['version']}" for schema in index.list_schemas()] == ["TrainingSample@1.0.0"]
    record = index.get_schema(ref)
    assert {"name", "version", "fields", "description", "createdAt", "$ref"} <= record.keys()
    assert [field["name"] for field in record["fields"]] == ["features", "label"]
    assert index.decode_schema(ref).__name__ == "TrainingSample"
    assert index.publish_schema(TrainingSample) == "atdata://local/sampleSchema/TrainingSample@1.0.1"


def test_a_dataset_is_inserted_found_and_read_again(index: Index, shard: str) -> None:
    index.publish_schema(TrainingSample, version="1.0.0")
    entry = index.insert_dataset(atdata.Dataset[TrainingSample](shard), name="training-v1", prefix="datasets")

    found = index.get_entry_by_name("training-v1")
    assert found.cid == entry.cid
    dataset = atdata.Dataset[TrainingSample](found.data_urls[0])
    batch = next(iter(dataset.ordered(batch_size=32)))
    assert batch.features.shape == (32, 16)
    decoded = index.decode_schema(found.schema_ref)
    assert [sample.label for sample in atdata.Dataset[decoded](found.data_urls[0]).ordered()][:3] == [0, 1, 2]  # type: ignore[valid-type]  # made at run time


def test_a_dataset_is_loaded_by_its_name_alone(index: Index, shard: str) -> None:
    index.insert_dataset(atdata.Dataset[TrainingSample](shard), name="training")

    untyped: Any = load_dataset("@local/training", index=index, split="train")
    typed: Any = load_dataset("@local/training", TrainingSample, index=index, split="train")

    assert untyped.sample_type is index.decode_schema("atdata://local/sampleSchema/TrainingSample")
    assert len(list(untyped.ordered())) == len(list(typed.ordered())) == 100
    with pytest.raises(KeyError):
        load_dataset("@local/nothing", index=index)


def test_a_store_in_a_folder_gets_the_shards_and_the_index_their_addresses(
    index: Index, shard: str, tmp_path: Path
) -> None:
    store = DiskDataStore(tmp_path / "store")
    index = Index(storage=index._storage, data_store=store)
    entry = index.insert_dataset(
        atdata.Dataset[TrainingSample](shard), name="training", prefix="datasets", maxcount=40, metadata={"rate": 0.5}
    )

    assert len(entry.data_urls) == 3
    assert all("datasets" in url for url in entry.data_urls)
    found: Any = load_dataset("@local/training", index=index, split="train")
    assert [int(sample.features[0]) for sample in found.ordered()] == list(range(100))
    kept = [url for each in index.entries for url in each.data_urls]
    assert store.gc(keep=kept) == []
    assert [Path(url).is_file() for url in kept] == [True] * 3


def test_load_dataset_uses_the_default_index(tmp_path: Path, shard: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATDATA_INDEX", str(tmp_path / "team.db"))
    Index(path=tmp_path / "team.db").insert_dataset(atdata.Dataset[TrainingSample](shard), name="training")

    found: Any = load_dataset("@local/training", split="train")
    assert next(iter(found.ordered())).label == 0


def test_entries_can_be_added_where_they_are(index: Index) -> None:
    entry = index.add_entry(
        atdata.Dataset[TextSample]("data-{000000..000009}.tar"),
        name="my-dataset",
        schema_ref="atdata://local/sampleSchema/TextSample@1.0.0",
        metadata={"description": "Training texts"},
    )

    assert entry.data_urls == ["data-{000000..000009}.tar"]
    assert entry.cid.startswith("bafyrei")
    assert [(found.name, found.cid) for found in index.entries] == [("my-dataset", entry.cid)]
    assert index.all_entries == [entry]
    assert index.get_entry(entry.cid) == entry
    assert index.get_schema(entry.schema_ref)["name"] == "TextSample"
    assert index.get_dataset("my-dataset").metadata == {"description": "Training texts"}


def test_entries_made_by_hand_have_their_cid_from_their_contents() -> None:
    def made(**changes: Any) -> LocalDatasetEntry:
        arguments: dict[str, Any] = {
            "_name": "my-dataset",
            "_schema_ref": "local://schemas/examples.TrainingSample@1.0.0",
            "_data_urls": ["s3://bucket/data-000000.tar", "s3://bucket/data-000001.tar"],
            "_metadata": {"source": "example", "samples": 10000},
        }
        return LocalDatasetEntry(**{**arguments, **changes})

    entry = made()
    assert (entry.name, entry.metadata) == ("my-dataset", {"source": "example", "samples": 10000})
    assert entry.wds_url == entry.data_urls[0]
    assert entry.sample_kind == entry.schema_ref
    assert made(_name="other").cid == entry.cid
    assert made(_data_urls=["s3://bucket/data-000000.tar"]).cid != entry.cid


def count_datasets(index: AbstractIndex) -> int:
    return sum(1 for entry in index.list_datasets() if isinstance(entry, IndexEntry))


def test_code_for_any_index_copies_one_index_into_another(index: Index, shard: str) -> None:
    target = Index(path=":memory:")
    index.insert_dataset(atdata.Dataset[TrainingSample](shard), name="one")
    index.insert_dataset(atdata.Dataset[TextSample](shard), name="two")

    for entry in index.list_datasets():
        kind: Any = index.decode_schema(entry.schema_ref)
        ref = target.publish_schema(kind)
        target.insert_dataset(atdata.Dataset[kind](entry.data_urls[0]), name=entry.name, schema_ref=ref)

    assert count_datasets(index) == count_datasets(target) == 2
    assert [entry.data_urls for entry in target.datasets] == [[shard], [shard]]


def test_the_legacy_reference_still_works(index: Index) -> None:
    index.publish_schema(TextSample, version="1.0.0")

    entry = index.add_entry(
        atdata.Dataset[TextSample]("a.tar"), name="old", schema_ref="local://schemas/examples.TextSample@1.0.0"
    )
    assert entry.schema_ref == "local://schemas/examples.TextSample@1.0.0"
    assert index.decode_schema(entry.schema_ref).__name__ == "TextSample"
