"""What the page on datasets promises: sources, orders, batches, properties, writing, export."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import ormsgpack
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata


@atdata.packable
class ImageSample:
    image: NDArray
    label: str
    confidence: float


@atdata.packable
class SimplifiedSample:
    label: str


@atdata.lens
def simplify(src: ImageSample) -> SimplifiedSample:
    return SimplifiedSample(label=src.label)


def samples(count: int = 25) -> list[ImageSample]:
    return [
        ImageSample(image=np.full((4, 6, 3), i, np.float32), label=f"label {i}", confidence=i / 100)
        for i in range(count)
    ]


@pytest.fixture
def shards(here: Path) -> str:
    """25 samples in the shards of webdataset's writer."""
    with wds.writer.ShardWriter("data-%06d.tar", maxcount=10, verbose=0) as sink:
        for i, sample in enumerate(samples()):
            sink.write({**sample.as_wds, "__key__": f"sample_{i:06d}"})
    return "data-{000000..000002}.tar"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# Making one -------------------------------------------------------------------------------------------------------


def test_one_shard_or_several_are_named_by_one_text(shards: str) -> None:
    one = atdata.Dataset[ImageSample]("data-000000.tar")
    all_of_them = atdata.Dataset[ImageSample](shards)

    assert [sample.label for sample in one.ordered()] == [f"label {i}" for i in range(10)]
    assert [sample.label for sample in all_of_them.ordered()] == [f"label {i}" for i in range(25)]
    assert all_of_them.url == shards


def test_a_text_is_a_url_source(shards: str) -> None:
    by_text = atdata.Dataset[ImageSample](shards)
    by_source = atdata.Dataset[ImageSample](atdata.URLSource(shards))
    by_keyword = atdata.Dataset[ImageSample](url=shards)

    for dataset in (by_text, by_source, by_keyword):
        assert isinstance(dataset.source, atdata.URLSource)
        assert dataset.source.url == shards
        assert len(list(dataset.ordered())) == 25


def test_a_private_bucket_is_read_with_its_credentials(s3_server: Any, s3_bucket: str, shards: str) -> None:
    client = s3_server.client()
    keys = [f"data-{i:06d}.tar" for i in range(3)]
    with contextlib.closing(client):
        for key in keys:
            client.put_object(Bucket=s3_bucket, Key=key, Body=Path(key).read_bytes())
    secrets = {"access_key": s3_server.access_key, "secret_key": s3_server.secret_key}
    urls = [f"s3://{s3_bucket}/{key}" for key in keys]
    explicit = atdata.S3Source(bucket=s3_bucket, keys=keys, endpoint=s3_server.endpoint, **secrets)
    by_urls = atdata.S3Source.from_urls(urls, endpoint=s3_server.endpoint, **secrets)
    by_alias = atdata.S3Source.from_urls(urls, endpoint_url=s3_server.endpoint, **secrets)

    for source in (explicit, by_urls, by_alias):
        assert source.shard_list == source.list_shards() == urls
        assert [s.label for s in atdata.Dataset[ImageSample](source).ordered()] == [f"label {i}" for i in range(25)]


# Iterating --------------------------------------------------------------------------------------------------------


def test_ordered_keeps_the_order(shards: str) -> None:
    dataset = atdata.Dataset[ImageSample](shards)
    labels = [f"label {i}" for i in range(25)]

    assert [sample.label for sample in dataset.ordered(batch_size=None)] == labels
    assert [sample.label for sample in dataset.ordered()] == labels
    batches = list(dataset.ordered(batch_size=10))
    assert [batch.image.shape for batch in batches] == [(10, 4, 6, 3), (10, 4, 6, 3), (5, 4, 6, 3)]
    assert [label for batch in batches for label in batch.label] == labels


def test_shuffled_takes_the_sizes_of_its_buffers(shards: str) -> None:
    dataset = atdata.Dataset[ImageSample](shards)
    wanted = {f"label {i}" for i in range(25)}

    for options in ({"batch_size": 8}, {"buffer_shards": 100, "buffer_samples": 10_000, "batch_size": 8}):
        batches = list(dataset.shuffled(**options))
        assert {label for batch in batches for label in batch.label} == wanted
        assert [len(batch) for batch in batches] == [8, 8, 8, 1]
    assert {sample.label for sample in dataset.shuffled()} == wanted


def test_a_column_is_made_once(shards: str) -> None:
    batch = next(iter(atdata.Dataset[ImageSample](shards).ordered(batch_size=8)))

    assert isinstance(batch, atdata.SampleBatch)
    assert batch.image is batch.image
    assert batch.confidence is batch.confidence
    assert batch.image.shape == (8, 4, 6, 3)
    assert batch.confidence == [i / 100 for i in range(8)]


def test_a_view_has_the_fields_of_its_class_only(shards: str) -> None:
    view = atdata.Dataset[ImageSample](shards).as_type(SimplifiedSample)
    batch = next(iter(view.ordered(batch_size=8)))

    assert view.sample_type is SimplifiedSample
    assert batch.label == [f"label {i}" for i in range(8)]
    with pytest.raises(AttributeError, match="no column 'image'"):
        _ = batch.image


# Properties -------------------------------------------------------------------------------------------------------


def test_shards_are_listed_without_being_there() -> None:
    dataset = atdata.Dataset[ImageSample]("data-{000000..000009}.tar")
    names = [f"data-{i:06d}.tar" for i in range(10)]

    assert dataset.shard_list == dataset.list_shards() == names
    assert dataset.source.shard_list == names  # type: ignore[attr-defined, unused-ignore]
    assert dataset.metadata is None


def test_metadata_is_fetched_at_the_first_look_and_kept(here: Path) -> None:
    (here / "metadata.msgpack").write_bytes(ormsgpack.packb({"made by": "us", "version": 3}))
    with served(here) as url:
        dataset = atdata.Dataset[ImageSample]("data.tar", metadata_url=f"{url}/metadata.msgpack")
        first = dataset.metadata

    assert first == {"made by": "us", "version": 3}
    assert dataset.metadata is first
    assert dataset.as_type(SimplifiedSample).metadata == first


def test_the_types_are_known(shards: str) -> None:
    dataset = atdata.Dataset[ImageSample](shards)

    assert dataset.sample_type is ImageSample
    assert dataset.batch_type == atdata.SampleBatch[ImageSample]
    assert "SampleBatch" in str(dataset.batch_type)
    assert "ImageSample" in str(dataset.batch_type)


# Where data lies --------------------------------------------------------------------------------------------------


def test_files_are_named_from_here_or_from_the_root(here: Path, shards: str) -> None:
    for url in ("./data-000000.tar", f"{here}/data-{{000000..000002}}.tar", (here / "data-000000.tar").as_uri()):
        assert next(iter(atdata.Dataset[ImageSample](url).ordered())).label == "label 0"


def test_shards_come_over_http(here: Path, shards: str) -> None:
    with served(here) as url:
        dataset = atdata.Dataset[ImageSample](f"{url}/{shards}")

        assert [sample.label for sample in dataset.ordered()] == [f"label {i}" for i in range(25)]


def test_buckets_are_named_like_files() -> None:
    for scheme in ("gs", "s3", "https"):
        source = atdata.URLSource(f"{scheme}://bucket/path/file-{{0..1}}.tar")
        assert source.list_shards() == [f"{scheme}://bucket/path/file-{i}.tar" for i in range(2)]


# Writing and exporting --------------------------------------------------------------------------------------------


def test_shards_of_webdataset_have_as_many_samples_as_asked_for(here: Path, shards: str) -> None:
    assert sorted(path.name for path in here.glob("*.tar")) == [f"data-{i:06d}.tar" for i in range(3)]
    assert [len(atdata.Dataset[ImageSample](f"data-{i:06d}.tar")) for i in range(3)] == [10, 10, 5]


def test_a_dataset_is_exported_to_parquet(here: Path, shards: str) -> None:
    import pandas as pd

    dataset = atdata.Dataset[ImageSample](shards)
    dataset.to_parquet("output.parquet")
    whole = pd.read_parquet("output.parquet")
    dataset.to_parquet("mapped.parquet", sample_map=lambda s: {"label": s.label, "score": s.confidence})
    mapped = pd.read_parquet("mapped.parquet")
    dataset.to_parquet("parts.parquet", maxcount=10)

    assert list(whole.columns) == ["image", "label", "confidence"]
    assert list(mapped.columns) == ["label", "score"]
    assert mapped["score"].tolist() == [i / 100 for i in range(25)]
    assert [len(pd.read_parquet(path)) for path in sorted(here.glob("parts-*.parquet"))] == [10, 10, 5]
    assert (here / "parts-000000.parquet").is_file()
