"""zarr, version 3: one array a field, samples along the first axis (zarr-specs, core v3; zarr-extensions for dtypes).

Sizes that differ from sample to sample are 0 in ``shape``; the note in ``attributes`` says what they are called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from atdata_codegen.formats.mapped import Loss, Mapped
from atdata_codegen.formats.notes import NOTE, FieldNames, believed, field_document
from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import DTYPES, canonical_dtype
from atdata_codegen.samples.model import FieldType, NdArray, Primitive, SampleField

__all__ = ["from_zarr", "to_zarr"]

Json = dict[str, Any]

_SAMPLES = "sample"
_PRIMITIVES = {"str": "str", "int": "int64", "float": "float64", "bool": "bool", "bytes": "bytes"}
_BACK = {"str": "str", "int64": "int", "float64": "float", "bool": "bool", "bytes": "bytes"}
_TIME = {"unit": "ns", "scale_factor": 1}
_TYPES: dict[str, Any] = {
    **{name: name for name in DTYPES},
    "str": "string",
    "bytes": "variable_length_bytes",
    "datetime64": {"name": "numpy.datetime64", "configuration": _TIME},
    "timedelta64": {"name": "numpy.timedelta64", "configuration": _TIME},
}
_NAMES = {
    "string": "str",
    "variable_length_bytes": "bytes",
    "bytes": "bytes",
    "fixed_length_utf32": "str",
    "null_terminated_bytes": "bytes",
    "numpy.datetime64": "datetime64",
    "numpy.timedelta64": "timedelta64",
}
_FILLS: dict[str, Any] = {"bool": False, "str": "", "bytes": "", "datetime64": "NaT", "timedelta64": "NaT"}
_CODECS = {"str": [{"name": "vlen-utf8"}], "bytes": [{"name": "vlen-bytes"}]}


def to_zarr(fields: Iterable[SampleField], samples: int = 0) -> Mapped[dict[str, Json]]:
    """The ``zarr.json`` of each field's array, for ``samples`` samples.

    Lists, nested samples and arrays of any rank have no array of fixed rank, and are left out.
    """
    arrays: dict[str, Json] = {}
    losses: list[Loss] = []
    for field in fields:
        native = _native(field)
        if native is None:
            losses.append(Loss(field.name, "has no fixed rank, and is left out"))
            continue
        dtype, sizes, names = native
        arrays[field.name] = {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [samples, *sizes],
            "data_type": _TYPES[dtype],
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, *(max(1, s) for s in sizes)]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": _FILLS.get(dtype, [0, 0] if dtype.startswith("complex") else 0),
            "codecs": _CODECS.get(dtype, [{"name": "bytes", "configuration": {"endian": "little"}}]),
            "dimension_names": [_SAMPLES, *names],
            "attributes": {NOTE: field_document(field)},
        }
    return Mapped(arrays, tuple(losses))


def _native(field: SampleField) -> tuple[str, list[int], list[str | None]] | None:
    """dtype, sizes and names of the axes of one sample."""
    kind = field.type
    if isinstance(kind, Primitive):
        return _PRIMITIVES[kind.name], [], []
    if not isinstance(kind, NdArray) or kind.shape is None:
        return None
    sizes = [dim if isinstance(dim, int) else 0 for dim in kind.shape]
    return kind.dtype, sizes, [dim if isinstance(dim, str) and dim != "_" else None for dim in kind.shape]


def from_zarr(arrays: Mapping[str, Any], samples: bool = True) -> Mapped[tuple[SampleField, ...]]:
    """The fields of arrays, from their ``zarr.json`` (or version 2's ``.zarray``) by name.

    ``samples`` says that the first axis counts samples; without it, every array is one sample's.
    """
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for key, value in arrays.items():
        name = names.take(key)
        if name != key:
            losses.append(Loss(name, f"is called {clean(key, 80)!r} there"))
        meta = value if isinstance(value, Mapping) else {}
        dtype, shape = _dtype(meta), meta.get("shape")
        whole = isinstance(shape, list | tuple) and all(type(size) is int and size >= 0 for size in shape)
        sizes = list(shape) if whole and shape is not None else None
        if dtype is None or sizes is None or (samples and not sizes):
            losses.append(Loss(name, f"is left out: {clean(meta.get('data_type', meta.get('dtype')), 80)} of {shape}"))
            continue
        sizes = sizes[1:] if samples else sizes
        attributes = meta.get("attributes")
        note = attributes.get(NOTE) if isinstance(attributes, Mapping) else None
        labels = _axis_names(meta, samples)
        native = (dtype, sizes, labels)
        field = believed(note, name, native, _native)
        if field is None:
            kind: FieldType = NdArray(dtype, tuple(sizes))
            if not sizes and dtype in _BACK:
                kind = Primitive(_BACK[dtype])  # type: ignore[arg-type]  # the table holds primitives
            field = SampleField(name, kind)
            if any(labels):
                losses.append(Loss(name, "names of its axes are not kept beside their sizes"))
        fields.append(field)
    return Mapped(tuple(fields), (*losses, *(_uneven(arrays, fields) if samples else ())))


def _uneven(arrays: Mapping[str, Any], fields: list[SampleField]) -> Iterator[Loss]:
    """Arrays whose first axis has another length than that of most: is it one of samples?"""
    counts = {field.name: arrays[field.name]["shape"][0] for field in fields if field.name in arrays}
    usual = Counter(counts.values()).most_common(1)[0][0] if counts else 0
    for name, count in counts.items():
        if count != usual:
            yield Loss(name, f"its first axis has {count} entries where others have {usual}: it may not count samples")


def _dtype(meta: Mapping[str, Any]) -> str | None:
    given = meta.get("data_type", meta.get("dtype"))
    if isinstance(given, Mapping):
        given = given.get("name")
    if not isinstance(given, str):
        return None
    if given in _NAMES:
        return _NAMES[given]
    bare = given.lstrip("<>|=")
    if bare[:1] in ("U", "S") and bare[1:].isdigit():
        return "str" if bare[0] == "U" else "bytes"
    return canonical_dtype(given)


def _axis_names(meta: Mapping[str, Any], samples: bool) -> list[str | None]:
    given = meta.get("dimension_names")
    named = list(given) if isinstance(given, list | tuple) else [None] * len(meta["shape"])
    return [name if isinstance(name, str) else None for name in named[1 if samples else 0 :]]
