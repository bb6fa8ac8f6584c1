"""The code of the documentation's page on packable samples, run as it stands."""

from __future__ import annotations

import dataclasses
import io
import tarfile
import warnings
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata


@atdata.packable
class ImageSample:
    image: NDArray
    label: str
    confidence: float


@atdata.packable
class PrimitiveSample:
    name: str
    count: int
    score: float
    active: bool
    data: bytes


@atdata.packable
class ArraySample:
    features: NDArray  # Required array
    embeddings: NDArray | None  # Optional array


@atdata.packable
class ListSample:
    tags: list[str]
    scores: list[float]


@dataclass
class DirectSample(atdata.PackableSample):
    name: str
    values: NDArray


@atdata.packable
class GoodSample:
    features: NDArray
    label: str
    metadata: dict
    scores: list[float]


SAMPLE = ImageSample(image=np.random.rand(24, 24, 3).astype(np.float32), label="cat", confidence=0.95)


def test_packing_and_unpacking() -> None:
    packed_bytes = SAMPLE.packed
    restored = ImageSample.from_bytes(packed_bytes)

    assert isinstance(packed_bytes, bytes)
    assert np.array_equal(SAMPLE.image, restored.image)
    assert SAMPLE.label == restored.label


def test_supported_field_types() -> None:
    for sample in (
        PrimitiveSample(name="n", count=1, score=0.5, active=True, data=b"d"),
        ArraySample(features=np.ones(3), embeddings=None),
        ArraySample(features=np.ones(3), embeddings=np.zeros(2)),
        ListSample(tags=["a"], scores=[0.5, 1.0]),
        GoodSample(features=np.ones(1), label="l", metadata={"source": "x", "n": [1, None]}, scores=[]),
    ):
        assert type(sample).from_bytes(sample.packed) == sample


def test_direct_inheritance() -> None:
    restored = DirectSample.from_bytes(DirectSample(name="x", values=np.arange(3)).packed)

    assert restored.values.tolist() == [0, 1, 2]


def test_webdataset_writes_what_as_wds_gives(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # webdataset's own
        import webdataset as wds

        with wds.writer.TarWriter(str(tmp_path / "data-000000.tar")) as sink:
            for i in range(3):
                sink.write({**SAMPLE.as_wds, "__key__": f"sample_{i:06d}"})

    with tarfile.open(tmp_path / "data-000000.tar") as tar:
        names = tar.getnames()
        raw = tar.extractfile(names[0])
        assert raw is not None
        assert ImageSample.from_bytes(raw.read()) == SAMPLE
    assert names == [f"sample_{i:06d}.msgpack" for i in range(3)]


def test_type_introspection() -> None:
    assert is_dataclass(ImageSample)
    assert [field.name for field in fields(ImageSample)] == ["image", "label", "confidence"]


def test_ensure_good_runs_after_construction() -> None:
    from atdata._helpers import array_to_bytes

    sample = dataclasses.replace(SAMPLE, image=array_to_bytes(np.eye(2)))

    assert sample.image.tolist() == [[1, 0], [0, 1]]
    assert np.load(io.BytesIO(array_to_bytes(np.eye(2)))).shape == (2, 2)


def test_the_decorator_adds_the_base_class_and_makes_a_dataclass() -> None:
    assert issubclass(ImageSample, atdata.PackableSample)
    assert is_dataclass(ImageSample)
    assert ImageSample.__name__ == "ImageSample"
    assert ImageSample.__module__ == __name__


def test_direct_inheritance_is_the_same_as_the_decorator() -> None:
    @atdata.packable
    class Decorated:
        name: str
        values: NDArray

    direct = DirectSample(name="x", values=np.arange(3))
    decorated = Decorated(name="x", values=np.arange(3))

    assert direct.packed == decorated.packed
    assert Decorated.from_bytes(direct.packed) == decorated


def test_bytes_stay_bytes_where_bytes_are_declared() -> None:
    from atdata._helpers import array_to_bytes

    raw = array_to_bytes(np.ones(3))
    sample = PrimitiveSample(name="n", count=1, score=0.5, active=True, data=raw)

    assert PrimitiveSample.from_bytes(sample.packed).data == raw


def test_what_msgpack_cannot_hold_is_refused_with_its_field() -> None:
    @atdata.packable
    class BadSample:
        label: str
        callback: object

    with pytest.raises(TypeError, match=r"BadSample\.callback"):
        _ = BadSample(label="a", callback=print).packed


def test_a_class_can_be_used_before_any_sample_of_it_exists() -> None:
    assert PrimitiveSample.from_data({"name": "n", "count": 1, "score": 0.5, "active": True, "data": b"d"}).count == 1
