"""Datasets as Arrow tables and pandas frames."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray

import atdata
from atdata._export.restore import decode
from atdata._export.tables import to_arrow, to_pandas


@atdata.packable
class Point:
    x: NDArray[np.float32]
    name: str
    weight: float | None = None


class Points:
    """A dataset as far as export knows it, in batches whose columns are made before."""

    def __init__(self, samples: list[Any], sample_type: type[Any] = Point) -> None:
        self.samples = samples
        self.sample_type = sample_type
        self.stacked: list[NDArray[Any]] = []

    def ordered(self, batch_size: int | None = None) -> Iterator[Any]:
        if batch_size is None:
            yield from self.samples
            return
        for start in range(0, len(self.samples), batch_size):
            batch = atdata.SampleBatch[Point](self.samples[start : start + batch_size])
            with contextlib.suppress(atdata.UnequalShapesError):
                self.stacked.append(batch["x"])
            yield batch


def points(n: int) -> list[Point]:
    return [Point(x=np.full(3, i, np.float32), name=str(i)) for i in range(n)]


def test_a_table_has_a_column_for_each_field() -> None:
    table = to_arrow(Points(points(600)))

    assert table.schema.names == ["x", "name", "weight"]
    assert table["name"].to_pylist() == [str(i) for i in range(600)]
    assert table.schema.field("x").type == pa.fixed_shape_tensor(pa.float32(), [3])
    assert table.schema.field("weight").type == pa.float64()


def test_stacked_arrays_stand_in_the_table_without_a_copy() -> None:
    data = Points(points(10))
    chunk = to_arrow(data)["x"].chunk(0)

    assert chunk.storage.values.buffers()[1].address == data.stacked[0].ctypes.data


def test_arrays_of_unequal_shape_keep_their_shapes() -> None:
    samples = [Point(x=np.ones(shape, np.float32), name="") for shape in ((2, 3), (1, 3))]
    table = to_arrow(Points(samples))
    found = decode(table.schema.field("x"), table["x"])

    assert [v.shape for v in found] == [(2, 3), (1, 3)]


def test_columns_and_limit_make_the_table_smaller() -> None:
    table = to_arrow(Points(points(600)), columns=["name"], limit=300)

    assert (table.column_names, table.num_rows) == (["name"], 300)
    assert to_arrow(Points(points(3)), limit=0).num_rows == 0


def test_an_unknown_column_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match=r"'nane'; there are .*'name'"):
        to_arrow(Points(points(3)), columns=["nane"])
    with pytest.raises(KeyError, match="'nane'"):
        to_pandas(Points(points(3)), columns=["nane"])


def test_an_empty_dataset_is_a_table_without_rows() -> None:
    table = to_arrow(Points([]))

    assert (table.num_rows, table.schema.names) == (0, ["x", "name", "weight"])
    assert list(to_pandas(Points([])).columns) == ["x", "name", "weight"]


def test_a_frame_holds_one_array_a_cell() -> None:
    frame = to_pandas(Points(points(300)))

    assert isinstance(frame, pd.DataFrame)
    assert frame["name"].tolist() == [str(i) for i in range(300)]
    assert frame["x"][299].dtype == np.float32
    assert frame["x"][299].shape == (3,)
    assert frame["weight"].isna().all()


def test_untyped_samples_with_different_fields_share_one_frame() -> None:
    samples = [atdata.DictSample(a=1), atdata.DictSample(b="x")]
    frame = to_pandas(Points(samples, atdata.DictSample))

    assert frame["b"].tolist()[1] == "x"
    assert frame["a"].tolist()[0] == 1
    assert to_arrow(Points(samples, atdata.DictSample))["b"].to_pylist() == [None, "x"]


@pytest.mark.parametrize("limit", [-1, 1.5, True])
def test_a_limit_that_is_no_number_of_samples_is_refused(limit: Any) -> None:
    with pytest.raises(ValueError, match="limit is a number"):
        to_pandas(Points(points(3)), limit=limit)


@pytest.mark.parametrize("package", ["pyarrow", "pandas"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    export = to_pandas if package == "pandas" else to_arrow

    with pytest.raises(ImportError, match=r"pip install 'atdata\[parquet\]'"):
        export(Points(points(1)))


def test_importing_the_export_loads_neither_pyarrow_nor_pandas() -> None:
    code = (
        "import sys, atdata._export.parquet, atdata._export.tables\n"
        "print(*(n for n in ('pyarrow', 'pandas') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == []
