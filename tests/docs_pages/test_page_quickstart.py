"""What the front page and the quick start promise: define a class, write shards, read them, look through a lens."""

from __future__ import annotations

import dataclasses
import re
from importlib.metadata import metadata
from pathlib import Path

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata import load_dataset


@atdata.packable
class ImageSample:
    """A picture, and how sure somebody is of what it shows."""

    image: NDArray
    label: str
    confidence: float


@atdata.packable
class SimplifiedSample:
    label: str
    confidence: float


@atdata.lens
def simplify(src: ImageSample) -> SimplifiedSample:
    return SimplifiedSample(label=src.label, confidence=src.confidence)


def samples(count: int = 100) -> list[ImageSample]:
    rng = np.random.default_rng(0)
    return [
        ImageSample(
            image=rng.random((24, 24, 3)).astype(np.float32), label=f"class_{i % 10}", confidence=float(rng.random())
        )
        for i in range(count)
    ]


@pytest.fixture
def dataset() -> atdata.Dataset[ImageSample]:
    """A hundred samples as the page writes them."""
    with wds.writer.TarWriter("my-dataset-000000.tar") as sink:
        for i, sample in enumerate(samples()):
            sink.write({**sample.as_wds, "__key__": f"sample_{i:06d}"})
    return atdata.Dataset[ImageSample]("my-dataset-000000.tar")


def test_the_extras_of_the_installation_are_there() -> None:
    extras = set(metadata("atdata").get_all("Provides-Extra") or [])

    assert {"atmosphere", "atproto", "redis", "s3", "parquet", "torch", "ray", "media", "gen", "all"} <= extras


def test_a_decorated_class_is_a_dataclass_that_packs() -> None:
    assert dataclasses.is_dataclass(ImageSample)
    assert issubclass(ImageSample, atdata.PackableSample)
    assert ImageSample.__doc__ == "A picture, and how sure somebody is of what it shows."
    assert [field.name for field in dataclasses.fields(ImageSample)] == ["image", "label", "confidence"]


def test_a_sample_survives_packing() -> None:
    sample = samples(1)[0]
    packed = sample.packed
    restored = ImageSample.from_bytes(packed)

    assert len(packed) > sample.image.nbytes
    assert np.allclose(sample.image, restored.image)
    assert restored.image.dtype == np.float32
    assert (restored.label, restored.confidence) == (sample.label, sample.confidence)


def test_as_wds_has_a_key_and_the_packed_bytes() -> None:
    sample = samples(1)[0]
    raw = sample.as_wds

    assert set(raw) == {"__key__", "msgpack"}
    assert ImageSample.from_bytes(raw["msgpack"]) == sample


def test_ordered_batches_stack_arrays_and_list_the_rest(dataset: atdata.Dataset[ImageSample]) -> None:
    batches = list(dataset.ordered(batch_size=16))

    assert [len(batch) for batch in batches] == [16] * 6 + [4]
    assert batches[0].image.shape == (16, 24, 24, 3)
    assert batches[0].image.dtype == np.float32
    assert batches[0].label == [f"class_{i % 10}" for i in range(16)]
    assert all(isinstance(value, float) for value in batches[0].confidence)


def test_shuffled_batches_hold_every_sample_once(dataset: atdata.Dataset[ImageSample]) -> None:
    seen: list[float] = []
    for batch in dataset.shuffled(batch_size=32):
        assert batch.image.shape[1:] == (24, 24, 3)
        seen += batch.confidence
    wanted = [sample.confidence for sample in samples()]

    assert seen != wanted
    assert sorted(seen) == sorted(wanted)


def test_a_lens_shows_the_dataset_as_another_class(dataset: atdata.Dataset[ImageSample]) -> None:
    batch = next(iter(dataset.as_type(SimplifiedSample).ordered(batch_size=8)))

    assert batch.label == [f"class_{i}" for i in range(8)]
    assert batch.confidence == [sample.confidence for sample in samples(8)]
    with pytest.raises(AttributeError, match="image"):
        _ = batch.image


def test_loading_by_path_needs_no_class(dataset: atdata.Dataset[ImageSample]) -> None:
    found = load_dataset("my-dataset-{000000..000000}.tar")

    assert list(found) == ["train"]
    first = next(iter(found["train"].ordered()))
    assert isinstance(first, atdata.DictSample)
    assert (first.label, first["label"]) == ("class_0", "class_0")
    assert next(iter(found["train"].as_type(ImageSample).ordered())) == samples(1)[0]


def test_loading_a_folder_tells_its_splits_apart(here: Path) -> None:
    for split in ("train", "test"):
        atdata.write(samples(3), here / "data" / f"{split}-000000.tar", manifest=False)
    found = load_dataset("data/", ImageSample)

    assert [len(found["train"]), len(found["test"])] == [3, 3]
    assert re.search("train.*test", repr(found), re.S)


def test_loading_by_name_asks_the_index(dataset: atdata.Dataset[ImageSample]) -> None:
    from atdata.local import LocalIndex

    index = LocalIndex(path=":memory:")
    index.publish_schema(ImageSample, version="1.0.0")
    index.insert_dataset(dataset, name="training-images-v1")
    found = load_dataset("@local/training-images-v1", index=index, split="train")

    assert next(iter(found.ordered(batch_size=4))).image.shape == (4, 24, 24, 3)
