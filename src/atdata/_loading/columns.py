"""Foreign tables as records: Parquet files, one batch of rows in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from atdata._errors import SchemaError, shown
from atdata._export._arrow import arrow, parquet
from atdata._export.restore import decode, note_of
from atdata._foreign.names import field_names

__all__ = ["parquet_records"]

_ROWS = 1024
_Convert = Callable[[Any], Any]


def parquet_records(
    files: Sequence[str | os.PathLike[str]], columns: Sequence[str] | None = None, rows: int = _ROWS
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where it stands, and its values by field name, of each row of ``files``.

    Lists of numbers become arrays, times become ISO 8601 texts, structs become one field for each of their own.
    """
    for file in files:
        with parquet().ParquetFile(file) as source:
            schema = source.schema_arrow
            wanted = schema.names if columns is None else list(columns)
            for name in wanted:
                if name not in schema.names:
                    there = ", ".join(map(shown, schema.names[:20]))
                    raise KeyError(f"{os.fspath(file)} has no column {shown(name)}; it has {there}")
            parts = [part for name in wanted for part in _parts(schema.field(name), name, name)]
            names = field_names(".".join(path) for path, _ in parts)
            number = 0
            for batch in source.iter_batches(batch_size=rows, columns=wanted):
                tops = {name: decode(schema.field(name), batch.column(name)) for name in wanted}
                found = {}
                for path, convert in parts:
                    found[names[".".join(path)]] = [_at(value, path, convert) for value in tops[path[0]]]
                for row in zip(*found.values(), strict=True):
                    yield f"{os.path.basename(os.fspath(file))}, row {number}", dict(zip(found, row, strict=True))
                    number += 1


def _at(value: Any, path: Sequence[str], convert: _Convert | None) -> Any:
    for name in path[1:]:
        value = None if value is None else value[name]
    return value if value is None or convert is None else convert(value)


def _parts(field: Any, name: str, where: str) -> Iterator[tuple[tuple[str, ...], _Convert | None]]:
    """The columns that one column becomes: its path, and what to do with each value."""
    types = arrow().types
    kind = field.type
    if note_of(field).get("array"):
        yield (name,), None
    elif types.is_struct(kind):
        inner = [kind.field(i) for i in range(kind.num_fields)]
        if {f.name for f in inner} == {"bytes", "path"}:  # how Hugging Face stores images and sounds
            yield (name,), _media
            return
        for child in inner:
            for path, convert in _parts(child, child.name, f"{where}.{child.name}"):
                yield (name, *path), convert
    elif types.is_map(kind):
        raise SchemaError(f"column {shown(where)} is a map, whose keys no schema can name; leave it out with columns=")
    else:
        yield (name,), _converter(kind)


def _converter(kind: Any) -> _Convert | None:
    types = arrow().types
    kind = getattr(kind, "storage_type", kind)  # extension types of others
    if types.is_dictionary(kind):
        return _converter(kind.value_type)
    if types.is_date(kind) or types.is_time(kind) or types.is_timestamp(kind):
        return lambda value: str(value.isoformat())
    if types.is_decimal(kind):
        return str
    if types.is_duration(kind):
        return lambda value: value.total_seconds()
    if _is_list(kind):
        depth, inner = 1, kind.value_type
        while _is_list(inner):
            depth, inner = depth + 1, inner.value_type
        if types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner):
            dtype = np.dtype(inner.to_pandas_dtype())
            return lambda value: _array(value, dtype, depth)
    return None


def _array(value: Any, dtype: np.dtype[Any], depth: int) -> Any:
    """A list of numbers as an array, unless its rows are of unequal length or have holes."""
    try:
        found = np.asarray(value, dtype=dtype)
    except (ValueError, TypeError):
        return value
    return found if found.ndim == depth or not found.size else value


def _is_list(kind: Any) -> bool:
    types = arrow().types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _media(value: dict[str, Any]) -> Any:
    return value.get("bytes")
