"""What a dataset becomes as Parquet, and that nothing of an array is lost on the way."""

from __future__ import annotations

import dataclasses
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import atdata
from atdata._export import _arrow
from atdata._export.parquet import to_parquet
from atdata._export.restore import decode


class Samples:
    """A dataset as far as export knows it."""

    def __init__(self, sample_type: type[Any], samples: Iterable[Any]) -> None:
        self.sample_type = sample_type
        self.samples = samples

    def ordered(self) -> Iterable[Any]:
        return self.samples


@atdata.packable
class Photo:
    image: NDArray[np.uint8]
    label: str
    score: float | None = None


@atdata.packable
class Empty:
    image: Annotated[NDArray[np.float32], atdata.Shape(4, 3)]
    tokens: NDArray[np.int64]
    label: str
    count: int


@atdata.packable
class Box:
    corners: NDArray[np.float32]
    name: str


@atdata.packable
class Scene:
    box: Box | None
    boxes: list[Box]
    tags: list[str]


def photos(n: int, size: int = 2) -> list[Photo]:
    return [Photo(image=np.full((size, 3), i % 256, np.uint8), label=str(i), score=i / 2) for i in range(n)]


def read(path: Path) -> list[dict[str, Any]]:
    """A file's rows, with the arrays that were written."""
    table = pq.read_table(path)
    columns = {name: decode(table.schema.field(name), table[name]) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        whole = isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return whole and a.astype(a.dtype).tobytes() == b.astype(a.dtype).tobytes()
    return bool(a == b) and type(a) is type(b)


def test_fields_become_columns_in_the_order_of_the_samples(tmp_path: Path) -> None:
    files = to_parquet(Samples(Photo, photos(5)), tmp_path / "out.parquet")

    assert files == [tmp_path / "out.parquet"]
    assert [row["label"] for row in read(files[0])] == ["0", "1", "2", "3", "4"]
    assert pq.read_schema(files[0]).names == ["image", "label", "score"]


def test_arrays_of_one_shape_are_fixed_shape_tensors_that_any_reader_of_arrow_knows(tmp_path: Path) -> None:
    [file] = to_parquet(Samples(Photo, photos(3)), tmp_path / "out.parquet")
    table = pq.read_table(file)

    assert table.schema.field("image").type == pa.fixed_shape_tensor(pa.uint8(), [2, 3])
    assert table["image"].chunk(0).to_numpy_ndarray().shape == (3, 2, 3)


@pytest.mark.parametrize(
    "arrays",
    [
        [np.arange(6).astype(dtype).reshape(2, 3)] * 2
        for dtype in (
            "u1",
            "<i2",
            ">i4",
            "i8",
            "u8",
            "<f2",
            ">f4",
            "f8",
            "c8",
            ">c16",
            "M8[ns]",
            "m8[D]",
            "?",
            "U3",
            "S2",
        )
    ]
    + [
        [np.array(3.5, np.float32), np.array(1, np.float32)],
        [np.array(1 + 2j), np.array(3j)],
        [np.zeros((0, 3), "f4"), np.zeros((2, 3), "f4")],
        [np.zeros(0, "i4")],
        [np.arange(3), np.arange(5)],
        [np.arange(6).reshape(2, 3), np.arange(8).reshape(2, 2, 2), np.array(7)],
        [np.arange(3, dtype="f4"), None, np.arange(3, dtype="f4")],
        [np.array([1 << 62, 3]), None],
        [np.array([True, False]), None],
        [np.array([1, 2], "f2"), None],
        [None, np.arange(3, dtype="c8"), np.arange(4, dtype="c8")],
        [np.arange(3, dtype="f4"), np.arange(3, dtype="f8")],
        [np.asfortranarray(np.arange(6).reshape(2, 3))],
        [np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])],
        [np.arange(10)[::2]],
    ],
    ids=lambda arrays: "-".join("none" if a is None else f"{a.dtype.str}{a.shape}" for a in arrays),
)
def test_reading_back_restores_dtype_and_shape(tmp_path: Path, arrays: list[Any]) -> None:
    @atdata.packable
    class Holder:
        x: NDArray[Any] | None = None

    [file] = to_parquet(Samples(Holder, [Holder(x=a) for a in arrays]), tmp_path / "out.parquet")

    assert all(same(a, row["x"]) for a, row in zip(arrays, read(file), strict=True))


_SHAPES = st.lists(st.integers(0, 3), max_size=3).map(tuple)
_DTYPES = st.sampled_from(["u1", "<i8", ">f4", "f8", "c8", "?", "M8[s]", "S3"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | st.tuples(_DTYPES, _SHAPES), max_size=6), st.integers(1, 3))
def test_any_mixture_of_arrays_survives_any_row_group_size(
    tmp_path: Path, kinds: list[tuple[str, tuple[int, ...]] | None], rows: int
) -> None:
    arrays = [None if kind is None else np.ones(kind[1], kind[0]) for kind in kinds]
    samples = [atdata.DictSample(x=a, n=i) for i, a in enumerate(arrays)]
    [file] = to_parquet(Samples(atdata.DictSample, samples), tmp_path / "out.parquet", row_group_size=rows)

    found = read(file)
    assert [row["n"] for row in found] == list(range(len(arrays)))
    assert all(same(a, row["x"]) for a, row in zip(arrays, found, strict=True))


def test_maxcount_splits_into_numbered_files(tmp_path: Path) -> None:
    files = to_parquet(Samples(Photo, photos(25)), tmp_path / "output.parquet", maxcount=10)

    assert [file.name for file in files] == [f"output-{i:06d}.parquet" for i in range(3)]
    assert [len(read(file)) for file in files] == [10, 10, 5]
    assert [row["label"] for file in files for row in read(file)] == [str(i) for i in range(25)]


def test_segments_end_where_maxcount_says_also_amid_row_groups(tmp_path: Path) -> None:
    files = to_parquet(Samples(Photo, photos(20)), tmp_path / "o.parquet", maxcount=10, row_group_size=5)

    assert [pq.ParquetFile(file).num_row_groups for file in files] == [2, 2]
    assert [row["label"] for file in files for row in read(file)] == [str(i) for i in range(20)]


def test_all_segments_have_the_schema_that_fits_all(tmp_path: Path) -> None:
    samples = photos(2, size=2) + photos(2, size=4)
    files = to_parquet(Samples(Photo, samples), tmp_path / "o.parquet", maxcount=2)

    assert len({str(pq.read_schema(file)) for file in files}) == 1
    assert [row["image"].shape for file in files for row in read(file)] == [(2, 3)] * 2 + [(4, 3)] * 2


def test_a_column_widens_when_later_row_groups_differ(tmp_path: Path) -> None:
    samples = [atdata.DictSample(x=None), atdata.DictSample(x=1), atdata.DictSample(x=0.5), atdata.DictSample(y="a")]
    [file] = to_parquet(Samples(atdata.DictSample, samples), tmp_path / "o.parquet", row_group_size=1)

    assert [row["x"] for row in read(file)] == [None, 1.0, 0.5, None]
    assert [row["y"] for row in read(file)] == [None, None, None, "a"]
    assert pq.ParquetFile(file).num_row_groups == 4


def test_a_map_chooses_the_columns(tmp_path: Path) -> None:
    def fields(sample: Photo) -> dict[str, Any]:
        return {"name": sample.label, "mean": sample.image.mean()}

    [file] = to_parquet(Samples(Photo, photos(2)), tmp_path / "o.parquet", sample_map=fields)

    assert read(file) == [{"name": "0", "mean": 0.0}, {"name": "1", "mean": 1.0}]


def test_asdict_is_a_map_too(tmp_path: Path) -> None:
    [file] = to_parquet(Samples(Photo, photos(2)), tmp_path / "o.parquet", dataclasses.asdict)

    assert read(file)[1]["image"].dtype == np.uint8


def test_a_map_that_gives_no_dictionary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="must give a dictionary"):
        to_parquet(Samples(Photo, photos(2)), tmp_path / "o.parquet", sample_map=lambda s: s.label)  # type: ignore[arg-type, return-value]

    assert list(tmp_path.iterdir()) == []


def test_nested_samples_keep_their_arrays(tmp_path: Path) -> None:
    box = Box(corners=np.ones((2, 2), np.float32), name="a")
    scenes = [Scene(box=box, boxes=[box, box], tags=["x"]), Scene(box=None, boxes=[], tags=[])]
    [file] = to_parquet(Samples(Scene, scenes), tmp_path / "o.parquet")
    first, second = read(file)

    assert same(first["box"]["corners"], box.corners)
    assert [same(found["corners"], box.corners) for found in first["boxes"]] == [True, True]
    assert (first["tags"], second) == (["x"], {"box": None, "boxes": [], "tags": []})


def test_arrays_of_untyped_samples_are_arrays_in_the_table(tmp_path: Path) -> None:
    packed = photos(1)[0].packed
    samples = [atdata.DictSample.from_bytes(packed)]
    [file] = to_parquet(Samples(atdata.DictSample, samples), tmp_path / "o.parquet")

    assert pq.read_schema(file).field("image").type == pa.fixed_shape_tensor(pa.uint8(), [2, 3])


def test_writer_options_are_passed_on(tmp_path: Path) -> None:
    [file] = to_parquet(
        Samples(Photo, photos(4)), tmp_path / "o.parquet", compression="zstd", index=False, engine="pyarrow"
    )

    assert pq.ParquetFile(file).metadata.row_group(0).column(1).compression == "ZSTD"


def test_an_index_column_is_written_on_request(tmp_path: Path) -> None:
    [file] = to_parquet(Samples(Photo, photos(4)), tmp_path / "o.parquet", index=True, row_group_size=3)

    assert pq.read_table(file)["__index_level_0__"].to_pylist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"engine": "fastparquet"}, "only pyarrow"),
        ({"partition_cols": ["label"]}, "not supported"),
        ({"row_group_size": 0}, "at least 1"),
        ({"maxcount": 0}, "at least 1"),
        ({"maxcount": -3}, "at least 1"),
    ],
)
def test_options_that_cannot_work_are_refused_before_anything_is_written(
    tmp_path: Path, options: dict[str, Any], what: str
) -> None:
    with pytest.raises(ValueError, match=what):
        to_parquet(Samples(Photo, photos(2)), tmp_path / "o.parquet", **options)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="does not exist"):
        to_parquet(Samples(Photo, photos(2)), tmp_path / "none" / "o.parquet")


def test_an_empty_dataset_is_a_file_without_rows_whose_columns_are_known(tmp_path: Path) -> None:
    [file] = to_parquet(Samples(Empty, []), tmp_path / "o.parquet")
    schema = pq.read_schema(file)

    assert pq.read_table(file).num_rows == 0
    assert schema.field("image").type == pa.fixed_shape_tensor(pa.float32(), [4, 3])
    assert (schema.field("label").type, schema.field("count").type) == (pa.string(), pa.int64())


def test_a_field_that_is_never_filled_has_the_type_of_its_annotation(tmp_path: Path) -> None:
    samples = [Photo(image=np.zeros(2, np.uint8), label="a")]
    [file] = to_parquet(Samples(Photo, samples), tmp_path / "o.parquet")

    assert pq.read_schema(file).field("score").type == pa.float64()


def test_values_of_two_types_in_one_column_are_refused_by_name(tmp_path: Path) -> None:
    samples = [atdata.DictSample(x=1), atdata.DictSample(x="a")]
    with pytest.raises(atdata.EncodeError, match="x holds int and str"):
        to_parquet(Samples(atdata.DictSample, samples), tmp_path / "o.parquet")


def test_a_failed_export_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "o.parquet"
    target.write_bytes(b"old")

    def broken() -> Iterator[Photo]:
        yield from photos(3)
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError, match="the disk is gone"):
        to_parquet(Samples(Photo, broken()), target, row_group_size=1)

    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_memory_stays_bounded_without_maxcount(tmp_path: Path) -> None:
    """160 MB pass through less than 120 MB of traced memory at any time."""

    def large() -> Iterator[Photo]:
        for i in range(160):
            yield Photo(image=np.full((1000, 1000), i, np.uint8), label=str(i))

    tracemalloc.start()
    try:
        [file] = to_parquet(Samples(Photo, large()), tmp_path / "o.parquet", compression="none", use_dictionary=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert pq.ParquetFile(file).metadata.num_rows == 160
    assert peak < 120e6


def test_integers_that_need_the_sign_bit_are_kept(tmp_path: Path) -> None:
    samples = [atdata.DictSample(x=(1 << 64) - 1), atdata.DictSample(x=0)]
    [file] = to_parquet(Samples(atdata.DictSample, samples), tmp_path / "o.parquet")

    assert [row["x"] for row in read(file)] == [(1 << 64) - 1, 0]


def test_a_note_that_lies_about_its_data_is_an_error_of_the_file(tmp_path: Path) -> None:
    field = pa.field("x", pa.list_(pa.int64()), metadata={b"atdata": b'{"array": "vector", "dtype": "no such"}'})
    with pytest.raises(atdata.DecodeError, match="note about arrays"):
        decode(field, pa.array([[1, 2]], field.type))


def test_slices_of_tables_decode_like_tables() -> None:
    values = [np.full(3, i, "f4") for i in range(6)]
    for kind in (_arrow.Tensor("<f4", (3,)), _arrow.Vector("<f4"), _arrow.Ragged("<f4"), _arrow.Npy()):
        field = _arrow.field_for(kind, "x")
        found = decode(field, _arrow.encode(kind, values, "x").slice(2, 3))
        assert [v.tolist() for v in found] == [v.tolist() for v in values[2:5]], kind
