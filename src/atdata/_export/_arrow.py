"""The door to pyarrow, and columns as Arrow arrays: :mod:`atdata._export.restore` is the way back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from atdata._errors import EncodeError
from atdata._export.layouts import Fields, Items, Layout, Npy, Null, Ragged, Scalar, Tensor, Vector, fields_of
from atdata._samples.npy import dump
from atdata_lexicon.errors import MissingExtraError

__all__ = ["NOTE", "arrow", "encode", "field_for", "parquet"]

#: The key of our note in a field's metadata.
NOTE = b"atdata"


def arrow() -> Any:
    """pyarrow, or an error that says how to get it."""
    try:
        return import_module("pyarrow")
    except ImportError:
        raise MissingExtraError("tables need pyarrow: pip install 'atdata[parquet]'") from None


def parquet() -> Any:
    """pyarrow.parquet, or an error that says how to get it."""
    arrow()
    return import_module("pyarrow.parquet")


# Types ------------------------------------------------------------------------------------------------------------


def field_for(layout: Layout, name: str) -> Any:
    """The Arrow field of a column: its type, and a note where the type alone would lose dtype or shape."""
    pa = arrow()
    note = _note(layout)
    metadata = {NOTE: json.dumps(note).encode()} if note else None
    return pa.field(name, _type(layout), metadata=metadata)


def _note(layout: Layout) -> dict[str, Any] | None:
    match layout:
        case Tensor(dtype, shape):
            return {"array": "tensor", "dtype": dtype, "shape": list(shape)}
        case Vector(dtype):
            return {"array": "vector", "dtype": dtype, "shape": ["_"]}
        case Ragged(dtype):
            return {"array": "ragged", "dtype": dtype}
        case Npy():
            return {"array": "npy"}
        case _:
            return None


def _type(layout: Layout) -> Any:
    pa = arrow()
    match layout:
        case Null():
            return pa.null()
        case Scalar(kind):
            return _scalar_type(kind)
        case Tensor(dtype, shape):
            value, parts = _stored(dtype)
            return pa.fixed_shape_tensor(value, [*shape, 2] if parts == 2 else list(shape))
        case Vector(dtype):
            return pa.list_(_stored(dtype)[0])
        case Ragged(dtype):
            return pa.struct([("data", pa.list_(_stored(dtype)[0])), ("shape", pa.list_(pa.int64()))])
        case Npy():
            return pa.binary()
        case Items(item):
            return pa.list_(field_for(item, "item"))
        case Fields(children):
            return pa.struct([field_for(child, name) for name, child in children])


def _scalar_type(kind: str) -> Any:
    pa = arrow()
    plain = {"bool": "bool_", "int": "int64", "uint": "uint64", "float": "float64", "str": "string", "bytes": "binary"}
    if kind in plain:
        return getattr(pa, plain[kind])()
    return pa.date32() if kind == "date" else pa.timestamp("us", tz="UTC" if kind == "datetimetz" else None)


def _stored(dtype: str) -> tuple[Any, int]:
    """The Arrow type of one element, and how many of them a complex number takes."""
    kind = np.dtype(dtype)
    if kind.kind == "c":
        return arrow().from_numpy_dtype(np.dtype(f"f{kind.itemsize // 2}")), 2
    if kind.kind in "mM":
        return arrow().int64(), 1
    return arrow().from_numpy_dtype(kind.newbyteorder("=")), 1


def _flat(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The elements as Arrow stores them, without a copy where that can be."""
    kind = array.dtype.newbyteorder("=")
    flat = np.ascontiguousarray(array, dtype=kind).reshape(-1)
    if kind.kind == "c":
        return flat.view(f"f{kind.itemsize // 2}")
    return flat.view(np.int64) if kind.kind in "mM" else flat


# Columns to Arrow -------------------------------------------------------------------------------------------------


def encode(layout: Layout, values: Any, where: str) -> Any:
    """The values of one column as an Arrow array. A stacked array of numbers is not copied."""
    pa = arrow()
    values = _fitting(layout, values)
    match layout:
        case Null():
            return pa.nulls(len(values))
        case Tensor():
            return _encode_tensor(layout, values)
        case Vector(dtype):
            return _encode_vector(dtype, values)
        case Ragged(dtype):
            data = _encode_vector(dtype, [None if v is None else np.asarray(v).reshape(-1) for v in values])
            shapes = pa.array([None if v is None else np.shape(v) for v in values], pa.list_(pa.int64()))
            return pa.StructArray.from_arrays([data, shapes], ["data", "shape"], mask=_mask(values))
        case Npy():
            return pa.array([None if v is None else dump(np.asarray(v)) for v in values], pa.binary())
        case Items(item):
            return _encode_items(item, values, where)
        case Fields(children):
            arrays = [encode(child, [_child(v, name) for v in values], f"{where}.{name}") for name, child in children]
            fields = [field_for(child, name) for name, child in children]
            if not fields:
                return pa.array([None if v is None else {} for v in values], pa.struct([]))
            return pa.StructArray.from_arrays(arrays, fields=fields, mask=_mask(values))
        case Scalar(kind):
            try:
                return pa.array(_plain(values, kind), _scalar_type(kind))
            except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
                reason = str(error)[:200].encode("unicode_escape").decode()
                raise EncodeError(f"{where}: {reason}", field=where) from error


def _fitting(layout: Layout, values: Any) -> Any:
    """``values`` stacked only if the column is."""
    stacked = isinstance(values, np.ndarray)
    return list(values) if stacked and not (isinstance(layout, Tensor) and layout.shape == values.shape[1:]) else values


def _plain(values: Any, kind: str) -> Any:
    if kind == "bytes":
        return [bytes(v) if isinstance(v, memoryview | bytearray) else v for v in values]
    return [v.item() if isinstance(v, np.generic) else v for v in values]


def _mask(values: Sequence[Any]) -> Any:
    mask = np.fromiter((v is None for v in values), bool, len(values))
    return arrow().array(mask) if mask.any() else None


def _child(value: Any, name: str) -> Any:
    if value is None:
        return None
    return getattr(value, name, None) if fields_of(value) else value.get(name)


def _encode_tensor(layout: Tensor, values: Any) -> Any:
    pa = arrow()
    mask = None
    if not isinstance(values, np.ndarray):
        mask = _mask(values)
        if mask is not None:
            empty = np.zeros(layout.shape, layout.dtype)
            values = [empty if v is None else v for v in values]
        shape = (len(values), *layout.shape)
        values = np.stack(values) if values else np.empty(shape, layout.dtype)
    flat = _flat(values)
    size = max(flat.size // len(values), 1) if len(values) else int(np.prod(layout.shape)) * _stored(layout.dtype)[1]
    storage = pa.FixedSizeListArray.from_arrays(pa.array(flat), size, mask=mask)
    return pa.ExtensionArray.from_storage(_type(layout), storage)


def _encode_vector(dtype: str, values: Sequence[Any]) -> Any:
    pa = arrow()
    parts = [_flat(np.asarray(v, dtype)) for v in values if v is not None]
    sizes = np.zeros(len(values) + 1, np.int64)
    sizes[1:] = [0 if v is None else _stored(dtype)[1] * len(v) for v in values]
    flat = np.concatenate(parts) if parts else _flat(np.empty(0, dtype))
    offsets = pa.array(_offsets(sizes))
    return pa.ListArray.from_arrays(offsets, pa.array(flat), mask=_mask(values))


def _encode_items(item: Layout, values: Sequence[Any], where: str) -> Any:
    pa = arrow()
    sizes = np.zeros(len(values) + 1, np.int64)
    sizes[1:] = [0 if v is None else len(v) for v in values]
    inner = encode(item, [entry for v in values if v is not None for entry in v], f"{where}[]")
    kind = pa.list_(field_for(item, "item"))
    return pa.ListArray.from_arrays(pa.array(_offsets(sizes)), inner, type=kind, mask=_mask(values))


def _offsets(sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    ends = np.cumsum(sizes)
    if ends[-1] >= 1 << 31:
        raise EncodeError("a row group holds more than 2**31 elements of one column; ask for a smaller row_group_size")
    return ends.astype(np.int32)
