"""The API pages of samples and batches: every name, with the parameters and results that the pages give it."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import ormsgpack
import pytest
from numpy.typing import NDArray

import atdata
from atdata import DictSample, Packable, PackableSample, SampleBatch, packable


@packable
class MyData:
    name: str
    values: NDArray


SAMPLE = MyData(name="test", values=np.array([1, 2, 3]))


def names(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


# packable, PackableSample, Packable -------------------------------------------------------------------------------


def test_packable_keeps_name_and_annotations() -> None:
    assert MyData.__name__ == "MyData"
    assert list(inspect.get_annotations(MyData)) == ["name", "values"]
    assert issubclass(MyData, PackableSample)
    assert names(packable) == ["cls"]


def test_a_sample_is_packed_to_msgpack_and_back() -> None:
    packed = SAMPLE.packed

    assert isinstance(packed, bytes)
    assert ormsgpack.unpackb(packed)["name"] == "test"
    assert isinstance(ormsgpack.unpackb(packed)["values"], bytes)
    restored = MyData.from_bytes(bs=packed)
    assert restored == SAMPLE
    assert restored.values.flags.writeable


def test_unpacked_data_becomes_a_sample_with_its_arrays_restored() -> None:
    data = ormsgpack.unpackb(SAMPLE.packed)

    assert MyData.from_data(data=data) == SAMPLE
    assert MyData.from_data({"name": "test", "values": np.array([1, 2, 3])}) == SAMPLE


def test_as_wds_is_what_webdataset_writes() -> None:
    first, second = SAMPLE.as_wds, SAMPLE.as_wds

    assert set(first) == {"__key__", "msgpack"}
    assert isinstance(first["__key__"], str)
    assert first["__key__"] < second["__key__"]
    assert first["msgpack"] == SAMPLE.packed


def test_generic_code_takes_any_packable_class() -> None:
    def copy(sample_type: type[Packable], packed: bytes) -> bytes:
        return sample_type.from_bytes(packed).packed

    assert copy(MyData, SAMPLE.packed) == SAMPLE.packed
    assert copy(DictSample, SAMPLE.packed) == SAMPLE.packed
    for name in ("from_bytes", "from_data", "packed", "as_wds"):
        assert hasattr(Packable, name)
        assert hasattr(PackableSample, name)


# DictSample -------------------------------------------------------------------------------------------------------


def test_a_dict_sample_is_made_of_a_dictionary_of_keywords_or_of_bytes() -> None:
    data = {"text": "hello", "label": 3}

    for made in (
        DictSample(data),
        DictSample(_data=data),
        DictSample(text="hello", label=3),
        DictSample.from_data(data=data),
        DictSample.from_bytes(bs=ormsgpack.packb(data)),
    ):
        assert made.text == made["text"] == "hello"
        assert made.label == made["label"] == 3


def test_a_dict_sample_is_read_like_a_dictionary() -> None:
    sample = DictSample(text="hello", label=3)

    assert sample.keys() == ["text", "label"]
    assert sample.values() == ["hello", 3]
    assert sample.items() == [("text", "hello"), ("label", 3)]
    assert sample.get("text") == "hello"
    assert sample.get("missing") is None
    assert sample.get("missing", default=5) == 5
    assert "text" in sample
    assert "missing" not in sample
    with pytest.raises(AttributeError, match="missing"):
        _ = sample.missing
    with pytest.raises(KeyError):
        _ = sample["missing"]


def test_to_dict_is_a_copy() -> None:
    sample = DictSample(text="hello")
    copied = sample.to_dict()
    copied["text"] = "changed"

    assert sample.text == "hello"


def test_a_dict_sample_packs_and_keeps_arrays_as_bytes() -> None:
    sample = DictSample.from_bytes(SAMPLE.packed)

    assert isinstance(sample["values"], bytes)
    assert sample.packed == SAMPLE.packed
    assert set(sample.as_wds) == {"__key__", "msgpack"}
    assert MyData.from_data(sample.to_dict()) == SAMPLE
    assert "name" in repr(sample)
    assert "values" in repr(sample)
    assert pickle.loads(pickle.dumps(sample)) == sample


# SampleBatch ------------------------------------------------------------------------------------------------------


def test_a_batch_aggregates_attributes() -> None:
    batch = SampleBatch[MyData](samples=[SAMPLE, SAMPLE, SAMPLE])

    assert batch.samples == [SAMPLE] * 3
    assert batch.values.shape == (3, 3)
    assert batch.name == ["test"] * 3
    assert batch.values is batch.values
    assert batch.sample_type is MyData
    assert isinstance(batch, SampleBatch)
    with pytest.raises(AttributeError, match="nothing"):
        _ = batch.nothing


def test_a_batch_without_its_class_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"SampleBatch\[MySample\]"):
        SampleBatch([SAMPLE])


def test_every_name_of_the_front_page_of_the_api_is_there() -> None:
    for name in (
        "packable", "PackableSample", "DictSample", "Dataset", "SampleBatch", "Lens", "lens", "load_dataset",
        "DatasetDict", "Packable", "DataSource", "URLSource", "S3Source", "LensNetwork",
    ):  # fmt: skip
        assert hasattr(atdata, name)
        assert name in atdata.__all__
