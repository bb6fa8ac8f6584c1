"""Rules about the fields of sample schemas."""

from __future__ import annotations

import math
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from atdata_codegen.lexicon.fields import LINT_KEY, Path
from atdata_codegen.lint.documents import Doc
from atdata_codegen.lint.edit import Op
from atdata_codegen.lint.rule import Hit, document_rule, once
from atdata_codegen.lint.rules.sample_documents import fields_of
from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import DTYPES, canonical_dtype
from atdata_codegen.samples.fields import scalar_literal
from atdata_codegen.samples.model import KINDS, TYPE_PREFIX
from atdata_codegen.samples.refs import parse_ref
from atdata_codegen.samples.reserved import field_name_problem
from atdata_codegen.samples.shapes import parse_dim

_INT = {"$type": f"{TYPE_PREFIX}primitive", "primitive": "int"}
_FLOAT = {"$type": f"{TYPE_PREFIX}primitive", "primitive": "float"}
_BYTES = {"$type": f"{TYPE_PREFIX}primitive", "primitive": "bytes"}
_ARRAY = {"$type": f"{TYPE_PREFIX}ndarray", "dtype": "uint8", "shape": ["_", "3"]}
_REF = {"$type": f"{TYPE_PREFIX}ref", "ref": "atdata://local/sampleSchema/LintPart@1.0.0"}
_LITERALS = ("default", "minimum", "maximum")
_FIELD_KEYS = frozenset(
    {"name", "fieldType", "optional", "description", "default", "unit", "labels", "enum", "minimum", "maximum",
     "mediaType", LINT_KEY, "$type"}
)  # fmt: skip
_TYPE_KEYS = {
    "primitive": frozenset({"$type", "primitive", LINT_KEY}),
    "ndarray": frozenset({"$type", "dtype", "shape", LINT_KEY}),
    "array": frozenset({"$type", "items", LINT_KEY}),
    "ref": frozenset({"$type", "ref", LINT_KEY}),
}


def _types(doc: Doc) -> Iterator[tuple[Path, str, dict[str, Any], dict[str, Any]]]:
    """Every field type, also those of items: its path, kind, JSON and field."""
    for i, field in fields_of(doc):
        node = field.get("fieldType")
        path: Path = ("fields", i, "fieldType")
        while isinstance(node, dict):
            kind = node.get("$type")
            yield path, kind.removeprefix(TYPE_PREFIX) if isinstance(kind, str) else "", node, field
            node, path = node.get("items"), (*path, "items")


def _field(field_type: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "x", "description": "X.", "fieldType": field_type, **more}


@document_rule(
    "sample-kind", "error", "sample",
    "A field has one of the known kinds of type.",
    "sample-field", _field({"$type": f"{TYPE_PREFIX}tensor", "dtype": "uint8"}), _field(_ARRAY),
)  # fmt: skip
def _sample_kind(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        if kind not in KINDS or node.get("$type") == kind:
            near = get_close_matches(kind[:40], KINDS, 1)
            hint = f"write {TYPE_PREFIX}{near[0] if near else 'primitive'}"
            yield Hit((*path, "$type"), f"{clean(node.get('$type'), 80)} is no kind of type", hint)


@document_rule(
    "sample-dtype", "error", "sample",
    "The dtype of an array is one of the closed list.",
    "sample-field", _field({**_ARRAY, "dtype": "uint9"}), _field(_ARRAY),
)  # fmt: skip
def _sample_dtype(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        given = node.get("dtype")
        if kind == "ndarray" and (not isinstance(given, str) or canonical_dtype(given) is None):
            near = get_close_matches(given[:40], DTYPES, 1) if isinstance(given, str) else []
            hint = f"use {near[0]}" if near else f"known are {', '.join(DTYPES)}"
            yield Hit((*path, "dtype"), f"{clean(given, 60)} is no dtype", hint)


@document_rule(
    "sample-dtype-alias", "warning", "sample",
    "A dtype by another of its names; two spellings of one type look like a change.",
    "sample-field", _field({**_ARRAY, "dtype": "<f4"}), _field({**_ARRAY, "dtype": "float32"}), fixes=True,
)  # fmt: skip
def _sample_dtype_alias(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        given = node.get("dtype")
        name = canonical_dtype(given) if kind == "ndarray" and isinstance(given, str) else None
        if name is not None and name != given:
            ops = (Op("set", (*path, "dtype"), name),)
            yield Hit((*path, "dtype"), f"{clean(given, 60)} is another name of {name}", f"write {name}", ops)


@document_rule(
    "sample-shape-spelling", "warning", "sample",
    "Dimensions are text in a record, which knows no null: `\"3\"`, `\"h\"`, `\"_\"`.",
    "sample-field", _field({**_ARRAY, "shape": [None, 3]}), _field(_ARRAY), fixes=True,
)  # fmt: skip
def _sample_shape_spelling(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        shape = node.get("shape")
        if kind != "ndarray" or not isinstance(shape, list):
            continue
        dims = [parse_dim(dim) for dim in shape]
        wanted = [str(dim) for dim in dims]
        if None not in dims and wanted != shape:
            ops = (Op("set", (*path, "shape"), wanted),)
            yield Hit((*path, "shape"), f"is {clean(shape, 80)}", f"write {clean(' '.join(wanted), 80)}, as text", ops)


@document_rule(
    "sample-no-shape", "info", "sample",
    "An array without a shape may have any number of dimensions, which a batch cannot rely on.",
    "sample-field", _field({"$type": f"{TYPE_PREFIX}ndarray", "dtype": "uint8"}), _field(_ARRAY),
)  # fmt: skip
def _sample_no_shape(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        if kind == "ndarray" and node.get("shape") is None:
            yield Hit(path, "has no shape", 'give one dimension an entry, such as ["h", "w", "3"]')


@document_rule(
    "sample-field-name", "error", "sample",
    "The name of a field is an identifier, and none that every sample has already.",
    "sample-field", {**_field(_INT), "name": "packed"}, _field(_INT),
)  # fmt: skip
def _sample_field_name(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        found = field_name_problem(field.get("name"))
        if found:
            yield Hit(("fields", i, "name"), f"{clean(field.get('name'), 80)} {found[0]}", found[1])


@document_rule(
    "sample-field-description", "info", "sample",
    "A field without a description.",
    "sample-field", {"name": "x", "fieldType": _INT}, _field(_INT),
)  # fmt: skip
def _sample_field_description(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        text = field.get("description", "")
        if isinstance(text, str) and not text.strip():
            yield Hit(("fields", i), f"{clean(field.get('name'), 60)} has no description", "say what it holds")


@document_rule(
    "sample-mutable-default", "error", "sample",
    "A list, an array or a nested sample cannot have a default: all samples would share it.",
    "sample-field", _field({"$type": f"{TYPE_PREFIX}array", "items": _INT}, default=[]),
    _field({"$type": f"{TYPE_PREFIX}array", "items": _INT}, optional=True),
)  # fmt: skip
def _sample_mutable_default(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        node = field.get("fieldType")
        kind = node.get("$type") if isinstance(node, dict) else None
        value = field.get("default")
        held = kind in (TYPE_PREFIX + "array", TYPE_PREFIX + "ndarray", TYPE_PREFIX + "ref")
        if value is not None and (held or isinstance(value, list | dict)):
            yield Hit(("fields", i, "default"), "would be shared by all samples", "make the field optional")


@document_rule(
    "sample-float-literal", "error", "sample",
    "Records hold no floats; a default or a bound with a fraction is written as text.",
    "sample-field", _field(_FLOAT, default=0.5), _field(_FLOAT, default="0.5"), fixes=True,
)  # fmt: skip
def _sample_float_literal(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        for key in _LITERALS:
            value = field.get(key)
            if isinstance(value, float) and math.isfinite(value):
                path: Path = ("fields", i, key)
                yield Hit(path, f"{value!r} is a float", f'write "{value!r}"', (Op("set", path, repr(value)),))
        for at, value in enumerate(field["enum"] if isinstance(field.get("enum"), list) else []):
            if isinstance(value, float) and math.isfinite(value):
                path = ("fields", i, "enum", at)
                yield Hit(path, f"{value!r} is a float", f'write "{value!r}"', (Op("set", path, repr(value)),))


@document_rule(
    "sample-bounds", "error", "sample",
    "A minimum above the maximum allows nothing.",
    "sample-field", _field(_INT, minimum="3", maximum="2"), _field(_INT, minimum="2", maximum="3"),
)  # fmt: skip
def _sample_bounds(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        low, high = (scalar_literal(field.get(key), "float") for key in ("minimum", "maximum"))
        if isinstance(low, float) and isinstance(high, float) and low > high:
            yield Hit(("fields", i, "minimum"), f"{low:g} is above the maximum, {high:g}", "swap them")


@document_rule(
    "sample-labels", "warning", "sample",
    "Two labels of one name cannot be told apart.",
    "sample-field", _field(_INT, labels=["cat", "cat"]), _field(_INT, labels=["cat", "dog"]),
)  # fmt: skip
def _sample_labels(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        labels = field.get("labels")
        for label in once(labels if isinstance(labels, list) else [])[1]:
            yield Hit(("fields", i, "labels"), f"{clean(label, 60)} stands twice", "name each value once")


@document_rule(
    "sample-unpinned-ref", "warning", "sample",
    "A reference without a version follows the newest one, so that old data change their meaning.",
    "sample-field", _field({**_REF, "ref": "atdata://local/sampleSchema/LintPart"}), _field(_REF),
)  # fmt: skip
def _sample_unpinned_ref(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        ref = parse_ref(node.get("ref")) if kind == "ref" else None
        if ref is not None and ref.name and not ref.version:
            target = doc.folder.known.find(ref)
            version = target.version if target is not None else "1.0.0"
            yield Hit((*path, "ref"), f"{clean(ref.uri, 200)} has no version", f"end it with @{version}")


@document_rule(
    "sample-unknown-ref", "warning", "sample",
    "A reference to a sample schema that is neither in the folder nor included.",
    "sample-field", _field({**_REF, "ref": "atdata://local/sampleSchema/Nowhere@1.0.0"}), _field(_REF),
)  # fmt: skip
def _sample_unknown_ref(doc: Doc) -> Iterator[Hit]:
    for path, kind, node, _ in _types(doc):
        ref = parse_ref(node.get("ref")) if kind == "ref" else None
        if ref is not None and ref.origin == "local" and doc.folder.known.find(ref) is None:
            yield Hit((*path, "ref"), f"{clean(ref.uri, 200)} is not here", "add the schema, or correct the address")


@document_rule(
    "sample-media-type", "warning", "sample",
    "A media type is one MIME type, such as image/jpeg.",
    "sample-field", _field(_BYTES, mediaType="jpeg"), _field(_BYTES, mediaType="image/jpeg"),
)  # fmt: skip
def _sample_media_type(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        text = field.get("mediaType")
        kind, slash, inner = text.partition("/") if isinstance(text, str) else ("", "", "")
        if isinstance(text, str) and text and not (kind and slash and inner and text.isascii() and " " not in text):
            yield Hit(("fields", i, "mediaType"), f"{clean(text, 60)!r} is no media type", "such as image/jpeg")


@document_rule(
    "sample-field-key", "warning", "sample",
    "A key of a field or its type that nobody reads.",
    "sample-field", _field(_INT, optinal=True), _field(_INT, optional=True),
)  # fmt: skip
def _sample_field_key(doc: Doc) -> Iterator[Hit]:
    for i, field in fields_of(doc):
        yield from _strange(field, _FIELD_KEYS, ("fields", i))
    for path, kind, node, _ in _types(doc):
        yield from _strange(node, _TYPE_KEYS.get(kind, frozenset(node)), path)


def _strange(node: dict[str, Any], known: frozenset[str], path: Path) -> Iterator[Hit]:
    for key in node:
        if key not in known:
            near = get_close_matches(key[:40], known, 1)
            hint = f"did you mean {near[0]}?" if near else "remove it"
            yield Hit((*path, key), f"{clean(key, 40)!r} means nothing here", hint)
