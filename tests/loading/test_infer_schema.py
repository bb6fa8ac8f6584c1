"""``infer_schema``: a draft that says what was seen, and no more."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen.samples import parse_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import atdata
from atdata._foreign.members import sample_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


def packed(path: Path, *records: dict[str, Any]) -> Path:
    atdata.write([atdata.DictSample(record) for record in records], path, manifest=False)
    return path


def ordinary(path: Path, *samples: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for i, sample in enumerate(samples):
            for extension, data in sample.items():
                member = tarfile.TarInfo(f"{i:04d}.{extension}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return path


def fields(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    schema, problems = parse_schema(document)
    assert problems == []
    assert schema is not None
    return {field["name"]: field for field in document["fields"]}


def test_primitives_are_what_they_are(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", {"s": "a", "i": 1, "f": 0.5, "b": True, "raw": b"\x00"})
    found = fields(atdata.infer_schema(path, name="Thing", version="2.0.0", description="Some things."))

    assert {name: field["fieldType"]["primitive"] for name, field in found.items()} == {
        "s": "str",
        "i": "int",
        "f": "float",
        "b": "bool",
        "raw": "bytes",
    }
    assert not any(field["optional"] for field in found.values())


def test_the_draft_makes_a_class_that_reads_the_data(tmp_path: Path) -> None:
    records = [{"x": np.zeros((n, 3), np.float32), "name": str(n), "tags": ["a"]} for n in (2, 5)]
    path = packed(tmp_path / "a.tar", *records)
    cls = atdata.decode_schema(atdata.infer_schema(path, name="Thing"))

    for sample in atdata.load_dataset(path, cls, split="train").ordered():
        sample.validate()


def test_a_field_that_is_missing_or_none_is_optional(tmp_path: Path) -> None:
    found = fields(atdata.infer_schema(packed(tmp_path / "a.tar", {"a": 1, "b": "x"}, {"a": None}, {"a": 2, "b": "y"})))

    assert (found["a"]["optional"], found["b"]["optional"]) == (True, True)


def test_constant_dimensions_are_sizes_and_shared_ones_have_names(tmp_path: Path) -> None:
    records = [
        {
            "image": np.zeros((h, w, 3), "u1"),
            "mask": np.zeros((h, w), "u1"),
            "v": np.zeros(h + w, "f4"),
            "e": np.ones(4),
        }
        for h, w in ((4, 6), (8, 2))
    ]
    records[0]["v"] = np.zeros(3, "f4")
    found = fields(atdata.infer_schema(packed(tmp_path / "a.tar", *records)))

    assert found["image"]["fieldType"]["shape"] == ["h", "w", "3"]
    assert found["mask"]["fieldType"]["shape"] == ["h", "w"]
    assert found["v"]["fieldType"]["shape"] == ["_"]
    assert found["e"]["fieldType"] == {
        "$type": "ac.foundation.dataset.schemaType#ndarray",
        "dtype": "float64",
        "shape": ["4"],
    }


def test_arrays_of_changing_rank_have_no_shape(tmp_path: Path) -> None:
    found = fields(atdata.infer_schema(packed(tmp_path / "a.tar", {"x": np.zeros(3)}, {"x": np.zeros((3, 3))})))

    assert "shape" not in found["x"]["fieldType"]


def test_whole_numbers_among_floats_are_floats(tmp_path: Path) -> None:
    found = fields(atdata.infer_schema(packed(tmp_path / "a.tar", {"x": 1}, {"x": 0.5})))

    assert found["x"]["fieldType"]["primitive"] == "float"


def test_bytes_that_all_begin_alike_have_a_media_type(tmp_path: Path) -> None:
    found = fields(atdata.infer_schema(packed(tmp_path / "a.tar", {"x": PNG, "y": PNG}, {"x": PNG, "y": b"?"})))

    assert (found["x"]["mediaType"], "mediaType" in found["y"]) == ("image/png", False)


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ([{"x": 1}, {"x": "a"}], r"x is int \(.*000000000.*\) and str \(.*000000001.*\): a field has one type"),
        ([{"x": True}, {"x": 1}], "x is bool .* and int"),
        (
            [{"x": np.zeros(2, "f4")}, {"x": np.zeros(2, "f8")}],
            "arrays of float32 .* and float64 .*: .* one dtype",
        ),
        ([{"x": np.zeros(2)}, {"x": [0.0, 0.0]}], "x is an array .* and a list"),
        ([{"x": None}, {"x": None}], "says nothing of its type"),
        ([{"x": []}], "says nothing of its type"),
        ([{"x": [1, "a"]}], "x is int .* and str"),
        ([{"x": [1, None]}], "a list with None in it"),
        ([{"x": {"a": 1}}], "x is a map .*a schema of its own"),
        ([{"a b": 1}], r"a field called 'a b', which cannot be the name .*a_b"),
        ([{"packed": 1}], "a field called 'packed'"),
    ],
)
def test_what_no_schema_can_say_is_refused_with_the_place_and_the_remedy(
    tmp_path: Path, records: list[dict[str, Any]], what: str
) -> None:
    path = packed(tmp_path / "a.tar", *records)

    with pytest.raises(atdata.SchemaError, match=what):
        atdata.infer_schema(path)


def test_skipped_fields_are_left_out(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", {"x": 1, "bad": 1}, {"x": 2, "bad": "a"})

    assert list(fields(atdata.infer_schema(path, skip=["bad"]))) == ["x"]


def test_no_more_samples_are_looked_at_than_asked_for(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", {"x": 1}, {"x": 2}, {"x": "different"})

    assert fields(atdata.infer_schema(path, samples=2))["x"]["fieldType"]["primitive"] == "int"
    with pytest.raises(ValueError, match="samples is how many"):
        atdata.infer_schema(path, samples=0)


def test_the_look_goes_on_in_the_next_shard(tmp_path: Path) -> None:
    packed(tmp_path / "a-0.tar", {"x": 1})
    packed(tmp_path / "a-1.tar", {"x": 1, "y": 2})

    assert list(fields(atdata.infer_schema(tmp_path))) == ["x", "y"]


def test_a_dataset_and_a_source_can_be_looked_at(tmp_path: Path) -> None:
    dataset = atdata.load_dataset(packed(tmp_path / "a.tar", {"x": 1}), split="train")

    assert atdata.infer_schema(dataset) == atdata.infer_schema(dataset.source) == atdata.infer_schema(tmp_path)
    with pytest.raises(TypeError, match="a path, a dataset or a source"):
        atdata.infer_schema(3)


def test_a_name_that_no_schema_can_have_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(atdata.SchemaError, match="'no name'"):
        atdata.infer_schema(tmp_path, name="no name")


def test_an_empty_shard_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(atdata.SchemaError, match="the shards are empty"):
        atdata.infer_schema(packed(tmp_path / "a.tar"))


def test_a_shard_that_is_cut_off_is_an_error_of_the_shard(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", *({"x": "a" * 5000} for _ in range(4)))
    path.write_bytes(path.read_bytes()[:9000])

    with pytest.raises(atdata.AtdataError, match=r"a\.tar.*cut off"):
        atdata.infer_schema(path)
    assert fields(atdata.infer_schema(path, samples=1))


def test_only_the_beginning_of_a_large_shard_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "a.tar", *({"x": bytes(1 << 20)} for _ in range(12)))
    path.write_bytes(path.read_bytes()[: 10 << 20])

    assert fields(atdata.infer_schema(path, samples=3))


# Ordinary WebDataset ----------------------------------------------------------------------------------------------


def test_members_become_fields_by_their_extension(tmp_path: Path) -> None:
    meta = json.dumps({"caption": "a cat", "size": {"w": 4, "h": 3}, "score": 0.5}).encode()
    path = ordinary(
        tmp_path / "a.tar",
        {"jpg": b"\xff\xd8\xff..", "cls": b"3", "json": meta},
        {"jpg": b"\xff\xd8\xff..", "cls": b"4\n", "json": b'{"caption": "b"}', "txt": b"hello"},
    )
    document = atdata.infer_schema(path, name="Photo")
    found = fields(document)

    assert {n: f["fieldType"]["primitive"] for n, f in found.items()} == {
        "image": "bytes",
        "label": "int",
        "caption": "str",
        "size_w": "int",
        "size_h": "int",
        "score": "float",
        "text": "str",
    }
    assert found["image"]["mediaType"] == "image/jpeg"
    assert [n for n, f in found.items() if f["optional"]] == ["size_w", "size_h", "score", "text"]
    assert document["metadata"]["members"]["size_w"] == "json#/size/w"


def test_the_mapping_of_a_draft_reads_samples(tmp_path: Path) -> None:
    members = {"jpg": b"\xff\xd8\xff..", "cls": b"3", "json": b'{"a/b": {"c": [1, 2]}}'}
    document = atdata.infer_schema(ordinary(tmp_path / "a.tar", members), name="Photo")
    record = sample_of(members, document["metadata"]["members"])
    cls = atdata.decode_schema(document)

    assert cls.from_data(record).label == 3
    assert record["a_b_c"] == [1, 2]


def test_json_without_simple_fields_becomes_text(tmp_path: Path) -> None:
    path = ordinary(tmp_path / "a.tar", {"png": PNG, "json": b'{"boxes": [{"x": 1}], "id": 3}'})
    document = atdata.infer_schema(path)

    assert fields(document)["json"]["fieldType"]["primitive"] == "str"
    assert document["metadata"]["members"] == {"image": "png", "json": "json"}


def test_two_images_keep_their_own_names(tmp_path: Path) -> None:
    path = ordinary(tmp_path / "a.tar", {"left.png": PNG, "right.png": PNG, "npy": b""})
    with pytest.raises(atdata.DecodeError):
        atdata.infer_schema(path)
    path = ordinary(tmp_path / "b.tar", {"left.png": PNG, "right.png": PNG})

    assert list(fields(atdata.infer_schema(path))) == ["left", "right"]


def test_compressed_shards_are_looked_into(tmp_path: Path) -> None:
    import gzip

    plain = ordinary(tmp_path / "plain", {"cls": b"1"})
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert list(fields(atdata.infer_schema(tmp_path / "a.tar.gz"))) == ["label"]


def test_shards_of_two_kinds_of_samples_are_refused(tmp_path: Path) -> None:
    path = ordinary(tmp_path / "a.tar", {"msgpack": b"\x81\xa1x\x01"}, {"cls": b"1"})

    with pytest.raises(atdata.SchemaError, match="two kinds of samples"):
        atdata.infer_schema(path)


# Anything ---------------------------------------------------------------------------------------------------------

_VALUES = st.one_of(
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=20),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
    st.sampled_from(["u1", "f4", "c8", "M8[s]", "?", "U2"]).map(lambda d: np.zeros((2, 3), d)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.from_regex("[a-z]{1,4}_x", fullmatch=True), _VALUES, min_size=1, max_size=4))
def test_whatever_can_be_packed_gets_a_schema_that_reads_it(tmp_path: Path, record: dict[str, Any]) -> None:
    path = packed(tmp_path / "a.tar", record)
    cls = atdata.decode_schema(atdata.infer_schema(path))

    [sample] = atdata.load_dataset(path, cls, split="train").ordered()
    sample.validate()
