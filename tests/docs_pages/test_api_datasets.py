"""The API pages of datasets and sources: every name, with the parameters and results that the pages give it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import Dataset, S3Source, URLSource, load_dataset


@atdata.packable
class MyData:
    name: str
    embeddings: NDArray


@atdata.packable
class MyDataView:
    name: str


@atdata.lens
def view(src: MyData) -> MyDataView:
    return MyDataView(name=src.name.upper())


SAMPLES = [MyData(name=f"n{i}", embeddings=np.full(3, i)) for i in range(10)]


@pytest.fixture
def dataset(here: Path) -> Dataset[MyData]:
    atdata.write(SAMPLES, "data-%06d.tar", maxcount=5)
    return Dataset[MyData]("data-{000000..000001}.tar")


def parameters(function: Any) -> dict[str, Any]:
    """Names of parameters with their defaults."""
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


# Dataset ----------------------------------------------------------------------------------------------------------


def test_parameters_are_called_as_documented() -> None:
    empty = inspect.Parameter.empty
    documented: list[tuple[Any, dict[str, Any]]] = [
        (Dataset.__init__, {"source": None, "metadata_url": None, "url": None}),
        (Dataset.as_type, {"other": empty}),
        (Dataset.ordered, {"batch_size": None}),
        (Dataset.shuffled, {"buffer_shards": 100, "buffer_samples": 10_000, "batch_size": None}),
        (Dataset.to_parquet, {"path": empty, "sample_map": None, "maxcount": None}),
        (Dataset.wrap, {"sample": empty}),
        (Dataset.wrap_batch, {"batch": empty}),
        (load_dataset, {"path": empty, "sample_type": None, "split": None, "data_files": None, "streaming": False,
                        "index": None}),
        (S3Source.__init__, {"bucket": empty, "keys": empty, "endpoint": None, "access_key": None, "secret_key": None,
                             "region": None, "_client": None}),
        (S3Source.from_credentials, {"credentials": empty, "bucket": empty, "keys": empty}),
        (S3Source.from_urls, {"urls": empty, "endpoint": None, "access_key": None, "secret_key": None,
                              "region": None}),
        (URLSource.__init__, {"url": empty}),
        (URLSource.open_shard, {"shard_id": empty}),
        (S3Source.open_shard, {"shard_id": empty}),
    ]  # fmt: skip

    for function, wanted in documented:
        found = parameters(function)
        assert {name: found.get(name, "missing") for name in wanted} == wanted, function.__qualname__


def test_a_dataset_is_made_of_one_source_by_any_of_its_names() -> None:
    for made in (Dataset[MyData]("a.tar"), Dataset[MyData](url="a.tar"), Dataset[MyData](source=URLSource("a.tar"))):
        assert made.url == "a.tar"
        assert made.list_shards() == ["a.tar"]
    with pytest.raises(TypeError, match="one source"):
        Dataset[MyData]()
    with pytest.raises(TypeError, match="one source"):
        Dataset[MyData]("a.tar", url="b.tar")


def test_passes_are_single_samples_unless_batches_are_asked_for(dataset: Dataset[MyData]) -> None:
    assert list(dataset.ordered()) == SAMPLES
    assert sorted(sample.name for sample in dataset.shuffled()) == [sample.name for sample in SAMPLES]
    assert [batch.embeddings.shape for batch in dataset.ordered(batch_size=4)] == [(4, 3), (4, 3), (2, 3)]
    shuffled = list(dataset.shuffled(100, 10_000, 4))
    assert [len(batch) for batch in shuffled] == [4, 4, 2]


def test_as_type_gives_a_dataset_of_the_other_class(dataset: Dataset[MyData]) -> None:
    seen = dataset.as_type(MyDataView)

    assert isinstance(seen, Dataset)
    assert seen.sample_type is MyDataView
    assert [sample.name for sample in seen.ordered()] == [f"N{i}" for i in range(10)]
    with pytest.raises(ValueError, match="no lens from MyDataView to MyData"):
        seen.as_type(MyData)


def test_raw_samples_and_batches_are_wrapped(dataset: Dataset[MyData]) -> None:
    raw = SAMPLES[3].as_wds
    batch = dataset.wrap_batch({"msgpack": [sample.packed for sample in SAMPLES[:4]]})

    assert dataset.wrap(raw) == SAMPLES[3]
    assert dataset.as_type(MyDataView).wrap(raw) == MyDataView(name="N3")
    assert isinstance(batch, atdata.SampleBatch)
    assert batch.embeddings.shape == (4, 3)
    assert dataset.as_type(MyDataView).wrap_batch({"msgpack": [SAMPLES[0].packed]}).name == ["N0"]


def test_parquet_options_are_passed_on(dataset: Dataset[MyData], here: Path) -> None:
    import pyarrow.parquet as pq

    dataset.to_parquet("out.parquet", maxcount=4, compression="gzip")
    paths = sorted(here.glob("out-*.parquet"))

    assert [path.name for path in paths] == [f"out-{i:06d}.parquet" for i in range(3)]
    assert pq.ParquetFile(paths[0]).metadata.row_group(0).column(0).compression == "GZIP"


def test_a_dictionary_of_datasets_is_made_by_hand_or_loaded(dataset: Dataset[MyData]) -> None:
    made = atdata.DatasetDict(splits={"train": dataset}, sample_type=MyData, streaming=True)

    assert made["train"] is dataset
    assert made.num_shards == {"train": 2}
    assert made.sample_type is MyData
    assert made.streaming is True
    assert dict(atdata.DatasetDict()) == {}


# Sources ----------------------------------------------------------------------------------------------------------


def test_a_url_source_expands_lists_and_opens(dataset: Dataset[MyData]) -> None:
    source = URLSource("data-{000000..000001}.tar")

    assert source.url == "data-{000000..000001}.tar"
    assert source.list_shards() == ["data-000000.tar", "data-000001.tar"]
    for name, stream in source.shards:
        with stream:
            assert stream.read() == Path(name).read_bytes()
    with source.open_shard("data-000001.tar") as stream:
        assert stream.read(512) == Path("data-000001.tar").read_bytes()[:512]
    with pytest.raises(KeyError, match="other"):
        source.open_shard("other.tar")


def test_an_s3_source_knows_what_it_was_given() -> None:
    source = S3Source("bucket", ["a.tar", "b.tar"], "https://r2.example.com", "AKID", "SECRET", "eu-1")

    assert (source.bucket, source.keys) == ("bucket", ["a.tar", "b.tar"])
    assert (source.endpoint, source.region) == ("https://r2.example.com", "eu-1")
    assert (source.access_key, source.secret_key) == ("AKID", "SECRET")
    assert source.list_shards() == ["s3://bucket/a.tar", "s3://bucket/b.tar"]
    with pytest.raises(KeyError):
        source.open_shard("s3://bucket/c.tar")


def test_an_s3_source_is_made_of_credentials_or_addresses(s3_server: Any, s3_bucket: str) -> None:
    client = s3_server.client()
    client.put_object(Bucket=s3_bucket, Key="data.tar", Body=b"content")
    client.close()
    url = f"s3://{s3_bucket}/data.tar"
    keys = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}

    for source in (
        S3Source.from_credentials(s3_server.credentials, s3_bucket, ["data.tar"]),
        S3Source.from_urls([url], endpoint=s3_server.endpoint, **keys),
        S3Source(s3_bucket, ["data.tar"], _client=s3_server.client()),
    ):
        [(name, stream)] = source.shards
        assert (name, stream.read()) == (url, b"content")
        assert source.open_shard(url).read() == b"content"
        source.client.close()


@pytest.mark.parametrize("urls", [["https://b/x.tar"], ["s3://b"], ["s3://a/x.tar", "s3://b/x.tar"], []])
def test_addresses_that_one_source_cannot_hold_are_a_value_error(urls: list[str]) -> None:
    with pytest.raises(ValueError, match=r"s3://|bucket|addresses"):
        S3Source.from_urls(urls)
