"""The methods of a dataset that make tables, as the documentation shows them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata


@atdata.packable
class Scored:
    image: NDArray[Any]
    label: str
    confidence: float


@pytest.fixture
def dataset(tmp_path: Path) -> Any:
    """25 samples in shards as webdataset writes them."""
    with wds.writer.ShardWriter(f"{tmp_path}/data-%06d.tar", maxcount=10, verbose=0) as sink:
        for i in range(25):
            sample = Scored(image=np.full((4, 4, 3), i, np.float32), label=f"s{i}", confidence=i / 25)
            sink.write({**sample.as_wds, "__key__": f"sample_{i:06d}"})
    return atdata.load_dataset(f"{tmp_path}/data-{{000000..000002}}.tar", Scored, split="train")


def test_a_whole_dataset_becomes_one_file(tmp_path: Path, dataset: Any) -> None:
    dataset.to_parquet(tmp_path / "output.parquet")

    found = pq.read_table(tmp_path / "output.parquet")
    assert found["label"].to_pylist() == [f"s{i}" for i in range(25)]
    assert found["image"].combine_chunks().to_numpy_ndarray().shape == (25, 4, 4, 3)


def test_a_custom_mapping_makes_the_columns(tmp_path: Path, dataset: Any) -> None:
    def extract_fields(sample: Scored) -> dict[str, Any]:
        return {"label": sample.label, "score": sample.confidence}

    dataset.to_parquet(str(tmp_path / "output.parquet"), sample_map=extract_fields)

    assert pq.read_schema(tmp_path / "output.parquet").names == ["label", "score"]


def test_segments_are_numbered(tmp_path: Path, dataset: Any) -> None:
    dataset.to_parquet(tmp_path / "output.parquet", maxcount=10)

    names = sorted(file.name for file in tmp_path.glob("*.parquet"))
    assert names == [f"output-{i:06d}.parquet" for i in range(3)]
    assert pq.read_table(tmp_path / names[2]).num_rows == 5


def test_a_filtered_dataset_exports_what_is_left(tmp_path: Path, dataset: Any) -> None:
    kept = dataset.filter(lambda sample: sample.confidence < 0.1)

    kept.to_parquet(tmp_path / "output.parquet")
    assert pq.read_table(tmp_path / "output.parquet").num_rows == 3
    assert kept.to_arrow(columns=["label"])["label"].to_pylist() == ["s0", "s1", "s2"]


def test_tables_and_frames_hold_every_sample(dataset: Any) -> None:
    table = dataset.to_arrow()
    frame = dataset.to_pandas(limit=12)

    assert (table.num_rows, table.column_names) == (25, ["image", "label", "confidence"])
    assert frame["label"].tolist() == [f"s{i}" for i in range(12)]
    assert (frame["image"][11] == 11).all()


def test_an_untyped_dataset_exports_its_arrays(tmp_path: Path, dataset: Any) -> None:
    untyped = atdata.load_dataset(dataset.url, split="train")
    untyped.to_parquet(tmp_path / "output.parquet")

    assert pq.read_table(tmp_path / "output.parquet")["image"].chunk(0).to_numpy_ndarray().shape == (25, 4, 4, 3)
    assert untyped.to_pandas()["image"][3].shape == (4, 4, 3)
