"""What the page on troubleshooting promises: each mistake has its error, each question its answer."""

from __future__ import annotations

import subprocess
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata import Dataset, S3Source, SampleBatch
from atdata.local import LocalIndex


@atdata.packable
class MySample:
    required_array: NDArray
    label: str
    optional_array: NDArray | None = None


@atdata.packable
class TargetType:
    field: str


@atdata.lens
def my_lens(src: MySample) -> TargetType:
    return TargetType(field=src.label)


def samples(count: int = 5) -> list[MySample]:
    return [
        MySample(required_array=np.arange(3), label=str(i), optional_array=np.ones(2) if i % 2 else None)
        for i in range(count)
    ]


# Errors -----------------------------------------------------------------------------------------------------------


def test_a_dataset_or_batch_without_its_class_says_how_to_name_it() -> None:
    with pytest.raises(TypeError, match=r"Dataset\[MySample\]\("):
        Dataset("data.tar")
    with pytest.raises(TypeError, match=r"SampleBatch\[MySample\]\("):
        SampleBatch(samples())


def test_a_shard_that_atdata_did_not_write_is_malformed() -> None:
    with tarfile.open("data.tar", "w") as tar:
        info = tarfile.TarInfo("first.json")
        info.size = 2
        tar.addfile(info, BytesIO(b"{}"))

    with pytest.raises(RuntimeError, match=r"Malformed sample") as caught:
        list(Dataset[MySample]("data.tar").ordered())
    assert isinstance(caught.value, ValueError)
    assert "data.tar" in str(caught.value)
    assert "first" in str(caught.value)
    assert "as_wds" in str(caught.value)


def test_a_raw_sample_without_its_bytes_is_malformed() -> None:
    with pytest.raises(RuntimeError, match="'msgpack' field not found"):
        Dataset[MySample]("data.tar").wrap({"__key__": "first", "json": b"{}"})


def test_samples_written_by_as_wds_need_no_key_of_their_own() -> None:
    with wds.writer.TarWriter("data.tar") as sink:
        for sample in samples():
            sink.write(sample.as_wds)

    assert list(Dataset[MySample]("data.tar").ordered()) == samples()


class SomeType:
    pass


@pytest.mark.parametrize("hint", [SomeType, dict, dict[str, int], Callable[[int], int], "list[SomeType]"])
def test_a_field_that_no_schema_can_say_is_refused_when_it_is_published(hint: Any) -> None:
    made = type("Odd", (), {"__annotations__": {"odd": hint}, "__module__": __name__})
    sample_type = atdata.packable(made)

    with pytest.raises(TypeError, match=r"Unsupported type.*odd|odd.*Unsupported type"):
        LocalIndex(path=":memory:").publish_schema(sample_type, version="1.0.0")


def test_every_type_of_the_table_is_published() -> None:
    @atdata.packable
    class Everything:
        a: str
        b: int
        c: float
        d: bool
        e: bytes
        f: NDArray[np.float32]
        g: list[str]
        h: int | None = None

    index = LocalIndex(path=":memory:")
    decoded = index.decode_schema(index.publish_schema(Everything, version="1.0.0"))
    sample = Everything(a="a", b=1, c=0.5, d=True, e=b"e", f=np.ones(2, np.float32), g=["g"])

    assert decoded.from_bytes(sample.packed).f.tolist() == [1, 1]
    assert decoded.from_bytes(sample.packed).h is None


def test_tar_lists_the_members_of_a_shard() -> None:
    atdata.write(samples(2), "data.tar", manifest=False)
    listed = subprocess.run(["tar", "-tvf", "data.tar"], capture_output=True, text=True, check=True, timeout=60).stdout

    assert listed.count(".msgpack") == 2


# Questions --------------------------------------------------------------------------------------------------------


def test_a_dataset_knows_its_class_and_can_be_seen_as_another() -> None:
    atdata.write(samples(), "data.tar")
    dataset = Dataset[MySample]("data.tar")

    assert dataset.sample_type is MySample
    assert [sample.field for sample in dataset.as_type(TargetType).ordered()] == ["0", "1", "2", "3", "4"]


def test_an_array_may_be_absent() -> None:
    atdata.write(samples(), "data.tar")
    batch = next(iter(Dataset[MySample]("data.tar").ordered(batch_size=5)))

    assert batch.required_array.shape == (5, 3)
    assert [value is None for value in batch.optional_array] == [True, False, True, False, True]
    assert MySample(required_array=np.ones(1), label="a").optional_array is None


def test_the_size_of_the_shuffle_buffer_has_two_names() -> None:
    atdata.write(samples(), "data.tar")
    dataset = Dataset[MySample]("data.tar")

    for options in ({"initial": 1000}, {"buffer_samples": 1000}):
        seen = [label for batch in dataset.shuffled(batch_size=64, **options) for label in batch.label]
        assert sorted(seen) == ["0", "1", "2", "3", "4"]


def test_parquet_is_written_whole_or_in_parts(here: Path) -> None:
    atdata.write(samples(), "data.tar")
    Dataset[MySample]("data.tar").to_parquet("output.parquet")
    Dataset[MySample]("data.tar").to_parquet("output.parquet", maxcount=2)

    names = sorted(path.name for path in here.glob("*.parquet"))
    assert names == ["output-000000.parquet", "output-000001.parquet", "output-000002.parquet", "output.parquet"]


@pytest.mark.parametrize(
    ("url", "numbers"),
    [
        ("data-000000.tar", [0]),
        ("data-{000000..000009}.tar", list(range(10))),
        ("data-{000000,000005,000009}.tar", [0, 5, 9]),
    ],
)
def test_several_shards_are_named_by_braces(url: str, numbers: list[int]) -> None:
    assert Dataset[MySample](url).list_shards() == [f"data-{i:06d}.tar" for i in numbers]


def test_object_storage_is_read_through_a_source_of_its_own() -> None:
    urls = ["s3://bucket/data-000000.tar", "s3://bucket/data-000001.tar"]
    source = S3Source.from_urls(urls, endpoint_url="https://s3.example.com")

    assert Dataset[MySample](source).list_shards() == urls
    assert source.endpoint == "https://s3.example.com"
