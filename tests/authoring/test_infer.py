"""`atdata-gen infer`: a schema from data, and from what other tools say of theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import atdata

Command = Callable[..., Any]
PREFIX = "ac.foundation.dataset.schemaType#"


def shape_of(document: dict[str, Any]) -> dict[str, Any]:
    """Each field's type in few words, for a test to read."""
    fields = document["fields"]
    return {field["name"]: _words(field["fieldType"]) + ("?" if field["optional"] else "") for field in fields}


def _words(kind: dict[str, Any]) -> str:
    match kind["$type"].removeprefix(PREFIX):
        case "primitive":
            return str(kind["primitive"])
        case "ndarray":
            return f"{kind['dtype']}[{','.join(kind.get('shape', ['...']))}]"
        case "array":
            return f"list[{_words(kind['items'])}]"
        case other:
            return other


@atdata.packable
class Cat:
    image: np.ndarray[Any, np.dtype[np.uint8]]
    label: int


def test_shards_become_a_document_in_its_place_that_generates(home: Path, atdata_gen: Command) -> None:
    cats = [Cat(image=np.zeros((4, 4 + i, 3), np.uint8), label=i) for i in range(4)]
    atdata.write(cats, "cat-photos-%06d.tar")

    done = atdata_gen("infer", "cat-photos-000000.tar", "--description", "A cat.")

    assert (done.status, done.out) == (0, "lexicons/samples/cat_photos.json\n")
    assert shape_of(json.loads(Path(done.out.strip()).read_text())) == {"image": "uint8[4,w,3]", "label": "int"}
    assert atdata_gen("fmt", "--check").status == 0
    assert atdata_gen("lint", "--json").json["counts"]["error"] == 0
    assert atdata_gen("lexicons", "-o", "made").status == 0
    assert atdata_gen("infer", "cat-photos-000000.tar").status == 2, "nothing is overwritten"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_json_records_are_looked_at(name: str, home: Path, atdata_gen: Command) -> None:
    rows = [{"text": "a", "score": 0.5, "tags": ["x"]}, {"text": "b", "score": 2.0}]
    Path(name).write_text(json.dumps(rows) if name == "a.json" else "\n".join(map(json.dumps, rows)))

    done = atdata_gen("infer", name, "--name", "Note", "--stdout")

    assert shape_of(done.json) == {"text": "str", "score": "float", "tags": "list[str]?"}


def test_parquet_is_looked_at(home: Path, atdata_gen: Command) -> None:
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    parquet.write_table(pa.table({"n": [1, 2], "text": ["a", "b"]}), "t.parquet")

    assert shape_of(atdata_gen("infer", "t.parquet", "--stdout").json) == {"n": "int", "text": "str"}


def test_descriptions_of_other_tools_are_enough(home: Path, atdata_gen: Command) -> None:
    zarr, safetensors = import_module("zarr"), import_module("safetensors.numpy")
    group = zarr.open_group("photos.zarr", mode="w")
    group.create_array("image", shape=(10, 4, 6, 3), dtype="uint8")
    group.create_array("more/label", shape=(10,), dtype="int64")
    safetensors.save_file({"layer.1": np.zeros((3, 4), np.float32)}, "m.safetensors")
    Path("hf").mkdir()
    Path("hf/dataset_info.json").write_text(
        '{"features": {"image": {"_type": "Image"}, "label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}'
    )
    Path("mds").mkdir()
    Path("mds/index.json").write_text(
        '{"shards": [{"column_names": ["x", "y"], "column_encodings": ["ndarray:float32:3,224", "int"]}]}'
    )

    def drafted(path: str) -> dict[str, Any]:
        return shape_of(atdata_gen("infer", path, "--stdout", "--name", "Draft").json)

    assert drafted("photos.zarr") == {"image": "uint8[4,6,3]", "more_label": "int"}
    assert drafted("m.safetensors") == {"layer_1": "float32[3,4]"}
    assert "is called 'layer.1' there" in atdata_gen("infer", "m.safetensors", "--stdout").err
    assert drafted("hf") == {"image": "bytes", "label": "int"}
    assert drafted("mds") == {"x": "float32[3,224]", "y": "int"}


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [("a.safetensors", b"", "no safetensors"), ("b.safetensors", b"\xff" * 8, "no safetensors"),
     ("c.safetensors", b"\x04" + b"\0" * 7 + b"nope", "no safetensors"), ("a.json", b"{", "not JSON"),
     ("b.json", b"{}", "no list of samples"), ("a.jsonl", b"[]\n", "no object"), ("c.json", b"[]", "empty"),
     ("a.arrow", b"nonsense", "no Arrow file"), ("d.json", b'{"features": {"x": {"_type": "Odd"}}}', "left out"),
     ("missing.tar", None, "no shards"), ("a.txt", b"hello", "a.txt")],
)  # fmt: skip
def test_what_is_no_data_is_one_line(name: str, data: bytes | None, what: str, home: Path, atdata_gen: Command) -> None:
    if data is not None:
        Path(name).write_bytes(data)

    done = atdata_gen("infer", name, "--name", "Draft")

    assert done.status == (2 if data is None else 1)
    assert what in done.err
    assert done.err.count("\n") == 1
    assert not Path("lexicons").exists()


def test_wrong_calls_exit_with_2(home: Path, atdata_gen: Command) -> None:
    assert atdata_gen("infer").status == 2
    assert atdata_gen("infer", "a.tar", "--name", "list").status == 2
    assert atdata_gen("infer", "a.tar", "--samples", "0").status == 2
