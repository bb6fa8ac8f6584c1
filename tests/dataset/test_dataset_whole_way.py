"""Random samples of random schemas, the whole way: written, read in every way, seen through a lens, exported."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import webdataset as wds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import atdata
from atdata import Dataset, Lens, LensNetwork
from atdata._export.restore import decode
from atdata._samples.compare import equal_values
from atdata._shards.local import close_all

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
relaxed = settings(
    max_examples=round(40 * SCALE),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
KIND = "ac.foundation.dataset.schemaType#"
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(max_size=8),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=12),
}
DTYPES = ["bool", "uint8", "int16", "int64", "uint64", "float16", "float32", "float64", "complex64"]

Draw = Callable[[], Any]


@st.composite
def fields(draw: st.DrawFn) -> tuple[dict[str, Any], st.SearchStrategy[Any]]:
    """A field's type, and values that fit it."""
    which = draw(st.sampled_from(["primitive", "ndarray", "ndarray", "array"]))
    if which == "primitive":
        name = draw(st.sampled_from(sorted(PRIMITIVES)))
        return {"$type": KIND + "primitive", "primitive": name}, PRIMITIVES[name]
    if which == "array":
        name = draw(st.sampled_from(sorted(PRIMITIVES)))
        items = {"$type": KIND + "primitive", "primitive": name}
        return {"$type": KIND + "array", "items": items}, st.lists(PRIMITIVES[name], max_size=3)
    dtype = draw(st.sampled_from(DTYPES))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    fixed = draw(st.booleans())
    dims = [str(n) for n in shape] if fixed else ["_"] * len(shape)
    sizes = st.just(shape) if fixed else st.tuples(*(st.integers(0, 4) for _ in shape))
    values = sizes.flatmap(lambda size: hnp.arrays(np.dtype(dtype), size))
    return {"$type": KIND + "ndarray", "dtype": dtype, "shape": dims}, values


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A schema and rows of it; ``number`` says which row it is."""
    kinds = draw(st.lists(fields(), min_size=1, max_size=4))
    optional = [draw(st.booleans()) for _ in kinds]
    document = {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": "Drawn",
        "version": "1.0.0",
        "fields": [
            {"name": "number", "fieldType": {"$type": KIND + "primitive", "primitive": "int"}},
            *(
                {"name": f"f{i}", "fieldType": kind, "optional": optional[i]}
                for i, (kind, _) in enumerate(kinds)
            ),
        ],
    }  # fmt: skip
    rows = []
    for number in range(draw(st.integers(0, 12))):
        row: dict[str, Any] = {"number": number}
        for i, (_, values) in enumerate(kinds):
            row[f"f{i}"] = None if optional[i] and draw(st.booleans()) else draw(values)
        rows.append(row)
    return document, rows


def written(folder: Path, samples: list[Any], cls: Any, form: str, maxcount: int) -> list[str]:
    """The samples in shards of one form or another."""
    if form in ("indexed", "plain"):
        if samples:
            atdata.write(samples, folder / "data-%03d.tar", maxcount=maxcount, index=form == "indexed")
        return sorted(str(path) for path in folder.glob("*.tar"))
    names = []
    for i, low in enumerate(range(0, len(samples), maxcount)):
        name = str(folder / f"data-{i:03d}.tar")
        with wds.writer.TarWriter(name) as sink:
            for sample in samples[low : low + maxcount]:
                sink.write(sample.as_wds)
        if form == "gzip":
            packed = Path(name + ".gz")
            packed.write_bytes(gzip.compress(Path(name).read_bytes()))
            name = str(packed)
        names.append(name)
    return names


def same(one: Any, other: Any) -> bool:
    """Equal, where NaN is equal to NaN also outside arrays."""
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (one != one and other != other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and equal_values(one, other)


def assert_same(found: list[Any], rows: list[dict[str, Any]]) -> None:
    assert len(found) == len(rows)
    for sample, row in zip(found, rows, strict=True):
        for name, value in row.items():
            assert same(getattr(sample, name), value), (name, getattr(sample, name), value)


class Narrow:
    """A getter that keeps some of the fields."""

    def __init__(self, view: Any, names: list[str]) -> None:
        self.view, self.names = view, names

    def __call__(self, sample: Any) -> Any:
        return self.view(**{name: getattr(sample, name) for name in self.names})


@given(
    tables(),
    st.sampled_from(["indexed", "plain", "webdataset", "gzip"]),
    st.integers(1, 13),
    st.integers(1, 5),
    st.integers(1, 6),
    st.data(),
)
@relaxed
def test_samples_come_the_whole_way(
    table: tuple[dict[str, Any], list[dict[str, Any]]], form: str, maxcount: int, size: int, group: int, data: Any
) -> None:
    document, rows = table
    cls: Any = atdata.decode_schema(document)
    samples = [cls(**row) for row in rows]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shards = written(folder, samples, cls, form, maxcount)
        if not shards:
            return
        dataset = Dataset[cls](atdata.URLSource(shards))  # type: ignore[valid-type]

        # one by one, shuffled, by number
        assert_same(list(dataset.ordered()), rows)
        assert_same(sorted(dataset.shuffled(buffer_samples=3), key=lambda sample: sample.number), rows)
        if form != "gzip":
            assert len(dataset) == len(rows)
            number = data.draw(st.integers(0, len(rows) - 1))
            assert_same([dataset[number], *dataset[number:]], [rows[number], *rows[number:]])

        # in batches
        at = 0
        for batch in dataset.ordered(batch_size=size):
            part = rows[at : at + size]
            at += size
            assert len(batch) == len(part)
            for field in rows[0]:
                values = [row[field] for row in part]
                column = batch.column_list(field)
                assert all(map(same, column, values)), (field, column, values)
                arrays = [value for value in values if isinstance(value, np.ndarray)]
                if len(arrays) == len(values) and len({value.shape for value in arrays}) == 1:
                    assert same(batch[field], np.stack(arrays))
            assert_same(list(batch), part)

        # through a lens, and without a class
        kept = ["number", *data.draw(st.lists(st.sampled_from(sorted(rows[0])), max_size=2))]
        kept = list(dict.fromkeys(kept))
        narrow = {**document, "name": "View", "fields": [f for f in document["fields"] if f["name"] in kept]}
        view: Any = atdata.decode_schema(narrow)
        LensNetwork().register(Lens(Narrow(view, kept), source_type=cls, view_type=view))
        narrowed = [{name: row[name] for name in kept} for row in rows]
        assert_same(list(dataset.as_type(view).ordered()), narrowed)
        assert_same([s for b in dataset.as_type(view).ordered(batch_size=size) for s in b], narrowed)
        untyped = Dataset[atdata.DictSample](atdata.URLSource(shards))
        assert_same(list(untyped.as_type(cls).ordered()), rows)

        # as Parquet
        [path] = dataset.to_parquet(folder / "out.parquet", row_group_size=group)
        found = pq.read_table(path)
        for field in rows[0]:
            column = decode(found.schema.field(field), found[field])
            assert all(map(same, column, [row[field] for row in rows])), (field, column)
    close_all()
