"""Fields as JSON and back, and the names that fields of strangers get."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from atdata_codegen.lexicon.fields import Path
from atdata_codegen.samples.fields import FieldParser
from atdata_codegen.samples.model import (
    TYPE_PREFIX,
    ArrayOf,
    FieldType,
    NdArray,
    Primitive,
    SampleField,
    Scalar,
)
from atdata_codegen.samples.reserved import field_name_problem

__all__ = ["NOTE", "FieldNames", "believed", "field_document", "field_of", "fields_documents"]

#: The key of our notes in attributes and metadata.
NOTE: Final = "atdata.field"


def field_document(field: SampleField) -> dict[str, Any]:
    """A field as a schema document writes it; numbers are text there."""
    found: dict[str, Any] = {"name": field.name, "fieldType": _type(field.type), "optional": field.optional}
    if field.description:
        found["description"] = field.description
    if field.default is not None:
        found["default"] = _literal(field.default)
    if field.unit:
        found["unit"] = field.unit
    if field.labels:
        found["labels"] = list(field.labels)
    if field.enum:
        found["enum"] = [_literal(value) for value in field.enum]
    for key, value in (("minimum", field.minimum), ("maximum", field.maximum)):
        if value is not None:
            found[key] = _literal(value)
    if field.media_type:
        found["mediaType"] = field.media_type
    return found


def fields_documents(fields: Iterable[SampleField]) -> list[dict[str, Any]]:
    """All fields of a schema document."""
    return [field_document(field) for field in fields]


def _literal(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _type(kind: FieldType) -> dict[str, Any]:
    if isinstance(kind, Primitive):
        return {"$type": f"{TYPE_PREFIX}primitive", "primitive": kind.name}
    if isinstance(kind, NdArray):
        found: dict[str, Any] = {"$type": f"{TYPE_PREFIX}ndarray", "dtype": kind.dtype}
        if kind.shape is not None:
            found["shape"] = [str(dim) for dim in kind.shape]
        return found
    if isinstance(kind, ArrayOf):
        listed: dict[str, Any] = {"$type": f"{TYPE_PREFIX}array", "items": _type(kind.items)}
        if kind.min_length:
            listed["minLength"] = kind.min_length
        if kind.max_length is not None:
            listed["maxLength"] = kind.max_length
        return listed
    return {"$type": f"{TYPE_PREFIX}ref", "ref": kind.ref.uri}


def field_of(value: object) -> SampleField | None:
    """The field of a document; None for whatever is none."""
    problems: list[object] = []

    def bad(path: Path, message: str, hint: str) -> None:
        problems.append(message)

    found = FieldParser(bad).parse(value, ())
    return None if problems else found


def believed(note: object, name: str, native: object, native_of: Callable[[SampleField], object]) -> SampleField | None:
    """The field of a note, where the format itself says the same: ``native`` is what is there; None otherwise."""
    if isinstance(note, bytes | str):
        try:
            note = json.loads(note) if len(note) <= 1 << 20 else None
        except (ValueError, RecursionError):
            return None
    field = field_of(note)
    return field if field is not None and field.name == name and native_of(field) == native else None


class FieldNames:
    """Names for the columns of a stranger: identifiers, each once, as close as can be."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, text: object) -> str:
        """The name of the next column."""
        name = re.sub(r"[^A-Za-z0-9_]", "_", str(text))[:120].lstrip("_") or "field"
        if name[0].isdigit():
            name = f"field_{name}"
        if field_name_problem(name):
            name = f"{name}_"
        wish, number = name, 2
        while name in self._taken:
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name
