"""Types of sample fields in other languages: back unchanged but for what is named, and right for the real libraries."""

from __future__ import annotations

import dataclasses
import io
import json
import struct
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen import formats
from atdata_codegen.formats.notes import FieldNames, field_document, field_of
from atdata_codegen.samples.dtypes import DTYPES, INTEGERS, NUMBERS
from atdata_codegen.samples.model import ArrayOf, NdArray, Primitive, RefType, SampleField
from atdata_codegen.samples.refs import parse_ref
from hypothesis import example, given, settings
from hypothesis import strategies as st

FORMATS = ("arrow", "croissant", "huggingface", "mds", "safetensors", "zarr")
BOX = parse_ref("atdata://local/sampleSchema/Box@1.0.0")
assert BOX is not None

_dims = st.integers(0, 64) | st.sampled_from(["h", "w", "_", "n"])
_primitives = st.sampled_from([Primitive(name) for name in ("str", "int", "float", "bool", "bytes")])
_arrays = st.builds(NdArray, st.sampled_from(sorted(DTYPES)), st.none() | st.lists(_dims, max_size=6).map(tuple))
_types = st.recursive(_primitives | _arrays | st.just(RefType(BOX)), lambda i: st.builds(ArrayOf, i), max_leaves=3)


@st.composite
def sample_fields(draw: Any) -> SampleField:
    kind = draw(_types)
    more: dict[str, Any] = {
        "description": draw(st.sampled_from(["", "Text, — ü."])),
        "unit": draw(st.sampled_from(["", "m/s"])),
        "optional": draw(st.booleans()),
    }
    array = kind.dtype if isinstance(kind, NdArray) else ""
    whole = kind == Primitive("int") or array in INTEGERS
    if (whole or kind == Primitive("float") or array in NUMBERS) and draw(st.booleans()):
        more["minimum"] = draw(st.integers(-5, 0) if whole else st.floats(-5, 0))
    if whole and draw(st.booleans()):
        more["labels"] = tuple(draw(st.lists(st.text(max_size=4), min_size=1, max_size=4)))
    if kind == Primitive("bytes"):
        more["media_type"] = draw(st.sampled_from(["", "image/jpeg", "image/*", "audio/flac", "image/png"]))
    if kind == Primitive("float") and draw(st.booleans()):
        more["default"] = draw(st.floats(0, 1))
    if kind == Primitive("str") and draw(st.booleans()):
        more["enum"] = ("a", "b")
    return SampleField("x", kind, **more)


schemas = st.lists(sample_fields(), min_size=1, max_size=5).map(
    lambda fields: [dataclasses.replace(field, name=f"f{i}") for i, field in enumerate(fields)]
)


@settings(deadline=None)
@given(sample_fields())
def test_a_field_is_written_as_documents_write_it(field: SampleField) -> None:
    assert field_of(json.loads(json.dumps(field_document(field)))) == field


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(fields=schemas)
@example(fields=[SampleField("a", NdArray("bool", (64,) * 6)), SampleField("b", NdArray("complex64", (2**30, 1)))])
@example(fields=[SampleField("a", ArrayOf(NdArray("float32", (2**32,)))), SampleField("b", NdArray("str", (2**32, 2)))])
def test_what_is_not_named_as_lost_comes_back(name: str, fields: Sequence[SampleField]) -> None:
    there, back = getattr(formats, f"to_{name}"), getattr(formats, f"from_{name}")

    mapped = there(fields)
    found = {field.name: field for field in back(mapped.value).value}

    lost = {loss.field for loss in mapped.losses}
    assert [field for field in fields if field.name not in lost and found.get(field.name) != field] == []
    if name in ("arrow", "zarr", "safetensors"):
        plain = [field for field in fields if isinstance(field.type, Primitive)]
        assert not lost & {field.name for field in plain}, "these have room for notes"
    again = back(there(list(found.values())).value).value
    assert [field.type for field in again] == [field.type for field in found.values()]


def test_a_note_that_the_format_contradicts_is_not_believed() -> None:
    field = SampleField("x", NdArray("float32", ("h", 3)), unit="m")
    arrays = formats.to_zarr([field], 10).value
    arrays["x"]["data_type"] = "float64"
    header = formats.to_safetensors([SampleField("x", NdArray("float32", (2, 3)), unit="m")]).value
    header["x"]["shape"] = [4, 3]

    assert formats.from_zarr(arrays).value == (SampleField("x", NdArray("float64", (0, 3))),)
    assert formats.from_safetensors(header).value == (SampleField("x", NdArray("float32", (4, 3))),)


@pytest.mark.parametrize("name", ["huggingface", "mds", "safetensors", "zarr"])
@settings(deadline=None)
@given(
    value=st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["F32", "ndarray:uint8:3", "uint8"]),
            lambda i: (
                st.lists(i, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["dtype", "shape", "_type", "feature", "data_type", "attributes", "atdata.field"]),
                    i,
                )
            ),
        ),
        max_size=4,
    )
)
def test_nonsense_of_strangers_is_named_and_no_crash(name: str, value: dict[str, Any]) -> None:
    if name == "mds":
        value = {key: str(item) for key, item in value.items()}

    found = getattr(formats, f"from_{name}")(value)

    assert len({field.name for field in found.value}) == len(found.value)
    assert all(field_of(field_document(field)) == field for field in found.value)


def test_columns_get_names_that_fields_may_have() -> None:
    names = FieldNames()

    taken = [names.take(text) for text in ("image.png", "class", "1st", "packed", "a b", "a_b", "", "__x", "ü")]

    assert taken == ["image_png", "class_", "field_1st", "packed_", "a_b", "a_b_2", "field", "x", "field_2"]


# The real libraries ----------------------------------------------------------------------------------------------


def test_zarr_opens_every_array_with_the_dtype_that_was_meant() -> None:
    zarr = import_module("zarr")
    fields = [SampleField(f"f{i}", NdArray(dtype, (4, "h"))) for i, dtype in enumerate(sorted(DTYPES))]
    fields += [SampleField("label", Primitive("int")), SampleField("name", Primitive("str"))]

    for name, meta in formats.to_zarr(fields, 7).value.items():
        store = zarr.storage.MemoryStore()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # some dtypes are of an extension that is not final
            buffer = zarr.core.buffer.default_buffer_prototype().buffer
            zarr.core.sync.sync(store.set("zarr.json", buffer.from_bytes(json.dumps(meta).encode())))
            array = zarr.open_array(store=store, mode="r")
            again = array.metadata.to_dict()
        dtype = next(field for field in fields if field.name == name).type
        assert array.shape[0] == 7
        if isinstance(dtype, NdArray) and dtype.dtype not in ("str", "bytes"):
            assert array.dtype.name.partition("[")[0] == dtype.dtype
        assert formats.from_zarr({name: again}).value == (next(f for f in fields if f.name == name),)


def test_safetensors_writes_the_header_that_is_foretold() -> None:
    safetensors = import_module("safetensors.numpy")
    fields = [SampleField("image", NdArray("uint8", (4, 6, 3))), SampleField("depth", NdArray("float16", (4, 6)))]
    mapped = formats.to_safetensors(fields)
    arrays = {"image": np.zeros((4, 6, 3), np.uint8), "depth": np.zeros((4, 6), np.float16)}

    data = safetensors.save(arrays, metadata=mapped.value["__metadata__"])

    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    assert {k: (v["dtype"], v["shape"]) for k, v in header.items() if k != "__metadata__"} == {
        "image": ("U8", [4, 6, 3]), "depth": ("F16", [4, 6])
    }  # fmt: skip
    assert formats.from_safetensors(header).value == tuple(fields)


@settings(max_examples=25, deadline=None)
@given(fields=schemas)
def test_arrow_schemas_survive_files(fields: Sequence[SampleField]) -> None:
    pa = import_module("pyarrow")
    mapped = formats.to_arrow(fields, {BOX.uri: [SampleField("x", Primitive("float"))]})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, mapped.value):
        pass

    schema = pa.ipc.open_stream(sink.getvalue()).schema

    assert not mapped.losses
    assert formats.from_arrow(schema).value == tuple(fields)


def test_nested_samples_are_structs_where_their_fields_are_given() -> None:
    field = SampleField("boxes", ArrayOf(RefType(BOX)))
    inner = {BOX.uri: [SampleField("x", Primitive("float")), SampleField("m", NdArray("bool", ("h", "w")))]}

    features = formats.to_huggingface([field], inner).value["boxes"]
    column = formats.to_arrow([field], inner).value.field("boxes")

    assert features["feature"]["x"] == {"dtype": "float64", "_type": "Value"}
    assert [child.name for child in column.type.value_type] == ["x", "m"]
    assert [loss.what for loss in formats.to_huggingface([field]).losses] == [
        "is left out: a nested sample is of another schema"
    ]


def test_parquet_columns_of_others_become_fields(tmp_path: Path) -> None:
    pa = import_module("pyarrow")
    parquet = import_module("pyarrow.parquet")
    table = pa.table(
        {
            "id": pa.array([1], pa.int32()),
            "text": pa.array(["a"], pa.large_string()),
            "vector": pa.array([[1.0, 2.0]], pa.list_(pa.float32(), 2)),
            "tags": pa.array([["a"]]),
            "when": pa.array([0], pa.timestamp("us")),
            "nested": pa.array([{"a": 1}]),
            "kind": pa.array(["x"]).dictionary_encode(),
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")

    found = formats.from_arrow(parquet.read_schema(tmp_path / "a.parquet"))

    assert {field.name: field.type for field in found.value} == {
        "id": Primitive("int"), "text": Primitive("str"), "vector": NdArray("float32", (2,)),
        "tags": ArrayOf(Primitive("str")), "when": NdArray("datetime64", ()), "kind": Primitive("str"),
    }  # fmt: skip
    assert {loss.field for loss in found.losses} == {"id", "when", "nested", "kind"}


@pytest.mark.slow
def test_hugging_face_takes_every_feature() -> None:
    datasets = pytest.importorskip("datasets")
    shapes = ((), (3,), ("_",), (4, 6), ("h", 3), ("h", "w", 3), (1,) * 6)
    fields = [SampleField(f"{d}_{i}", NdArray(d, s)) for d in sorted(DTYPES) for i, s in enumerate(shapes)]
    fields += [SampleField("y", Primitive("int"), labels=("cat", "dog")), SampleField("i", Primitive("bytes"),
               media_type="image/png")]  # fmt: skip
    mapped = formats.to_huggingface(fields)

    features = datasets.Features.from_dict(mapped.value)

    assert formats.from_huggingface(features.to_dict()).value == formats.from_huggingface(mapped.value).value


@pytest.mark.slow
def test_streaming_knows_every_encoding() -> None:
    encodings = pytest.importorskip("streaming.base.format.mds.encodings")
    shapes = ((), (3,), ("_",), (4, 6), None, (0, 2))
    fields = [SampleField(f"{d}_{i}", NdArray(d, s)) for d in sorted(DTYPES) for i, s in enumerate(shapes)]
    fields += [SampleField(name, Primitive(name)) for name in ("str", "int", "float", "bool", "bytes")]  # type: ignore[arg-type]  # all five

    for encoding in formats.to_mds(fields).value.values():
        assert encodings.is_mds_encoding(encoding)


def test_the_example_of_the_documentation_runs() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "authoring.md"
    blocks = page.read_text(encoding="utf-8").split("```python\n")[1:]

    for block in blocks:
        exec(block.partition("```")[0], {})

    assert blocks
