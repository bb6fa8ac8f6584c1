"""The one schema that all classes of a style are made of: the JSON Schema export, with our names and our checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atdata_codegen.jsonschema.convert import Converter, Schema
from atdata_codegen.lexicon import model as m
from atdata_codegen.names import Namer, pascal
from atdata_codegen.styles.generator import CHECKS
from atdata_codegen.styles.names import RESERVED, class_names, field_names
from atdata_codegen.styles.tokens import Tokens
from atdata_codegen.styles.uses import uses_of

__all__ = ["StyleSchema"]

#: Longest closed list that is spelled out; a longer one is a string, checked by ``validate``.
_MOST_LITERALS = 200
_LIMITS = ("minimum", "maximum", "minItems", "maxItems")
_ANY_OBJECT: Schema = {"type": "object", "additionalProperties": True}
_SPECIAL: dict[str, Schema] = {
    "Bytes": {"type": "object", "properties": {"$bytes": {"type": "string"}}, "required": ["$bytes"]},
    "CidLink": {"type": "object", "properties": {"$link": {"type": "string"}}, "required": ["$link"]},
    "Blob": {
        "type": "object",
        "properties": {
            "$type": {"type": "string", "const": "blob"},
            "ref": {"$ref": "#/$defs/CidLink"},
            "mimeType": {"type": "string"},
            "size": {"type": "integer"},
        },
        "required": ["$type", "ref", "mimeType", "size"],
    },
}
_SPECIAL_FIELDS = {
    "Bytes.$bytes": "base64", "CidLink.$link": "link", "Blob.$type": "field_type", "Blob.mimeType": "mime_type",
}  # fmt: skip


class StyleSchema(Converter):
    """Builds the schema of all ``documents``; ``tokens``, ``fields`` and ``checks`` hold what the text needs besides.

    ``fields`` maps ``Class.property`` to the field's name in Python, where it is another one. ``checks`` maps the
    name of a type to its definition: the JSON of a Lexicon type, or the names that an unknown member of an open
    union must not have.
    """

    def __init__(self, documents: Mapping[str, m.Document], style: str) -> None:
        super().__init__(lambda ref: None)
        self.documents = documents
        self.pydantic = style == "pydantic"
        self.unions = style != "msgspec"  # msgspec tells no two classes of a union apart
        self.names = class_names(documents)
        self.namer = Namer({*RESERVED, *self.names.values()})
        self.tokens = Tokens()
        self.defs: dict[str, Schema] = {}
        self.fields: dict[str, str] = {}
        self.checks: dict[str, str | tuple[str, ...]] = {}
        self._checks: dict[str | tuple[str, ...], str] = {}
        self._uses = uses_of(documents)
        self._owner = ""
        self._expanding: list[tuple[str, str]] = []

    def build(self) -> Schema:
        """The schema, one entry of ``$defs`` a class."""
        for nsid in sorted(self.documents):
            for name, definition in self.documents[nsid].defs.items():
                self._definition(nsid, name, definition)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": dict(sorted(self.defs.items()))}

    def _definition(self, nsid: str, name: str, definition: m.Definition) -> None:
        cls = self.names.get((nsid, name), "")
        if isinstance(definition, m.Record):
            text = definition.description or definition.record.description
            self._class(cls, definition.record, text, {"type": "string", "const": nsid, "default": nsid})
        elif isinstance(definition, m.Object):
            key = (nsid, name)
            if key not in self._uses.members:
                self._class(cls, definition, definition.description)
                return
            tag = {"type": "string", "const": nsid if name == "main" else f"{nsid}#{name}"}
            if not self.unions:
                tag["default"] = tag["const"]
            # Told apart by it where it is only met in unions; elsewhere it need not be there.
            required = self.unions and key not in self._uses.plain
            self._class(cls, definition, definition.description, tag, required)
        elif isinstance(definition, m.Endpoint):
            parts: list[tuple[str, object, str]] = [("parameters", definition.parameters, "")]
            for part, body in (("input", definition.input), ("output", definition.output)):
                if body is not None:
                    parts.append((part, body.schema, body.description))
            for part, kind, text in parts:
                cls = self.names.get((nsid, f"{name}.{part}"), "")
                if cls and isinstance(kind, (m.Object, m.Params)):
                    self._class(cls, kind, kind.description or text)

    def _class(
        self, cls: str, kind: m.Object | m.Params, text: str, tag: Schema | None = None, tag_required: bool = False
    ) -> None:
        owner, self._owner = self._owner, cls
        schema = super().object(kind)
        self._owner = owner
        if tag is not None:
            schema["properties"] = {"$type": tag, **schema["properties"]}
            if tag_required:
                schema["required"] = ["$type", *schema.get("required", ())]
        if text.strip():
            schema["description"] = self.tokens.add(text)
        self.defs[cls] = {"title": cls, **schema}
        names = field_names(schema["properties"])
        self.fields.update({f"{cls}.{wire}": name for wire, name in names.items() if wire != name})

    # Types -----------------------------------------------------------------------------------------------------

    def convert(self, kind: m.Type) -> Schema:
        return self._plain(kind)

    def property(self, owner: m.Object | m.Params, name: str, kind: m.Type) -> Schema:
        cls, self._owner = self._owner, self._owner + pascal(name).strip("_")
        schema = dict(self.convert(kind))
        self._owner = cls
        if self.pydantic and kind.description.strip():
            schema["description"] = self.tokens.add(kind.description)
        default = getattr(kind, "default", None)
        if default is not None and name not in owner.required:
            schema["default"] = self.tokens.add(default) if isinstance(default, str) else default
        return schema

    def object(self, kind: m.Object | m.Params) -> Schema:
        """An object inside another one gets a class of its own, called after its owner and the property."""
        cls = self.namer.take(self._owner)
        self._class(cls, kind, kind.description)
        return _to(cls)

    def array(self, kind: m.Array) -> Schema:
        """Limits of what lies inside a list would become classes of the library's own making, so they are ours."""
        items = self.convert(kind.items)
        limits = {key: items.pop(key) for key in _LIMITS if key in items}
        if limits and isinstance(kind.items, m.Integer):
            items = self._checked("integer", limits) or items
        schema: Schema = {"type": "array", "items": items}
        if kind.min_length is not None:
            schema["minItems"] = kind.min_length
        if kind.max_length is not None:
            schema["maxItems"] = kind.max_length
        return schema

    def string(self, kind: m.String) -> Schema:
        if kind.const is not None:
            return {"type": "string", "const": self.tokens.add(kind.const)}
        if kind.enum and len(kind.enum) <= _MOST_LITERALS:
            return {"type": "string", "enum": [self.tokens.add(value) for value in dict.fromkeys(kind.enum)]}
        words = {
            "format": kind.format, "minLength": kind.min_length, "maxLength": kind.max_length,
            "minGraphemes": kind.min_graphemes, "maxGraphemes": kind.max_graphemes,
            "enum": list(kind.enum) if kind.enum else None,
        }  # fmt: skip
        return self._checked("string", words) or {"type": "string"}

    def integer(self, kind: m.Integer) -> Schema:
        if kind.const is not None:
            return {"type": "integer", "enum": [kind.const]}
        if kind.enum and len(kind.enum) <= _MOST_LITERALS:
            return {"type": "integer", "enum": list(dict.fromkeys(kind.enum))}
        schema: Schema = {"type": "integer"}
        if kind.minimum is not None:
            schema["minimum"] = kind.minimum
        if kind.maximum is not None:
            schema["maximum"] = kind.maximum
        return schema

    def bytes(self, kind: m.Bytes) -> Schema:
        words = {"minLength": kind.min_length, "maxLength": kind.max_length}
        return self._checked("bytes", words, always=True) or self._special("Bytes")

    def blob(self, kind: m.Blob) -> Schema:
        words = {"accept": list(kind.accept) if kind.accept else None, "maxSize": kind.max_size}
        return self._checked("blob", words, always=True) or self._special("Blob")

    def use(self, name: str) -> Schema:
        if name == "lexicon.cid-link":
            return self._checked("cid-link", {}, always=True) or self._special("CidLink")
        return self._checked("unknown", {}, always=True) or dict(_ANY_OBJECT)

    def ref(self, kind: m.Ref) -> Schema:
        """Classes by name; other definitions as what they stand for; what leads nowhere as any value."""
        key = (kind.nsid, kind.name)
        home = self.documents.get(kind.nsid)
        definition = home.defs.get(kind.name) if home else None
        if key in self.names:
            return _to(self.names[key])
        if isinstance(definition, m.Token):
            return {"type": "string", "const": kind.nsid if kind.name == "main" else f"{kind.nsid}#{kind.name}"}
        if definition is None or isinstance(definition, (m.Record, m.Endpoint, m.PermissionSet, m.UnknownPrimary)):
            return {}
        if key in self._expanding:
            return {}  # a list of itself
        self._expanding.append(key)
        schema = self.convert(definition)
        self._expanding.pop()
        return schema

    def union(self, kind: m.Union) -> Schema:
        """Members that are classes; in an open union, any other object whose ``$type`` is none of theirs."""
        if not self.unions:
            return dict(_ANY_OBJECT)
        members: dict[str, str] = {}
        for ref in kind.refs:
            cls = self.names.get((ref.nsid, ref.name))
            if cls is not None:
                members[cls] = ref.nsid if ref.name == "main" else f"{ref.nsid}#{ref.name}"
        choices = [_to(cls) for cls in members]
        if not kind.closed or len(members) < len(set((ref.nsid, ref.name) for ref in kind.refs)):
            names = tuple(sorted(members.values()))
            choices.append(self._custom(names, "Other", "object") if self.pydantic else dict(_ANY_OBJECT))
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def nullable(self, schema: Schema) -> Schema:
        return super().nullable(schema) if schema.keys() - {"description", "default"} else schema

    # Types with checks of ours -----------------------------------------------------------------------------------

    def _checked(self, kind: str, words: Mapping[str, Any], always: bool = False) -> Schema | None:
        given = {key: value for key, value in words.items() if value is not None}
        if not self.pydantic or not (given or always):
            return None
        wish = pascal(given["format"] if set(given) == {"format"} else kind if kind != "string" else _wish(given))
        definition = json.dumps({"type": kind, **given}, separators=(",", ":"))
        return self._custom(definition, wish if wish not in RESERVED else f"Any{wish}", "string")

    def _custom(self, definition: str | tuple[str, ...], wish: str, kind: str) -> Schema:
        name = self._checks.get(definition)
        if name is None:
            name = self._checks[definition] = self.namer.take(wish)
            self.checks[name] = definition
        return {"type": kind, "customTypePath": f"{CHECKS}.{name}"}

    def _special(self, name: str) -> Schema:
        self.defs[name] = {"title": name, **_SPECIAL[name]}
        self.fields.update(_SPECIAL_FIELDS)
        if name == "Blob":
            self._special("CidLink")
        return _to(name)


def _to(cls: str) -> Schema:
    return {"$ref": f"#/$defs/{cls}"}


def _wish(words: Mapping[str, Any]) -> str:
    """``Text300Graphemes`` for the most telling of the limits."""
    if "maxGraphemes" in words:
        return f"text-{words['maxGraphemes']}-graphemes"
    if "maxLength" in words:
        return f"text-{words['maxLength']}-bytes"
    return str(words.get("format", "text"))
