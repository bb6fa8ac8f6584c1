"""Columns of a table back as they were before they went in, arrays with their dtype and shape."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np

from atdata._errors import DecodeError, shown
from atdata._export._arrow import NOTE, arrow
from atdata._samples.npy import load

__all__ = ["decode", "note_of"]


def note_of(field: Any) -> dict[str, Any]:
    """What we wrote into a field's metadata; empty for fields of others."""
    try:
        note = json.loads((field.metadata or {}).get(NOTE, b"{}"))
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def decode(field: Any, column: Any) -> list[Any]:
    """The values of a column as they were before they were packed; plain Python values for columns of others."""
    chunks = column.chunks if hasattr(column, "chunks") else [column]
    try:
        return [value for chunk in chunks for value in _decode(field, chunk)]
    except (TypeError, ValueError, KeyError) as error:
        raise DecodeError(f"column {shown(field.name)}: its note about arrays does not fit its data") from error


def _decode(field: Any, array: Any) -> list[Any]:
    pa = arrow()
    note = note_of(field)
    kind = array.type
    there = array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else None
    if isinstance(kind, pa.FixedShapeTensorType):
        return _decode_tensor(array, note, there)
    if "array" in note and pa.types.is_binary(kind):
        return [None if raw is None else load(raw) for raw in array.to_pylist()]
    if "array" in note and pa.types.is_list(kind):
        return _decode_vector(array, str(note["dtype"]), there)
    if "array" in note and pa.types.is_struct(kind):
        flats = _decode_vector(array.field("data"), str(note["dtype"]), there)
        shapes = array.field("shape").to_pylist()
        return [None if v is None else v.reshape(s) for v, s in zip(flats, shapes, strict=True)]
    if pa.types.is_struct(kind) and len(array):
        columns = {kind.field(i).name: _decode(kind.field(i), array.field(i)) for i in range(kind.num_fields)}
        rows: list[Any] = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        rows = rows or [{} for _ in range(len(array))]
        return rows if there is None else [row if ok else None for row, ok in zip(rows, there, strict=True)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        inner = _decode(kind.value_field, array.values)
        ends = array.offsets.to_pylist()
        lists: list[Any] = [inner[a:b] for a, b in pairwise(ends)]
        return lists if there is None else [v if ok else None for v, ok in zip(lists, there, strict=True)]
    plain: list[Any] = array.to_pylist()
    return plain


def _decode_tensor(array: Any, note: dict[str, Any], there: Any) -> list[Any]:
    shape = tuple(array.type.shape)
    size = int(np.prod(shape))
    flat = _elements(array.storage.values.slice(array.offset * size, len(array) * size))
    dtype = str(note.get("dtype", flat.dtype.str))
    if np.dtype(dtype).kind == "c":
        shape = shape[:-1]
    order = array.type.permutation
    stacked = _typed(flat, dtype).reshape(len(array), *shape)
    if order is not None and list(order) != list(range(len(shape))):
        stacked = stacked.transpose(0, *(1 + axis for axis in order))
    return [value if there is None or there[i] else None for i, value in enumerate(_rows(stacked))]


def _elements(values: Any) -> np.ndarray[Any, Any]:
    """Numbers as numpy has them. Parquet reads the elements of an array that is None as None; they count as 0."""
    if values.null_count and not arrow().types.is_floating(values.type):
        values = values.fill_null(False if arrow().types.is_boolean(values.type) else 0)
    found: np.ndarray[Any, Any] = values.to_numpy(zero_copy_only=False)
    return found


def _rows(stacked: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    return [stacked[i, ...] for i in range(len(stacked))]  # the ellipsis keeps arrays without dimensions arrays


def _decode_vector(array: Any, dtype: str, there: Any) -> list[Any]:
    flat = _elements(array.values)
    ends = array.offsets.to_pylist()
    spans = pairwise(ends)
    return [_typed(flat[a:b], dtype) if there is None or there[i] else None for i, (a, b) in enumerate(spans)]


def _typed(flat: np.ndarray[Any, Any], dtype: str) -> np.ndarray[Any, Any]:
    """``flat`` in the dtype that it had, in memory of its own."""
    kind = np.dtype(dtype)
    if kind.kind in "cmM":
        return flat.copy().view(kind.newbyteorder("=")).astype(kind, copy=False)
    return flat.astype(kind)
