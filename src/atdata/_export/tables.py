"""A dataset in memory: as an Arrow table, as a pandas frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from atdata._errors import UnequalShapesError, shown
from atdata._export import _arrow, _pandas
from atdata._export.columns import Columns, Exportable, declared, row_of
from atdata._export.layouts import Layout, Null, Scalar, Tensor, merge, observe

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["to_arrow", "to_pandas"]

_BATCH = 256


def to_arrow(dataset: Exportable[Any], columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
    """The samples as a ``pyarrow.Table``: all fields or ``columns`` of them, all samples or the first ``limit``.

    Arrays of one dtype and shape become fixed-shape tensors, and stand in the table as they were decoded,
    without a copy. Others become lists, with dtype and shape beside them. The table is in memory as a whole;
    use ``to_parquet`` for a dataset that is larger.
    """
    pa = _arrow.arrow()
    plan = declared(dataset.sample_type)
    layouts: dict[str, Layout] = {name: kind for name, kind in plan.items() if isinstance(kind, Scalar)}
    batches: list[tuple[dict[str, Any], int]] = []
    for values, rows in _batches(dataset, columns, limit):
        for name, column in values.items():
            layouts[name] = merge(layouts.get(name, Null()), _seen(column, name), name)
        batches.append((values, rows))
    names = list(plan) + [name for name in layouts if name not in plan]
    if columns is not None:
        names = list(columns)
        if batches:
            _check_known(names, dict.fromkeys([*plan, *layouts]))
    kinds = {name: layouts.get(name, Null()) for name in names}
    kinds = {name: plan.get(name, kind) if isinstance(kind, Null) else kind for name, kind in kinds.items()}
    schema = pa.schema([_arrow.field_for(kind, name) for name, kind in kinds.items()])
    done = []
    batches.reverse()
    while batches:  # what is packed is let go at once
        values, rows = batches.pop()
        arrays = [_arrow.encode(kind, values.get(name, [None] * rows), name) for name, kind in kinds.items()]
        done.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return pa.Table.from_batches(done, schema=schema)


def to_pandas(
    dataset: Exportable[Any], columns: Sequence[str] | None = None, limit: int | None = None
) -> pandas.DataFrame:
    """The samples as a ``pandas.DataFrame``, one column a field. Arrays stand in it one a cell, as they are."""
    frame = _pandas.pandas()
    found: dict[str, list[Any]] = {name: [] for name in declared(dataset.sample_type)}
    total = 0
    for values, rows in _batches(dataset, columns, limit):
        for name, column in values.items():
            found.setdefault(name, [None] * total).extend(column)
        total += rows
        for column in found.values():
            column.extend([None] * (total - len(column)))
    if columns is not None:
        _check_known(columns, found)
        found = {name: found[name] for name in columns}
    made: pandas.DataFrame = frame.DataFrame({name: _cells(frame, values) for name, values in found.items()})
    return made


def _cells(pandas: Any, values: list[Any]) -> Any:
    if any(isinstance(value, np.ndarray) for value in values):
        cells = np.empty(len(values), object)
        for i, value in enumerate(values):
            cells[i] = value
        return pandas.Series(cells)
    return pandas.Series(values, dtype=None if values else object)


def _check_known(names: Iterable[str], known: Mapping[str, Any]) -> None:
    for name in names:
        if name not in known:
            raise KeyError(f"there is no column {shown(name)}; there are {', '.join(map(shown, known))}")


def _seen(column: Any, name: str) -> Layout:
    if isinstance(column, np.ndarray):  # stacked
        kind = observe([column[0, ...]], name) if len(column) else Null()
        return kind if isinstance(kind, Tensor) else observe(list(column), name)
    return observe(column, name)


def _batches(dataset: Any, columns: Sequence[str] | None, limit: int | None) -> Iterator[tuple[dict[str, Any], int]]:
    """Columns of up to 256 samples each, stacked where they stack, and the number of samples."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise ValueError(f"limit is a number of samples, not {shown(limit)}")
    names = getattr(dataset.sample_type, "__dataclass_fields__", None)
    if names is None:
        yield from _rows(dataset, columns, limit)
        return
    left = limit
    wanted = [name for name in names if columns is None or name in columns]
    if left == 0:
        return
    for batch in dataset.ordered(batch_size=_BATCH if left is None else min(left, _BATCH)):
        values = {name: _column(batch, name) for name in wanted}
        rows = len(batch)
        if left is not None and rows > left:
            values, rows = {name: column[:left] for name, column in values.items()}, left
        yield values, rows
        if left is not None:
            left -= rows
            if not left:
                return


def _column(batch: Any, name: str) -> Any:
    try:
        column = batch[name]
    except UnequalShapesError:
        return batch.column_list(name)
    return column if isinstance(column, np.ndarray) else list(column)


def _rows(dataset: Any, columns: Sequence[str] | None, limit: int | None) -> Iterator[tuple[dict[str, Any], int]]:
    samples = iter(dataset.ordered())
    left = limit
    while True:
        gathered = Columns()
        for sample in islice(samples, _BATCH if left is None else min(left, _BATCH)):
            gathered.add(row_of(sample))
        if not gathered.rows:
            return
        left = None if left is None else left - gathered.rows
        yield {n: c for n, c in gathered.values.items() if columns is None or n in columns}, gathered.rows
