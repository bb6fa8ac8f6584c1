"""Which keys mean something where, and what people write instead."""

from __future__ import annotations

from typing import Final

from atdata_codegen.lexicon import keys as lexicon
from atdata_codegen.lexicon.fields import LINT_KEY

__all__ = ["ELSEWHERE", "KEYS", "PERMISSION_KEYS", "TELLING", "TOP"]

#: Lexicon type -> the keys that mean something for it, to any tool or to us.
KEYS: Final[dict[str, frozenset[str]]] = {kind: keys | {LINT_KEY} for kind, keys in lexicon.KEYS.items()}
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
