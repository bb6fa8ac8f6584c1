"""What the page on ``load_dataset`` promises, followed once from end to end; tests/loading has every corner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata import load_dataset


@atdata.packable
class ImageSample:
    image: NDArray
    label: str


def make(*paths: str, count: int = 4) -> None:
    """Shards as webdataset writes them."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with wds.writer.TarWriter(path) as sink:
            for i in range(count):
                sample = ImageSample(image=np.full((8, 8, 3), i, np.float32), label=f"{path} {i}")
                sink.write({**sample.as_wds, "__key__": f"{i:06d}"})


def test_a_split_is_a_dataset_and_all_of_them_a_dictionary() -> None:
    make("train-000.tar", "test-000.tar", count=20)
    splits = load_dataset("./", ImageSample)

    assert isinstance(splits, atdata.DatasetDict)
    assert list(splits.keys()) == ["train", "test"]
    batch = next(iter(splits["train"].ordered(batch_size=16)))
    assert batch.image.shape == (16, 8, 8, 3)
    assert batch.label[:2] == ["train-000.tar 0", "train-000.tar 1"]
    train = load_dataset("./", ImageSample, split="train")
    assert isinstance(train, atdata.Dataset)
    assert [len(batch) for batch in train.ordered(batch_size=16)] == [16, 4]


@pytest.mark.parametrize(
    ("path", "split", "labels"),
    [
        ("data-{000..001}.tar", "train", ["data-000.tar 0", "data-001.tar 0"]),
        ("set-{train,test,val}.tar", "train", ["set-train.tar 0"]),
        ("set-{train,test,val}.tar", "validation", ["set-val.tar 0"]),
        ("data-*.tar", "train", ["data-000.tar 0", "data-001.tar 0"]),
        ("folder/", "test", ["folder/test/a.tar 0"]),
        ("data-000.tar", "train", ["data-000.tar 0"]),
    ],
)
def test_every_form_of_path_is_understood(path: str, split: str, labels: list[str]) -> None:
    make("data-000.tar", "data-001.tar", "set-train.tar", "set-test.tar", "set-val.tar", count=1)
    make("folder/train/a.tar", "folder/test/a.tar", count=1)

    assert [sample.label for sample in load_dataset(path, ImageSample, split=split).ordered()] == labels


@pytest.mark.parametrize(
    "url", ["s3://bucket/data-{000..099}.tar", "https://example.com/data.tar", "gs://bucket/data.tar"]
)
def test_addresses_are_taken_without_a_look(url: str) -> None:
    dataset = load_dataset(url, ImageSample, split="train")

    assert dataset.url == url
    assert len(dataset.shard_list) == (100 if "{" in url else 1)


def test_the_dictionary_knows_its_splits() -> None:
    make("data/train-0.tar", "data/train-1.tar", "data/test-0.tar")
    splits = load_dataset("data/", ImageSample)

    assert {name: len(dataset.shard_list) for name, dataset in splits.items()} == {"train": 2, "test": 1}
    assert splits.num_shards == {"train": 2, "test": 1}
    assert splits.sample_type is ImageSample
    assert splits.streaming is False
    assert load_dataset("data/", ImageSample, streaming=True).streaming is True


@pytest.mark.parametrize(
    ("files", "shards"),
    [
        ("custom-*.tar", {"train": 2}),
        (["custom-0.tar", "eval.tar"], {"train": 2}),
        ({"train": "custom-*.tar", "test": "eval.tar"}, {"train": 2, "test": 1}),
        ({"train": ["custom-0.tar", "custom-1.tar"]}, {"train": 2}),
    ],
)
def test_files_can_be_named_instead(files: Any, shards: dict[str, int]) -> None:
    make("path/custom-0.tar", "path/custom-1.tar", "path/eval.tar", "path/other.tar")

    assert load_dataset("path/", ImageSample, data_files=files).num_shards == shards


def test_an_index_resolves_names_and_types() -> None:
    from atdata.local import LocalIndex

    make("data-000.tar")
    index = LocalIndex(path=":memory:")
    index.insert_dataset(atdata.Dataset[ImageSample]("data-000.tar"), name="my-dataset")
    found = load_dataset("@local/my-dataset", index=index, split="train")
    typed = load_dataset("@local/my-dataset", ImageSample, index=index, split="train")

    assert found.sample_type.__name__ == "ImageSample"
    assert [sample.label for sample in found.ordered()] == [sample.label for sample in typed.ordered()]
    assert typed.sample_type is ImageSample
    with pytest.raises(KeyError, match="nothing-of-the-kind"):
        load_dataset("@local/nothing-of-the-kind", index=index, split="train")
    with pytest.raises(ValueError, match="index"):
        load_dataset("@local/my-dataset")


def test_errors_are_of_the_kinds_that_the_page_catches() -> None:
    make("data/train-0.tar")

    with pytest.raises(FileNotFoundError, match="nowhere"):
        load_dataset("nowhere/data.tar", ImageSample, split="train")
    with pytest.raises(ValueError, match="Split 'test' not found"):
        load_dataset("data/", ImageSample, split="test")


def test_without_a_class_one_explores_and_then_converts() -> None:
    make("data/train.tar")
    dataset = load_dataset("./data/train.tar", split="train")
    sample = next(iter(dataset.ordered()))

    assert isinstance(sample, atdata.DictSample)
    assert sample.keys() == ["image", "label"]
    assert sample.label == sample["label"] == "data/train.tar 0"
    assert isinstance(sample.image, bytes)
    assert next(iter(dataset.as_type(ImageSample).ordered())).image.shape == (8, 8, 3)
