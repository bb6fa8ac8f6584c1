"""Data of other formats into typed shards."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

import atdata
from atdata._export.parquet import to_parquet

JPEG = b"\xff\xd8\xff" + bytes(9)


@atdata.packable
class Row:
    x: Annotated[NDArray[np.float32], atdata.Shape(2)]
    name: str


@atdata.packable
class Mixed:
    fixed: NDArray[np.uint8]
    ragged: NDArray[np.float32]
    times: NDArray[np.datetime64]
    name: str
    maybe: NDArray[np.complex64] | None = None


def table(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def samples(dataset: Any) -> list[Any]:
    return list(dataset.ordered())


# Parquet ----------------------------------------------------------------------------------------------------------


def test_rows_become_samples_of_a_drafted_class(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", name=["a", "b"], age=pa.array([3, None], pa.int32()), score=[0.5, 1.0])
    dataset = atdata.import_parquet(path, tmp_path / "a.tar", name="Person")

    assert dataset.sample_type.__name__ == "Person"
    assert [(s.name, s.age, s.score) for s in samples(dataset)] == [("a", 3, 0.5), ("b", None, 1.0)]


def test_what_was_exported_comes_back_with_every_dtype_and_shape(tmp_path: Path) -> None:
    before = [
        Mixed(
            fixed=np.full((2, 3), i, np.uint8),
            ragged=np.ones((i + 1, 2), np.float32),
            times=np.array(["2020-01-01"], "M8[ns]"),
            name=str(i),
            maybe=np.array([1j], np.complex64) if i else None,
        )
        for i in range(3)
    ]
    source = atdata.load_dataset(_written(tmp_path / "in.tar", before), Mixed, split="train")
    [file] = to_parquet(source, tmp_path / "t.parquet", row_group_size=1)
    after = samples(atdata.import_parquet(file, tmp_path / "out.tar", Mixed))

    assert after == before
    drafted = samples(atdata.import_parquet(file, tmp_path / "out2.tar"))
    assert [(s.fixed.dtype, s.ragged.shape, s.times.dtype) for s in drafted] == [
        (s.fixed.dtype, s.ragged.shape, s.times.dtype) for s in before
    ]


def _written(path: Path, given: list[Any]) -> Path:
    atdata.write(given, path, manifest=False)
    return path


def test_lists_of_numbers_become_arrays_of_their_dtype(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.parquet",
        vector=pa.array([[1, 2], [3, 4]], pa.list_(pa.float32(), 2)),
        tokens=pa.array([[1], [2, 3]], pa.list_(pa.uint16())),
        matrix=pa.array([[[1.0, 2.0]], [[3.0, 4.0]]]),
        words=[["a"], ["b", "c"]],
    )
    first, second = samples(atdata.import_parquet(path, tmp_path / "a.tar"))

    assert (first.vector.dtype, first.tokens.dtype, first.matrix.shape) == (np.float32, np.uint16, (1, 2))
    assert (second.tokens.tolist(), second.words) == ([2, 3], ["b", "c"])


def test_columns_that_no_sample_has_become_what_comes_nearest(tmp_path: Path) -> None:
    path = table(
        tmp_path / "a.parquet",
        **{
            "taken at": [datetime.datetime(2020, 1, 2, 3, 4)],
            "where": [{"lat": 1.5, "lon": 2.5}],
            "kind": pa.array(["a"]).dictionary_encode(),
            "photo": [{"bytes": JPEG, "path": "x.jpg"}],
            "class": [3],
        },
    )
    dataset = atdata.import_parquet(path, tmp_path / "a.tar")
    [sample] = samples(dataset)

    assert sample.taken_at == "2020-01-02T03:04:00"
    assert (sample.where_lat, sample.where_lon, sample.kind, sample.class_) == (1.5, 2.5, "a", 3)
    assert sample.photo == JPEG
    assert "image/jpeg" in str(dataset.sample_type.__annotations__["photo"])


def test_a_schema_of_ones_own_decides_the_types(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", x=[[1.0, 2.0]], name=["a"], more=[1])
    [sample] = samples(atdata.import_parquet(path, tmp_path / "a.tar", Row))

    assert type(sample) is Row
    assert sample.x.dtype == np.float32


def test_a_class_may_be_called_sample_type_as_where_it_is_written(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", x=[[1.0, 2.0]], name=["a"])
    rows = [{"x": [1.0, 2.0], "name": "a"}]
    folder = files(tmp_path / "texts", **{"a.txt": "hello"})
    Text = atdata.decode_schema(atdata.infer_schema(folder, "Text"))

    [first] = samples(atdata.import_parquet(path, tmp_path / "a.tar", sample_type=Row))
    [second] = samples(atdata.import_huggingface(rows, tmp_path / "b.tar", sample_type=Row))
    [third] = samples(atdata.import_folder(folder, tmp_path / "c.tar", sample_type=Text))

    assert (type(first), type(second), type(third)) == (Row, Row, Text)
    with pytest.raises(TypeError, match="schema and sample_type are the same thing: give one of them"):
        atdata.import_parquet(path, tmp_path / "a.tar", Row, sample_type=Row)


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"x": [[1.0, 2.0]], "name": [3]}, r"a\.parquet, row 0: Row\.name: a str expected"),
        ({"x": [[1.0, 2.0], None], "name": ["a", "b"]}, r"a\.parquet, row 1: Row\.x"),
        ({"x": [[(1 << 24) + 1, 0]], "name": ["a"]}, "do not fit into float32"),
        ({"name": ["a"]}, r"Row\.x is missing"),
        ({"x": [[1.0, 2.0, 3.0]], "name": ["a"]}, "x: shape"),
    ],
)
def test_a_row_that_does_not_fit_is_named(tmp_path: Path, columns: dict[str, Any], what: str) -> None:
    path = table(tmp_path / "a.parquet", **columns)

    with pytest.raises(ValueError, match=what):
        atdata.import_parquet(path, tmp_path / "a.tar", Row)
    assert list(tmp_path.glob("*.tar")) == []


def test_several_files_and_shards(tmp_path: Path) -> None:
    table(tmp_path / "b.parquet", i=[2, 3])
    table(tmp_path / "a.parquet", i=[0, 1])
    for path in (tmp_path, f"{tmp_path}/*.parquet", [tmp_path / "a.parquet", tmp_path / "b.parquet"]):
        dataset = atdata.import_parquet(path, tmp_path / "out" / "i-%03d.tar", maxcount=3)
        assert [s.i for s in samples(dataset)] == [0, 1, 2, 3]
        assert len(dataset.list_shards()) == 2


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", i=[0], odd=pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())))

    with pytest.raises(atdata.SchemaError, match="column 'odd' is a map"):
        atdata.import_parquet(path, tmp_path / "a.tar")
    assert [s.i for s in samples(atdata.import_parquet(path, tmp_path / "a.tar", columns=["i"]))] == [0]
    mixed = table(tmp_path / "b.parquet", i=[0], bad=[[[1], [1, 2], []]])
    assert [s.i for s in samples(atdata.import_parquet(mixed, tmp_path / "a.tar", skip=["bad"]))] == [0]
    with pytest.raises(KeyError, match=r"no column 'j'; it has 'i', 'odd'"):
        atdata.import_parquet(path, tmp_path / "a.tar", columns=["j"])


def test_a_parquet_file_that_is_not_there_is_file_not_found(tmp_path: Path) -> None:
    for path in ("none.parquet", "none", "*.parquet"):
        with pytest.raises(FileNotFoundError, match="no Parquet file"):
            atdata.import_parquet(tmp_path / path, tmp_path / "a.tar")


def test_a_schema_can_be_drafted_from_parquet_alone(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", i=[0, 1], x=[[0.5], [0.5]])
    document = atdata.infer_schema(path, name="Thing")

    assert [field["name"] for field in document["fields"]] == ["i", "x"]
    assert document["fields"][1]["fieldType"]["shape"] == ["1"]


# Folders ----------------------------------------------------------------------------------------------------------


def files(folder: Path, **contents: bytes | str) -> Path:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_folders_are_labels(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", **{"dog/1.jpg": JPEG, "cat/1.jpg": JPEG, "cat/2.jpg": JPEG, "cat/.DS_Store": b""})
    dataset = atdata.import_folder(folder, tmp_path / "a.tar", name="Photo")

    assert [(s.image, s.label) for s in samples(dataset)] == [(JPEG, 0), (JPEG, 0), (JPEG, 1)]
    assert "cat" in str(atdata.infer_schema(folder)["fields"])


def test_files_of_one_stem_are_one_sample(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", **{"1.jpg": JPEG, "1.txt": "a cat", "1.json": '{"n": 3}', "2.jpg": JPEG})
    first, second = samples(atdata.import_folder(folder, tmp_path / "a.tar"))

    assert (first.image, first.text, first.n) == (JPEG, "a cat", 3)
    assert (second.image, second.text, second.n) == (JPEG, None, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.csv", "file_name,caption,n,x\n1.jpg,a,3,0.5\n2.jpg,b,4,\n"),
        (
            "metadata.jsonl",
            json.dumps({"file_name": "1.jpg", "caption": "a", "n": 3, "x": 0.5})
            + "\n"
            + json.dumps({"file_name": "2.jpg", "caption": "b", "n": 4}),
        ),
    ],
)
def test_a_metadata_table_adds_fields(tmp_path: Path, name: str, text: str) -> None:
    folder = files(tmp_path / "in", **{"1.jpg": JPEG, "2.jpg": JPEG, name: text})
    found = samples(atdata.import_folder(folder, tmp_path / "a.tar"))

    assert [(s.caption, s.n, s.x) for s in found] == [("a", 3, 0.5), ("b", 4, None)]


def test_folders_of_splits_become_datasets_by_split(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", **{"train/a/1.txt": "x", "train/b/1.txt": "y", "test/a/1.txt": "z"})
    with pytest.raises(ValueError, match=r"splits 'train', 'test': write \{split\} into out"):
        atdata.import_folder(folder, tmp_path / "a.tar")
    splits: Any = atdata.import_folder(folder, f"{tmp_path}/a-{{split}}.tar")

    assert splits.num_shards == {"train": 1, "test": 1}
    assert [s.text for s in samples(splits["train"])] == ["x", "y"]


def test_labels_of_all_splits_have_one_numbering(tmp_path: Path) -> None:
    folder = files(tmp_path / "in", **{"train/a/1.txt": "x", "train/b/1.txt": "y", "test/b/1.txt": "z"})
    splits: Any = atdata.import_folder(folder, f"{tmp_path}/a-{{split}}.tar")

    assert [s.label for s in samples(splits["test"])] == [1]


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/dev/zero", path)], ids=["pipe", "device"])
@pytest.mark.parametrize("name", ["a.txt", "metadata.csv"])
def test_what_never_ends_is_not_read(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    (tmp_path / "b.txt").write_text("x")
    make(tmp_path / name)

    with pytest.raises(atdata.AtdataError, match="is no regular file"):
        atdata.infer_schema(tmp_path, "Text")


@pytest.mark.parametrize(
    "rows",
    [b"b.txt,\xff", b"b.txt," + b"x" * 200_000, b"b.txt,1,2,3", b'b.txt,"not ended\nc.txt,1'],
    ids=["no-utf-8", "too-long", "more-cells", "open-quote"],
)
def test_a_table_that_is_none_is_refused_and_no_row_is_lost(tmp_path: Path, rows: bytes) -> None:
    (tmp_path / "b.txt").write_text("x")
    (tmp_path / "metadata.csv").write_bytes(b"file_name,caption\n" + rows + b"\n")

    with pytest.raises(atdata.SchemaError, match=r"metadata\.csv"):
        atdata.infer_schema(tmp_path, "Text")


def test_a_folder_without_files_is_file_not_found(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(FileNotFoundError, match="no files"):
        atdata.import_folder(tmp_path / "in", tmp_path / "a.tar")
    with pytest.raises(FileNotFoundError, match="is no folder"):
        atdata.import_folder(tmp_path / "none", tmp_path / "a.tar")


# Hugging Face -----------------------------------------------------------------------------------------------------


class Value:
    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class ClassLabel:
    dtype = "int64"

    def __init__(self, names: list[str]) -> None:
        self.names = names


class Image:
    def __init__(self, decode: bool = True) -> None:
        self.decode = decode


class List:
    def __init__(self, feature: Any) -> None:
        self.feature = feature


class Hugging:
    """As much of a Hugging Face dataset as is looked at."""

    def __init__(self, rows: list[dict[str, Any]], features: dict[str, Any] | None) -> None:
        self.rows = rows
        self.features = features

    def with_format(self, kind: None) -> Hugging:
        return self

    def cast_column(self, name: str, feature: Any) -> Hugging:
        assert feature.decode is False
        return Hugging(self.rows, {**(self.features or {}), name: feature})

    def select_columns(self, names: list[str]) -> Hugging:
        features = None if self.features is None else {n: self.features[n] for n in names}
        return Hugging([{n: row[n] for n in names} for row in self.rows], features)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.rows)


def hugging() -> Hugging:
    features = {
        "image": Image(),
        "label": ClassLabel(["cat", "dog"]),
        "vector": List(Value("float32")),
        "meta": {"id": Value("string")},
    }
    rows = [
        {"image": {"bytes": JPEG, "path": None}, "label": i, "vector": [0.5, i], "meta": {"id": str(i)}}
        for i in range(2)
    ]
    return Hugging(rows, features)


def test_hugging_face_rows_become_samples(tmp_path: Path) -> None:
    dataset: Any = atdata.import_huggingface(hugging(), tmp_path / "a.tar", name="Photo")
    second = samples(dataset)[1]

    assert (second.image, second.label, second.meta_id) == (JPEG, 1, "1")
    assert (second.vector.dtype, second.vector.tolist()) == (np.float32, [0.5, 1.0])
    assert "cat" in str(dataset.sample_type._document)


def test_a_streamed_dataset_without_features_is_looked_at(tmp_path: Path) -> None:
    rows = [{"a": 1, "nested": {"b": "x"}, "when": datetime.date(2020, 1, 2)}]
    dataset: Any = atdata.import_huggingface(Hugging(rows, None), tmp_path / "a.tar")

    assert [(s.a, s.nested_b, s.when) for s in samples(dataset)] == [(1, "x", "2020-01-02")]


def test_hugging_face_splits_become_datasets_by_split(tmp_path: Path) -> None:
    given = {"train": hugging(), "test": hugging()}
    splits: Any = atdata.import_huggingface(given, f"{tmp_path}/a-{{split}}-%02d.tar", columns=["label"])

    assert splits.num_shards == {"train": 1, "test": 1}
    assert [s.label for s in samples(splits["test"])] == [0, 1]
    with pytest.raises(ValueError, match="cannot be part of a file name"):
        atdata.import_huggingface({"../x": hugging()}, f"{tmp_path}/a-{{split}}.tar")


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"as datasets\.load_dataset returns it"):
        atdata.import_huggingface("mnist", tmp_path / "a.tar")
    with pytest.raises(TypeError, match="only once"):
        atdata.import_huggingface(iter(hugging()), tmp_path / "a.tar")
