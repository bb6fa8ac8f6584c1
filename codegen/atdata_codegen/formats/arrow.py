"""Arrow: schemas of pyarrow, arrays as the canonical extension types of fixed and variable shape tensors.

Format: https://arrow.apache.org/docs/format/CanonicalExtensions.html. Fields keep a note in their metadata.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from typing import Any

from atdata_codegen.formats.mapped import MAX_DEPTH, Loss, Mapped, Nested
from atdata_codegen.formats.notes import NOTE, FieldNames, believed, field_document
from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import canonical_dtype
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType, SampleField
from atdata_codegen.samples.shapes import Dim
from atdata_lexicon.errors import MissingExtraError

__all__ = ["arrow_schema", "from_arrow", "to_arrow"]

_NOTE = NOTE.encode()
_NAME, _METADATA = b"ARROW:extension:name", b"ARROW:extension:metadata"
_VARIABLE = b"arrow.variable_shape_tensor"
_ANY: Dim = "_"
_MOST_VALUES = 2**31 - 1
_PRIMITIVES = {"str": "string", "int": "int64", "float": "float64", "bool": "bool_", "bytes": "binary"}


def _pyarrow() -> Any:
    """pyarrow, or an error that says how to get it."""
    try:
        return import_module("pyarrow")
    except ImportError:
        raise MissingExtraError("Arrow schemas need pyarrow: pip install 'atdata[parquet]'") from None


def arrow_schema(path: str) -> Any:
    """The ``pyarrow.Schema`` of an Arrow file or stream; raises ValueError for what is none."""
    pa = _pyarrow()
    try:
        with pa.memory_map(path) as source:
            try:
                return pa.ipc.open_file(source).schema
            except pa.ArrowInvalid:
                source.seek(0)
                return pa.ipc.open_stream(source).schema
    except pa.ArrowException as error:
        raise ValueError(f"{clean(path, 200)} is no Arrow file: {clean(str(error), 200)}") from error


def to_arrow(fields: Iterable[SampleField], nested: Nested | None = None) -> Mapped[Any]:
    """A ``pyarrow.Schema``. Nested samples whose fields ``nested`` gives are structs, others are left out.

    Complex numbers are pairs of floats along a last axis of 2, as Arrow has no other way.
    """
    pa = _pyarrow()
    found: list[Any] = []
    losses: list[Loss] = []
    for field in fields:
        native = _native(pa, field, nested or {})
        if native is None:
            losses.append(Loss(field.name, "is left out: a nested sample is of another schema"))
            continue
        found.append(_noted(native, field))
    return Mapped(pa.schema(found), tuple(losses))


def _noted(native: Any, field: SampleField) -> Any:
    note = json.dumps(field_document(field), ensure_ascii=False).encode()
    return native.with_metadata({**(native.metadata or {}), _NOTE: note})


def _native(pa: Any, field: SampleField, nested: Nested, depth: int = 0) -> Any:
    """The Arrow field without our note; None for what Arrow cannot hold."""
    kind = field.type
    fixed_width = isinstance(kind, NdArray) and kind.dtype not in ("str", "bytes")
    if isinstance(kind, NdArray) and kind.shape and not _sized(kind) and len(kind.shape) > 1 and fixed_width:
        shape = [*kind.shape, 2] if kind.dtype.startswith("complex") else list(kind.shape)
        storage = pa.struct(
            [
                pa.field("data", pa.list_(_element(pa, kind.dtype)), nullable=False),
                pa.field("shape", pa.list_(pa.int32(), len(shape)), nullable=False),
            ]
        )
        more: dict[str, Any] = {"uniform_shape": [dim if isinstance(dim, int) else None for dim in shape]}
        metadata = {_NAME: _VARIABLE, _METADATA: json.dumps(more).encode()}
        return pa.field(field.name, storage, nullable=field.optional, metadata=metadata)
    type_ = _type(pa, kind, nested, depth)
    return None if type_ is None else pa.field(field.name, type_, nullable=field.optional)


def _sized(kind: NdArray) -> bool:
    """Whether all arrays have one shape, of no more values than Arrow has in lists of one size."""
    sizes = [dim for dim in kind.shape or () if isinstance(dim, int)]
    parts = 2 if kind.dtype.startswith("complex") else 1
    return kind.shape is not None and len(sizes) == len(kind.shape) and parts * math.prod(sizes) <= _MOST_VALUES


def _type(pa: Any, kind: FieldType, nested: Nested, depth: int) -> Any:
    if isinstance(kind, Primitive):
        return getattr(pa, _PRIMITIVES[kind.name])()
    if isinstance(kind, ArrayOf):
        inner = _type(pa, kind.items, nested, depth)
        return None if inner is None else pa.list_(inner)
    if isinstance(kind, RefType):
        if kind.ref.uri not in nested or depth > MAX_DEPTH:
            return None
        inside = [(field, _native(pa, field, nested, depth + 1)) for field in nested[kind.ref.uri]]
        return pa.struct([_noted(native, field) for field, native in inside if native is not None])
    element, pair = _element(pa, kind.dtype), kind.dtype.startswith("complex")
    if kind.shape is None or (len(kind.shape) > 1 and not _sized(kind)):
        return pa.struct([("data", pa.list_(element)), ("shape", pa.list_(pa.int64()))])
    if kind.shape == ():
        return pa.list_(element, 2) if pair else element
    if not _sized(kind):
        return pa.list_(pa.list_(element, 2)) if pair else pa.list_(element)
    return pa.fixed_shape_tensor(element, [*kind.shape, 2] if pair else list(kind.shape))


def _element(pa: Any, dtype: str) -> Any:
    special = {"str": "string", "bytes": "binary", "bool": "bool_", "complex64": "float32", "complex128": "float64"}
    if dtype in ("datetime64", "timedelta64"):
        return pa.timestamp("ns") if dtype == "datetime64" else pa.duration("ns")
    return getattr(pa, special.get(dtype, dtype))()


def from_arrow(schema: Any) -> Mapped[tuple[SampleField, ...]]:
    """The fields of a ``pyarrow.Schema``. Lists of numbers are arrays; what is nullable is optional."""
    pa = _pyarrow()
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for column in schema:
        name = names.take(column.name)
        if name != column.name:
            losses.append(Loss(name, f"is called {clean(column.name, 80)!r} there"))
        note = (column.metadata or {}).get(_NOTE)
        field = believed(note, name, True, partial(_agrees, pa, column))
        if field is None:
            kind = _variable(column) or _field_type(pa, column.type, name, losses)
            if kind is None:
                losses.append(Loss(name, f"is left out: {clean(str(column.type), 80)} is of no type that samples have"))
                continue
            field = SampleField(name, kind, optional=column.nullable)
        fields.append(field)
    return Mapped(tuple(fields), tuple(losses))


def _agrees(pa: Any, column: Any, field: SampleField) -> bool:
    """Whether a column is what ``field`` becomes; of a nested sample, that it is a struct must do."""
    if column.nullable != field.optional:
        return False
    kind, type_ = field.type, column.type
    while isinstance(kind, ArrayOf) and _is_list(pa.types, type_):
        kind, type_ = kind.items, type_.value_type
    if isinstance(kind, RefType):
        return bool(pa.types.is_struct(type_))
    native = _native(pa, field, {})
    return native is not None and (_variable_parts(column) or column.type) == (_variable_parts(native) or native.type)


def _variable(column: Any) -> NdArray | None:
    """An array of variable shape; None for any other column."""
    parts = _variable_parts(column)
    dtype = _dtype(parts[0]) if parts else None
    return NdArray(dtype, tuple(_ANY if size is None else size for size in parts[1])) if parts and dtype else None


def _variable_parts(column: Any) -> tuple[Any, tuple[int | None, ...]] | None:
    """Type of the elements and sizes of an array of variable shape.

    pyarrow has no class for it: before it was in a file, the extension is metadata of the column; after that, what
    its parameters are stands nowhere but in the text of the type.
    """
    metadata, type_ = column.metadata or {}, column.type
    try:
        if metadata.get(_NAME) == _VARIABLE:
            uniform = json.loads(metadata.get(_METADATA) or b"{}").get("uniform_shape")
        elif getattr(type_, "extension_name", "") == _VARIABLE.decode():
            type_ = type_.storage_type
            found = re.search(r"uniform_shape=(\[[^\]]*\])", str(column.type))
            uniform = json.loads(found[1]) if found else None
        else:
            return None
        rank = type_.field("shape").type.list_size
        sizes = [size if isinstance(size, int) and size >= 0 else None for size in uniform or [None] * rank]
        return (type_.field("data").type.value_type, tuple(sizes)) if len(sizes) == rank else None
    except (AttributeError, KeyError, ValueError, TypeError):
        return None


def _dtype(type_: Any) -> str | None:
    text = str(type_)
    if text.startswith(("timestamp", "date")):
        return "datetime64"
    if text.startswith("duration"):
        return "timedelta64"
    known = {"string": "str", "large_string": "str", "binary": "bytes", "large_binary": "bytes"}
    known |= {"halffloat": "float16", "float": "float32", "double": "float64"}
    return known.get(text) or canonical_dtype(text)


def _field_type(pa: Any, type_: Any, name: str, losses: list[Loss], depth: int = 0) -> FieldType | None:
    types = pa.types
    if depth > 32:
        return None
    if types.is_dictionary(type_):
        losses.append(Loss(name, "that its values are few is not kept"))
        return _field_type(pa, type_.value_type, name, losses, depth + 1)
    if isinstance(type_, pa.FixedShapeTensorType):
        dtype = _dtype(type_.value_type)
        if type_.permutation and list(type_.permutation) != sorted(type_.permutation):
            losses.append(Loss(name, "the order in which its axes are stored is not kept"))
        return NdArray(dtype, tuple(type_.shape)) if dtype else None
    if types.is_struct(type_) and [f.name for f in type_] == ["data", "shape"]:
        data = type_.field("data").type
        dtype = _dtype(data.value_type) if _is_list(types, data) else None
        return NdArray(dtype) if dtype else None
    if _is_list(types, type_) or types.is_fixed_size_list(type_):
        return _list_type(pa, type_, name, losses, depth)
    return _scalar(types, type_, name, losses)


def _is_list(types: Any, type_: Any) -> bool:
    return bool(types.is_list(type_) or types.is_large_list(type_))


def _list_type(pa: Any, type_: Any, name: str, losses: list[Loss], depth: int) -> FieldType | None:
    size: Dim = type_.list_size if pa.types.is_fixed_size_list(type_) else _ANY
    value = type_.value_type
    if pa.types.is_integer(value) or pa.types.is_floating(value) or pa.types.is_boolean(value):
        dtype = _dtype(value)
        return NdArray(dtype, (size,)) if dtype else None
    inner = _field_type(pa, value, name, losses, depth + 1)
    if isinstance(inner, NdArray) and inner.shape is not None:
        return NdArray(inner.dtype, (size, *inner.shape))
    if inner is not None and size != _ANY:
        losses.append(Loss(name, f"that its list has {size} entries is not kept"))
    return ArrayOf(inner) if inner is not None else None


def _scalar(types: Any, type_: Any, name: str, losses: list[Loss]) -> FieldType | None:
    text = str(type_)
    if types.is_boolean(type_):
        return Primitive("bool")
    if types.is_integer(type_) or types.is_floating(type_) or types.is_decimal(type_):
        if text not in ("int64", "double"):
            losses.append(Loss(name, f"the width of {clean(text, 40)} is not kept"))
        return Primitive("int" if types.is_integer(type_) else "float")
    if "string" in text or "utf8" in text:
        return Primitive("str")
    if "binary" in text:
        return Primitive("bytes")
    if types.is_timestamp(type_) or types.is_date(type_) or types.is_duration(type_):
        if text not in ("timestamp[ns]", "duration[ns]"):
            losses.append(Loss(name, f"the unit of {clean(text, 40)} is not kept"))
        return NdArray("timedelta64" if types.is_duration(type_) else "datetime64", ())
    return None
