"""From a sample class to its schema document: the way back from code to the record that can be published."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from atdata._errors import NotASampleTypeError, UnsupportedTypeError, shown, type_name
from atdata._samples.class_docs import class_doc, descriptions
from atdata._samples.constraints import Labels, Length, MediaType, OneOf, Range, Shape, Unit
from atdata._samples.hints import SCALARS, extras, field_hints, is_array, split_optional
from atdata._samples.record_form import now, to_record_form
from atdata._uris import check_version, schema_uri

__all__ = ["check_sample_type", "nested_types", "own_address", "schema_from_class"]

_PREFIX = "ac.foundation.dataset.schemaType#"
_SCALAR_NAMES = {name: kind for kind, name in SCALARS.items()}
_VERSIONED = re.compile(r"_([0-9]+)_([0-9]+)_([0-9]+)")
_KNOWN = "known are str, int, float, bool, bytes, NDArray, lists of them, and sample classes"

_FAMILIES = frozenset(
    {"generic", "number", "integer", "signedinteger", "unsignedinteger", "inexact", "floating", "complexfloating",
     "flexible", "character"}
)  # fmt: skip

#: The address under which a nested class is published.
AddressOf = Callable[[type[Any]], str]


def check_sample_type(cls: object) -> type[Any]:
    """``cls`` itself when it is a sample class with declared fields."""
    if not isinstance(cls, type):
        raise NotASampleTypeError(f"a sample class expected, not {shown(cls)}; decorate one with @atdata.packable")
    for name in ("from_data", "from_bytes", "packed", "as_wds"):
        if not hasattr(cls, name):
            hint = "decorate it with @atdata.packable"
            raise NotASampleTypeError(f"{type_name(cls)} is no sample class: it lacks {name}; {hint}")
    if not dataclasses.is_dataclass(cls):
        raise NotASampleTypeError(
            f"{type_name(cls)} is no dataclass, so it has no fields to publish; decorate it with @atdata.packable"
        )
    return cls


def schema_from_class(
    cls: type[Any],
    *,
    version: str = "1.0.0",
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    created_at: str | None = None,
    address_of: AddressOf | None = None,
) -> dict[str, Any]:
    """The schema document of a sample class.

    ``address_of`` gives the address of a nested sample class; without it the address that its module was generated
    from, or version 1.0.0 of its name. ``TypeError`` with "Unsupported type" names a field that no schema can express.

    >>> import atdata
    >>> @atdata.packable
    ... class Point:
    ...     "A point on a line."
    ...     x: float
    >>> document = schema_from_class(Point)
    >>> document["name"], document["description"], document["fields"][0]["fieldType"]["primitive"]
    ('Point', 'A point on a line.', 'float')
    """
    check_sample_type(cls)
    writer = _Writer(cls, address_of or own_address)
    described = descriptions(cls)
    fields = []
    for field in dataclasses.fields(cls):
        entry = writer.field(field)
        if described.get(field.name):
            entry["description"] = described[field.name]
        fields.append(entry)
    _known_hints[cls] = writer.hints  # now that all of them are known to mean something
    text = class_doc(cls) if description is None else description
    return {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": cls.__name__,
        "version": check_version(version),
        **({"description": text} if text else {}),
        "fields": fields,
        **({"metadata": to_record_form(metadata)} if metadata is not None else {}),
        "createdAt": created_at or now(),
    }


def nested_types(cls: type[Any]) -> list[type[Any]]:
    """The sample classes that fields of ``cls`` hold, each once."""
    found: dict[type[Any], None] = {}

    def note(nested: type[Any]) -> str:
        found[nested] = None
        return ""

    writer = _Writer(cls, note)
    for field in dataclasses.fields(cls):
        writer.field(field)
    return list(found)


def own_address(cls: type[Any]) -> str:
    """The address that a class's module was generated from, or version 1.0.0 of its name."""
    document = cls.__dict__.get("_document")
    if document is not None:
        return schema_uri(cls.__name__, json.loads(document[0])["version"])
    tail = cls.__module__.rpartition(".")[2]
    match = _VERSIONED.fullmatch(tail.removeprefix(cls.__name__))
    return schema_uri(cls.__name__, ".".join(match.groups()) if match else "1.0.0")


_known_hints: WeakKeyDictionary[type[Any], dict[str, Any]] = WeakKeyDictionary()


class _Writer:
    """Fields of one class as a document holds them."""

    def __init__(self, cls: type[Any], address_of: AddressOf) -> None:
        self._cls = cls
        self._address_of = address_of
        self.hints = _known_hints.get(cls) or field_hints(cls)

    def field(self, field: dataclasses.Field[Any]) -> dict[str, Any]:
        """One field, with everything that its annotation says."""
        hint = self.hints[field.name]
        kind, nullable = split_optional(hint)
        if isinstance(kind, str) and is_array(kind):  # a name for checkers only
            nullable = "None" in kind or "Optional" in kind
        where = f"{type_name(self._cls)}.{shown(field.name)[1:-1]}"
        found: dict[str, Any] = {
            "name": field.name,
            "fieldType": self._type(kind, where),
            "optional": nullable or field.default is None,
        }
        text = _literal(field.default) if type(field.default) is kind else None
        if type(field.default) is int and kind is float:
            text = _literal(float(field.default))
        if text is not None:
            found["default"] = text
        for extra in extras(hint):
            self._add(found, extra)
        return found

    def _add(self, found: dict[str, Any], extra: object) -> None:
        if isinstance(extra, Shape) and found["fieldType"]["$type"] == _PREFIX + "ndarray":
            found["fieldType"]["shape"] = [str(dim) for dim in extra.dims]
        elif isinstance(extra, Length) and found["fieldType"]["$type"] == _PREFIX + "array":
            if extra.minimum:
                found["fieldType"]["minLength"] = extra.minimum
            if extra.maximum is not None:
                found["fieldType"]["maxLength"] = extra.maximum
        elif isinstance(extra, Labels):
            found["labels"] = list(extra.names)
        elif isinstance(extra, OneOf):
            found["enum"] = [text for value in extra.values if (text := _literal(value)) is not None]
        elif isinstance(extra, Range):
            for key in ("minimum", "maximum"):
                text = _literal(getattr(extra, key))
                if text is not None:
                    found[key] = text
        elif isinstance(extra, Unit):
            found["unit"] = extra.name
        elif isinstance(extra, MediaType):
            found["mediaType"] = extra.name

    def _type(self, kind: Any, where: str) -> dict[str, Any]:
        from atdata._samples.base import PackableSample

        if isinstance(kind, str):
            kind = _SCALAR_NAMES.get(kind, kind)
        if is_array(kind):
            return {"$type": _PREFIX + "ndarray", "dtype": _dtype(kind, where)}
        if isinstance(kind, type) and kind in SCALARS:
            return {"$type": _PREFIX + "primitive", "primitive": SCALARS[kind]}
        origin = typing.get_origin(kind) or kind
        if origin is list and typing.get_args(kind):
            item, nullable = split_optional(typing.get_args(kind)[0])
            if nullable:
                raise UnsupportedTypeError(f"{where}: Unsupported type: a list cannot hold None; {_KNOWN}")
            items = {"fieldType": self._type(item, f"{where}[]")}
            for extra in extras(typing.get_args(kind)[0]):
                if isinstance(extra, Length | Shape):
                    self._add(items, extra)
            return {"$type": _PREFIX + "array", "items": items["fieldType"]}
        if isinstance(origin, type) and issubclass(origin, PackableSample):
            if origin is self._cls:
                raise UnsupportedTypeError(f"{where}: Unsupported type: a sample cannot hold itself")
            return {"$type": _PREFIX + "ref", "ref": self._address_of(origin)}
        hint = _KNOWN
        if origin is dict:
            hint = "a dict has no schema; make its keys fields, or keep the dataset without a schema with add_entry"
        elif origin is list:
            hint = "say what the list holds, such as list[int]"
        elif origin is tuple:
            hint = "a schema knows no tuples; make it a list, or a field for each part"
        raise UnsupportedTypeError(f"{where}: Unsupported type {ascii(kind)[:120]}; {hint}")


def _literal(value: object) -> str | None:
    """A scalar as documents write it; None for what they cannot."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if -(1 << 63) <= value < 1 << 64 else None
    if isinstance(value, float):
        return repr(float(value)) if value == value and abs(value) != float("inf") else None
    return str(value) if isinstance(value, str) and len(value) <= 1000 else None


def _dtype(hint: Any, where: str) -> str:
    from atdata_codegen.samples.dtypes import canonical_dtype

    scalar: Any = None
    if isinstance(hint, str):
        inside = hint.partition("[")[2].rstrip("]| None").rpartition(".")[2] if "[" in hint else ""
        scalar = inside.removesuffix("_") or None
        name = scalar
    else:
        arguments = typing.get_args(hint)
        inner = typing.get_args(arguments[1]) if len(arguments) > 1 else ()
        first = typing.get_origin(inner[0]) or inner[0] if inner else None
        scalar = first if isinstance(first, type) else None
        name = None if scalar is None else _scalar_name(scalar)
    if scalar is None:
        return "float32"
    found = canonical_dtype(name) if name else None
    if found is None:
        raise UnsupportedTypeError(
            f"{where}: Unsupported type: arrays of {ascii(scalar)[:80]}; name one dtype, such as NDArray[np.float32]"
        )
    return found


def _scalar_name(scalar: type[Any]) -> str | None:
    import numpy as np

    if not issubclass(scalar, np.generic):
        return SCALARS.get(scalar)
    # Families such as np.floating are no dtype; numpy would guess one.
    return None if scalar.__name__ in _FAMILIES else np.dtype(scalar).name
