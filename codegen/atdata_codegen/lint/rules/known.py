"""Which keys mean something where, and what people write instead."""

from __future__ import annotations

from typing import Final

from atdata_codegen.lexicon.fields import LINT_KEY

__all__ = ["ELSEWHERE", "KEYS", "PERMISSION_KEYS", "TELLING", "TOP"]

_PLAIN = frozenset({"type", "description", LINT_KEY})

#: Lexicon type -> the keys that mean something for it.
KEYS: Final[dict[str, frozenset[str]]] = {
    "record": _PLAIN | {"key", "record"},
    "query": _PLAIN | {"parameters", "output", "errors"},
    "procedure": _PLAIN | {"parameters", "input", "output", "errors"},
    "subscription": _PLAIN | {"parameters", "message", "errors"},
    "permission-set": _PLAIN | {"title", "title:lang", "detail", "detail:lang", "permissions"},
    "params": _PLAIN | {"required", "properties"},
    "boolean": _PLAIN | {"default", "const"},
    "integer": _PLAIN | {"minimum", "maximum", "enum", "default", "const"},
    "string": _PLAIN
    | {"format", "minLength", "maxLength", "minGraphemes", "maxGraphemes", "knownValues", "enum", "default", "const"},
    "bytes": _PLAIN | {"minLength", "maxLength"},
    "cid-link": _PLAIN,
    "blob": _PLAIN | {"accept", "maxSize"},
    "array": _PLAIN | {"items", "minLength", "maxLength"},
    "object": _PLAIN | {"properties", "required", "nullable"},
    "token": _PLAIN,
    "ref": _PLAIN | {"ref"},
    "union": _PLAIN | {"refs", "closed"},
    "unknown": _PLAIN,
}
TOP: Final = frozenset({"lexicon", "id", "description", "defs", "$type", LINT_KEY})
PERMISSION_KEYS: Final = frozenset(
    {"type", "resource", "collection", "action", "lxm", "aud", "inheritAud", "accept", "attr", LINT_KEY}
)

#: Keys of JSON Schema and of older Lexicons that look like constraints and do nothing -> what to do instead.
ELSEWHERE: Final[dict[str, str]] = {
    "pattern": "describe the form in the description, or use a format",
    "minItems": "use minLength",
    "maxItems": "use maxLength",
    "minProperties": "an object has the properties that are listed",
    "maxProperties": "an object has the properties that are listed",
    "additionalProperties": "unknown properties are always allowed",
    "patternProperties": "list the properties",
    "uniqueItems": "say it in the description",
    "exclusiveMinimum": "use minimum",
    "exclusiveMaximum": "use maximum",
    "multipleOf": "say it in the description",
    "examples": "show an example in the description",
    "example": "show an example in the description",
    "title": "use the description",
    "deprecated": "say it in the description",
    "optional": "a property is optional unless it is in required",
    "readOnly": "say it in the description",
    "revision": "a Lexicon has no revisions; its history is in the repository",
    "$schema": "settings of your editor can name the schema instead",
    "minSize": "a blob has no least size",
    "anyOf": "use a union",
    "oneOf": "use a union",
    "allOf": "list the properties",
}

#: Those of them that say something to people or editors: nobody but their author can do without.
TELLING: Final = frozenset({"examples", "example", "title", "deprecated", "$schema", "anyOf", "oneOf", "allOf"})
