"""The page on local storage, and the tutorial of a team's work, on a real Redis server and a real S3 server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata import load_dataset
from atdata._protocols import AbstractDataStore, AbstractIndex, DataSource
from atdata.local import Index, LocalIndex, Repo, S3DataStore

AWS = ("AWS_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


@atdata.packable
class TrainingSample:
    """Features, their class and where they come from."""

    features: NDArray
    label: int
    source: str


@pytest.fixture
def local_data() -> atdata.Dataset[TrainingSample]:
    """A tar file of 100 samples, staged as the pages do."""
    with wds.writer.TarWriter("local-data-000000.tar") as sink:
        for i in range(100):
            sample: Any = TrainingSample(features=np.full(128, i, np.float32), label=i % 10, source="synthetic")
            sink.write({**sample.as_wds, "__key__": f"{i:06d}"})
    return atdata.Dataset[TrainingSample]("local-data-000000.tar")


@pytest.fixture
def credentials(s3_server: Any) -> dict[str, str]:
    return {name: s3_server.credentials[name] for name in AWS[:3]}


@pytest.fixture
def store(credentials: dict[str, str], s3_bucket: str) -> Iterator[S3DataStore]:
    made = S3DataStore(credentials, bucket=s3_bucket)
    yield made
    made._client.close()


@pytest.fixture
def team(redis_client: Any, store: S3DataStore) -> LocalIndex:
    """The index of a team, whose shards lie in a bucket."""
    return LocalIndex(redis=redis_client, data_store=store)


def in_environment(monkeypatch: pytest.MonkeyPatch, s3_server: Any) -> None:
    for name in AWS:
        monkeypatch.setenv(name, s3_server.credentials[name])


def test_a_store_is_made_of_credentials_and_a_bucket(credentials: dict[str, str], s3_bucket: str) -> None:
    store = S3DataStore(credentials, bucket=s3_bucket)

    assert (store.bucket, store.credentials, store.supports_streaming()) == (s3_bucket, credentials, True)
    assert isinstance(store, AbstractDataStore)
    assert store.read_url(f"s3://{s3_bucket}/a.tar") == f"{credentials['AWS_ENDPOINT']}/{s3_bucket}/a.tar"
    assert store.read_url("https://example.com/a.tar") == "https://example.com/a.tar"


def test_shards_are_written_without_an_index(
    credentials: dict[str, str], s3_bucket: str, local_data: Any, here: Path
) -> None:
    """With credentials in a file, cut anew to so many samples a shard."""
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in credentials.items()))
    store = S3DataStore(credentials=".env", bucket=s3_bucket)
    urls = store.write_shards(local_data, prefix="datasets/v1", maxcount=40)

    assert len(urls) == 3
    assert all(url.startswith(f"s3://{s3_bucket}/datasets/v1/data--") for url in urls)
    assert [url[-11:] for url in urls] == ["-000000.tar", "-000001.tar", "-000002.tar"]
    assert store.verify(urls).ok
    store._client.close()


def test_a_dataset_goes_to_the_bucket_and_comes_back_by_its_name(
    team: LocalIndex, local_data: Any, s3_server: Any, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole workflow: publish, insert, find again, read by the address and by the name."""
    team.publish_schema(TrainingSample, version="1.0.0")
    entry = team.insert_dataset(local_data, name="training-v1", prefix="training")

    assert len(entry.data_urls) == 1
    assert entry.data_urls[0].startswith(f"s3://{s3_bucket}/training/")
    assert entry.cid.startswith("bafyrei")
    assert entry.schema_ref == "atdata://local/sampleSchema/TrainingSample@1.0.0"
    found = team.get_entry_by_name("training-v1")
    assert found == entry
    named = load_dataset("@local/training-v1", index=team, split="train")
    assert named.sample_type.__name__ == "TrainingSample"
    assert [sample.label for sample in named.ordered()] == [i % 10 for i in range(100)]
    shapes = [batch.features.shape for batch in named.shuffled(batch_size=32)]
    assert shapes == [(32, 128)] * 3 + [(4, 128)]

    # Whoever has the credentials in the environment reads the address itself.
    in_environment(monkeypatch, s3_server)
    dataset = atdata.Dataset[TrainingSample](found.data_urls[0])
    assert next(iter(dataset.ordered(batch_size=32))).features.shape == (32, 128)


def test_a_colleague_needs_neither_the_class_nor_the_credentials_of_the_first(
    redis_client: Any, team: LocalIndex, local_data: Any, s3_server: Any, s3_bucket: str
) -> None:
    team.insert_dataset(local_data, name="training-v1", tags=["vision"])
    reader = {name: s3_server.reader[name] for name in AWS[:3]}
    store = S3DataStore(reader, bucket=s3_bucket)
    theirs = Index(redis=redis_client, data_store=store)
    (entry,) = theirs.search("training", tags=["vision"])
    Sample = theirs.decode_schema(entry.schema_ref)
    samples = list(load_dataset(f"@local/{entry.name}", index=theirs, split="train").ordered())

    assert isinstance(samples[0], Sample)
    assert Sample is not TrainingSample
    assert [sample.label for sample in samples] == [i % 10 for i in range(100)]
    with pytest.raises(PermissionError):
        theirs.insert_dataset(local_data, name="mine")
    assert [each.name for each in theirs.list_datasets()] == ["training-v1"]
    with contextlib.suppress(AttributeError):
        store._client.close()


@pytest.mark.parametrize("as_file", [True, False])
def test_repo_still_inserts_into_bucket_and_index(
    as_file: bool, credentials: dict[str, str], redis_client: Any, s3_bucket: str, local_data: Any,
    s3_server: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    Path("team.env").write_text("".join(f"{name}={value}\n" for name, value in credentials.items()))
    given: Any = "team.env" if as_file else credentials
    with pytest.warns(DeprecationWarning, match="S3DataStore"):
        repo = Repo(s3_credentials=given, hive_path=f"{s3_bucket}/datasets", redis=redis_client)
    entry, stored = repo.insert(local_data, name="training-v1", cache_local=as_file, maxcount=50, maxsize=100_000_000)

    assert len(entry.data_urls) == 2
    assert all(url.startswith(f"s3://{s3_bucket}/datasets/training-v1/") for url in entry.data_urls)
    assert repo.index.get_entry(entry.cid) == entry
    assert stored.sample_type is TrainingSample
    assert stored.shard_list == entry.data_urls
    assert stored.url.startswith(f"s3://{s3_bucket}/datasets/")
    assert len(list(stored.ordered())) == 100
    store: Any = repo.index.data_store
    store._client.close()


def test_any_store_and_any_source_do(team: LocalIndex, store: S3DataStore, local_data: Any, here: Path) -> None:
    """Code that is written against the protocols."""

    def write_dataset(store: AbstractDataStore, dataset: Any) -> list[str]:
        return store.write_shards(dataset, prefix="datasets/v1", maxcount=60)

    def read_all(source: DataSource) -> list[str]:
        found = []
        for name, stream in source.shards:
            with stream:
                found += [name] if stream.read(1) else []
        return found

    from atdata.local import DiskDataStore

    for each in (store, DiskDataStore(here / "store")):
        urls = write_dataset(each, local_data)
        source: Any = (
            atdata.S3Source.from_credentials(store.credentials, store.bucket, [u.split("/", 3)[3] for u in urls])
            if each is store
            else atdata.URLSource("{" + ",".join(urls) + "}")
        )
        assert len(urls) == 2
        assert read_all(source) == urls
        assert len(list(atdata.Dataset[TrainingSample](source).ordered())) == 100


def test_a_dataset_moves_from_one_index_to_another(
    team: LocalIndex, local_data: Any, s3_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of the page on protocols, from a team's index to another one."""
    in_environment(monkeypatch, s3_server)

    def count_datasets(index: AbstractIndex) -> int:
        return sum(1 for _ in index.list_datasets())

    def migrate_dataset(name: str, source: AbstractIndex, target: AbstractIndex) -> None:
        entry = source.get_dataset(name)
        Sample = source.decode_schema(entry.schema_ref)
        schema_ref = target.publish_schema(Sample, version="1.0.0")
        dataset: Any = atdata.Dataset
        target.insert_dataset(dataset[Sample](entry.data_urls[0]), name=name, schema_ref=schema_ref)

    team.insert_dataset(local_data, name="my-features")
    other = Index(path=":memory:")
    migrate_dataset("my-features", team, other)

    assert count_datasets(team) == count_datasets(other) == 1
    assert other.get_dataset("my-features").data_urls == team.get_dataset("my-features").data_urls
    assert other.get_dataset("my-features").cid == team.get_dataset("my-features").cid
