"""Sample schemas as JSON Schema: how a sample looks when it is written as JSON.

Arrays are nested lists of numbers, bytes are base64 text. What JSON Schema cannot say stands in extension
keys: ``x-dtype`` and ``x-shape`` (equal names are equal sizes within one sample), ``x-labels``, ``x-unit``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata_codegen.jsonschema.convert import Schema
from atdata_codegen.jsonschema.documents import COMMENT, DIALECT
from atdata_codegen.samples import SampleField, SampleSchema
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType
from atdata_codegen.samples.shapes import Dim, shape_text

__all__ = ["export_sample", "sample_file"]

_PRIMITIVES: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
}
_COMPLEX: Schema = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
_DEEPEST = 32


def sample_file(schema: SampleSchema) -> str:
    """The file of one version of a sample schema; no NSID has such a name.

    >>> sample_file(SampleSchema("ImageSample", "1.0.0", (), ""))
    'ImageSample-1.0.0.json'
    """
    return f"{schema.name}-{schema.version}.json"


def export_sample(schema: SampleSchema, refs: Mapping[str, SampleSchema]) -> Schema:
    """The JSON Schema of ``schema``. ``refs`` holds the schema that each address in it means."""
    required = [field.name for field in schema.fields if not field.optional and field.default is None]
    out: Schema = {
        "$comment": f"{COMMENT} from the sample schema {schema.name} {schema.version}. "
        "Do not edit: change the schema instead.",
        "$schema": DIALECT,
        "$id": sample_file(schema),
        "title": schema.name,
    }
    if schema.description:
        out["description"] = schema.description
    out["type"] = "object"
    out["properties"] = {field.name: _field(field, refs) for field in schema.fields}
    if required:
        out["required"] = required
    out["x-sample-schema"] = {"name": schema.name, "version": schema.version, "cid": schema.cid}
    return out


def _field(field: SampleField, refs: Mapping[str, SampleSchema]) -> Schema:
    schema: Schema = _type(field.type, refs)
    leaf: Schema = schema
    if isinstance(field.type, NdArray):  # bounds are those of the elements
        for _ in field.type.shape or ():
            leaf = leaf["items"]
    if field.enum:
        leaf["enum"] = list(field.enum)
    if field.minimum is not None:
        leaf["minimum"] = max(field.minimum, leaf.get("minimum", field.minimum))
    if field.maximum is not None:
        leaf["maximum"] = min(field.maximum, leaf.get("maximum", field.maximum))
    if field.media_type:
        schema["contentMediaType"] = field.media_type
    if field.optional:
        schema = {"anyOf": [schema, {"type": "null"}]}
    if field.description:
        schema["description"] = field.description
    if field.default is not None:
        schema["default"] = field.default
    if field.labels:
        schema["x-labels"] = list(field.labels)
    if field.unit:
        schema["x-unit"] = field.unit
    return schema


def _type(kind: FieldType, refs: Mapping[str, SampleSchema]) -> Schema:
    if isinstance(kind, Primitive):
        return dict(_PRIMITIVES[kind.name])
    if isinstance(kind, ArrayOf):
        listed: Schema = {"type": "array", "items": _type(kind.items, refs)}
        if kind.min_length:
            listed["minItems"] = kind.min_length
        if kind.max_length is not None:
            listed["maxItems"] = kind.max_length
        return listed
    if isinstance(kind, RefType):
        target = refs.get(kind.ref.uri)
        return {"$ref": sample_file(target)} if target else {"type": "object", "x-ref": kind.ref.uri}
    words: dict[str, Any] = {"x-dtype": kind.dtype}
    if kind.shape is None:
        return {"description": "A number, or lists of numbers nested to any depth.", **words}
    return {**_nested(kind.dtype, kind.shape), **words, "x-shape": shape_text(kind.shape)}


def _nested(dtype: str, shape: tuple[Dim, ...]) -> Schema:
    schema: Schema = _element(dtype)
    for dim in reversed(shape[:_DEEPEST]):
        schema = {"type": "array", "items": schema}
        if isinstance(dim, int):
            schema["minItems"] = schema["maxItems"] = dim
    return schema


def _element(dtype: str) -> Schema:
    """One element; an integer has the range of its dtype. JSON has no NaN and no infinities."""
    if dtype == "bool":
        return {"type": "boolean"}
    for prefix, low in (("uint", 0), ("int", 1)):
        if dtype.startswith(prefix):
            bits = int(dtype.removeprefix(prefix))
            least = -(1 << (bits - 1)) if low else 0
            return {"type": "integer", "minimum": least, "maximum": (1 << (bits - low)) - 1}
    if dtype.startswith("float"):
        return {"type": "number"}
    if dtype.startswith("complex"):
        return dict(_COMPLEX)
    return {"type": "string"}
