"""safetensors: the header of a file that holds one sample (or one batch); everything that is no tensor is a note.

Format: https://github.com/huggingface/safetensors, the header's ``dtype`` and ``shape`` of each tensor.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from atdata_codegen.formats.mapped import Loss, Mapped
from atdata_codegen.formats.notes import NOTE, FieldNames, believed, field_document, field_of
from atdata_codegen.problems import clean
from atdata_codegen.samples.model import NdArray, Primitive, SampleField

__all__ = ["from_safetensors", "to_safetensors"]

Json = dict[str, Any]

_METADATA = "__metadata__"
_TYPES = {
    "bool": "BOOL", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16",
    "uint32": "U32", "uint64": "U64", "float16": "F16", "float32": "F32", "float64": "F64", "complex64": "C64",
}  # fmt: skip
_NAMES = {tag: name for name, tag in _TYPES.items()}
_PRIMITIVES = {"int": "int64", "float": "float64", "bool": "bool"}


def to_safetensors(fields: Iterable[SampleField]) -> Mapped[Json]:
    """The header of a file with one sample, without offsets: tensors of known shape, all else in ``__metadata__``.

    A field whose sizes are known only with the data has no entry of its own, and comes back from its note.
    """
    header: Json = {}
    notes: list[Json] = []
    for field in fields:
        notes.append(field_document(field))
        native = _native(field)
        if native is not None:
            header[field.name] = native
    return Mapped({_METADATA: {NOTE: json.dumps(notes, ensure_ascii=False)}, **header})


def _native(field: SampleField) -> Json | None:
    kind = field.type
    if isinstance(kind, Primitive) and kind.name in _PRIMITIVES:
        return {"dtype": _TYPES[_PRIMITIVES[kind.name]], "shape": []}
    if not isinstance(kind, NdArray) or kind.shape is None or kind.dtype not in _TYPES:
        return None
    sizes = [dim for dim in kind.shape if isinstance(dim, int)]
    return {"dtype": _TYPES[kind.dtype], "shape": sizes} if len(sizes) == len(kind.shape) else None


def from_safetensors(header: Mapping[str, Any]) -> Mapped[tuple[SampleField, ...]]:
    """The fields of a header; tensors of types that arrays do not have (BF16, F8 ...) are left out and named."""
    metadata = header.get(_METADATA)
    notes = _notes(metadata.get(NOTE) if isinstance(metadata, Mapping) else None)
    tensors = {key: value for key, value in header.items() if key != _METADATA}
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for note in notes:
        field = field_of(note)
        if field is None or (field.name in tensors) != (_native(field) is not None):
            continue
        if field.name not in tensors and isinstance(note, Mapping):  # no tensor there to contradict it
            fields.append(field)
            names.take(field.name)
    for key, value in tensors.items():
        name = names.take(key)
        meta = value if isinstance(value, Mapping) else {}
        dtype, shape = _NAMES.get(str(meta.get("dtype"))), meta.get("shape")
        if dtype is None or not isinstance(shape, list) or not all(isinstance(s, int) and s >= 0 for s in shape):
            losses.append(Loss(name, f"is left out: {clean(meta.get('dtype'), 40)} is no dtype of arrays"))
            continue
        if name != key:
            losses.append(Loss(name, f"is called {clean(key, 80)!r} there"))
        native = {"dtype": meta["dtype"], "shape": shape}
        found = [believed(note, name, native, _native) for note in notes]
        fields.append(next((f for f in found if f is not None), SampleField(name, NdArray(dtype, tuple(shape)))))
    order = {note.get("name"): i for i, note in enumerate(notes) if isinstance(note, Mapping)}
    fields.sort(key=lambda field: order.get(field.name, len(order)))
    return Mapped(tuple(fields), tuple(losses))


def _notes(text: object) -> list[Any]:
    if not isinstance(text, str) or len(text) > 1 << 24:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
