"""One Lexicon type as JSON Schema. The styles of record models are made of the same conversion, refined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from atdata_codegen.jsonschema.strings import format_keywords, length_keywords, string_extension
from atdata_codegen.lexicon import model as m

__all__ = ["SHARED", "Converter", "Schema", "not_null"]

Schema = dict[str, Any]

_LINK: Schema = {
    "description": "A link to a block, by its CID.",
    "type": "object",
    "properties": {"$link": {"type": "string", "pattern": "^b[a-z2-7]{7,255}$"}},
    "required": ["$link"],
    "additionalProperties": False,
}
_BYTES: Schema = {
    "description": "Raw bytes, as standard base64 with or without padding.",
    "type": "object",
    "properties": {
        "$bytes": {
            "type": "string",
            "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$",
        }
    },
    "required": ["$bytes"],
    "additionalProperties": False,
}
_BLOB: Schema = {
    "description": "A reference to an uploaded file, or the form that old records hold.",
    "type": "object",
    "if": {"properties": {"$type": {"const": "blob"}}, "required": ["$type"]},
    "then": {
        "properties": {
            "$type": {"type": "string"},
            "ref": {"$ref": "#/$defs/lexicon.cid-link"},
            "mimeType": {"type": "string", "minLength": 1},
            "size": {"type": "integer", "minimum": 0},
        },
        "required": ["$type", "ref", "mimeType", "size"],
    },
    "else": {
        "properties": {"cid": {"type": "string"}, "mimeType": {"type": "string"}},
        "required": ["cid", "mimeType"],
        "maxProperties": 2,
    },
}
_UNKNOWN: Schema = {
    "description": "Any object of the data model: no link, no bytes, no blob.",
    "type": "object",
    "properties": {"$link": False, "$bytes": False, "$type": {"type": "string", "not": {"const": "blob"}}},
}

#: Definitions that each document carries when it uses them. A definition of a Lexicon has no dot in its name.
SHARED: dict[str, Schema] = {
    "lexicon.blob": _BLOB, "lexicon.bytes": _BYTES, "lexicon.cid-link": _LINK, "lexicon.unknown": _UNKNOWN,
}  # fmt: skip


def not_null(schema: Schema) -> Schema:
    """``schema``, or any value but null where it says nothing."""
    return schema or {"type": ["object", "array", "string", "integer", "boolean"]}


class Converter:
    """Converts the types of one document.

    ``resolve`` gives the JSON Schema reference for a Lexicon reference, or None where it leads nowhere; such
    a value may be anything but null, as validation has it. ``shared`` collects the shared definitions used.
    """

    def __init__(self, resolve: Callable[[m.Ref], str | None]) -> None:
        self.resolve = resolve
        self.shared: set[str] = set()

    def convert(self, kind: m.Type) -> Schema:
        """The schema of ``kind``, its description and its extension keywords included."""
        schema = self._plain(kind)
        extension = schema.pop("x-lexicon", None)
        if kind.description:
            schema["description"] = kind.description
        if extension:
            schema["x-lexicon"] = extension
        return schema

    def _plain(self, kind: m.Type) -> Schema:
        if isinstance(kind, m.String):
            return self.string(kind)
        if isinstance(kind, m.Integer):
            return self.integer(kind)
        if isinstance(kind, m.Boolean):
            return _values({"type": "boolean"}, kind)
        if isinstance(kind, m.Array):
            return self.array(kind)
        if isinstance(kind, (m.Object, m.Params)):
            return self.object(kind)
        if isinstance(kind, m.Ref):
            return self.ref(kind)
        if isinstance(kind, m.Union):
            return self.union(kind)
        if isinstance(kind, m.Bytes):
            return self.bytes(kind)
        if isinstance(kind, m.CidLink):
            return self.use("lexicon.cid-link")
        if isinstance(kind, m.Blob):
            return self.blob(kind)
        if isinstance(kind, m.Token):
            return {"type": "string"}
        return self.use("lexicon.unknown")

    def use(self, name: str) -> Schema:
        """A reference to a shared definition."""
        self.shared.add(name)
        if name == "lexicon.blob":
            self.shared.add("lexicon.cid-link")
        return {"$ref": f"#/$defs/{name}"}

    def string(self, kind: m.String) -> Schema:
        """Exact for ``enum`` and ``const``; see ``strings`` for lengths and formats."""
        schema: Schema = {"type": "string"}
        if kind.format:
            schema.update(format_keywords(kind.format))
        lengths = length_keywords(kind)
        if "maxLength" in schema and "maxLength" in lengths:
            lengths["maxLength"] = min(lengths["maxLength"], schema["maxLength"])
        schema.update(lengths)
        if kind.known_values:
            schema["examples"] = list(dict.fromkeys(kind.known_values))
        _values(schema, kind)
        extension = string_extension(kind)
        if extension:
            schema["x-lexicon"] = extension
        return schema

    def integer(self, kind: m.Integer) -> Schema:
        """JSON Schema also takes 3.0, which Lexicon refuses."""
        schema: Schema = {"type": "integer"}
        if kind.minimum is not None:
            schema["minimum"] = kind.minimum
        if kind.maximum is not None:
            schema["maximum"] = kind.maximum
        return _values(schema, kind)

    def bytes(self, kind: m.Bytes) -> Schema:
        """Limits of the base64 text that follow from those of the bytes: 3 bytes make 4 characters."""
        schema = self.use("lexicon.bytes")
        words = {"minLength": kind.min_length, "maxLength": kind.max_length}
        extension = {key: value for key, value in words.items() if value is not None}
        if extension:
            limits: dict[str, int] = {}
            if kind.min_length:
                limits["minLength"] = -(-kind.min_length * 4 // 3)
            if kind.max_length is not None:
                limits["maxLength"] = -(-kind.max_length // 3) * 4
            if limits:
                schema["properties"] = {"$bytes": limits}
            schema["x-lexicon"] = extension
        return schema

    def blob(self, kind: m.Blob) -> Schema:
        """``accept`` has patterns of its own, and stands under ``x-lexicon``."""
        schema = self.use("lexicon.blob")
        if kind.max_size is not None:
            schema["properties"] = {"size": {"maximum": kind.max_size}}
        words = {"accept": list(kind.accept) if kind.accept else None, "maxSize": kind.max_size}
        extension = {key: value for key, value in words.items() if value is not None}
        if extension:
            schema["x-lexicon"] = extension
        return schema

    def array(self, kind: m.Array) -> Schema:
        schema: Schema = {"type": "array", "items": not_null(self.convert(kind.items))}
        if kind.min_length is not None:
            schema["minItems"] = kind.min_length
        if kind.max_length is not None:
            schema["maxItems"] = kind.max_length
        return schema

    def object(self, kind: m.Object | m.Params) -> Schema:
        """Absent, null and falsy stay apart; unknown properties are allowed, as Lexicon asks."""
        nullable = kind.nullable if isinstance(kind, m.Object) else frozenset[str]()
        properties: Schema = {}
        for name, inner in kind.properties.items():
            schema = self.property(kind, name, inner)
            properties[name] = self.nullable(schema) if name in nullable else schema
        schema = {"type": "object", "properties": properties}
        required = [name for name in kind.properties if name in kind.required]
        if required:
            schema["required"] = required
        return schema

    def property(self, owner: m.Object | m.Params, name: str, kind: m.Type) -> Schema:
        """The schema of one property, nullability left out."""
        return not_null(self.convert(kind))

    def nullable(self, schema: Schema) -> Schema:
        """``schema`` or null; what describes the property stays outside the choice."""
        outer: Schema = {key: schema.pop(key) for key in list(schema) if key in ("description", "default")}
        return {"anyOf": [schema, {"type": "null"}], **outer}

    def ref(self, kind: m.Ref) -> Schema:
        target = self.resolve(kind)
        if target is None:
            return {**not_null({}), "x-lexicon": {"unresolved": f"{kind.nsid}#{kind.name}"}}
        return {"$ref": target}

    def union(self, kind: m.Union) -> Schema:
        """Each member is checked by its ``$type``; an open union takes other members unchecked, a closed one none."""
        tags = [ref.nsid if ref.name == "main" else f"{ref.nsid}#{ref.name}" for ref in kind.refs]
        tag: Schema = {"enum": list(dict.fromkeys(tags))} if kind.closed else {"not": {"pattern": "#main$"}}
        schema: Schema = {
            "type": "object",
            "properties": {"$type": {"type": "string", **tag}},
            "required": ["$type"],
        }
        choices = []
        for name, ref in dict(zip(tags, kind.refs, strict=True)).items():
            target = self.resolve(ref)
            if target is not None:
                condition = {"properties": {"$type": {"const": name}}, "required": ["$type"]}
                choices.append({"if": condition, "then": {"$ref": target}})
        if choices:
            schema["allOf"] = choices
        schema["x-lexicon"] = {"refs": tags, "closed": kind.closed}
        return schema


def _values(schema: Schema, kind: m.String | m.Integer | m.Boolean) -> Schema:
    enum = None if isinstance(kind, m.Boolean) else kind.enum
    if enum is not None:
        schema["enum"] = list(dict.fromkeys(enum))
    if kind.const is not None:
        schema["const"] = kind.const
    if kind.default is not None:
        schema["default"] = kind.default
    return schema
