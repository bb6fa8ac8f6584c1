"""Which keys mean something in a definition of each Lexicon type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["KEYS"]

_PLAIN: Final = frozenset({"type", "description"})
_SIZES: Final = _PLAIN | {"minLength", "maxLength"}
_CALL: Final = _PLAIN | {"parameters", "errors"}

KEYS: Final[Mapping[str, frozenset[str]]] = {
    "boolean": _PLAIN | {"default", "const"},
    "integer": _PLAIN | {"minimum", "maximum", "enum", "default", "const"},
    "string": _SIZES | {"format", "minGraphemes", "maxGraphemes", "knownValues", "enum", "default", "const"},
    "bytes": _SIZES,
    "cid-link": _PLAIN,
    "blob": _PLAIN | {"accept", "maxSize"},
    "array": _SIZES | {"items"},
    "object": _PLAIN | {"properties", "required", "nullable"},
    "params": _PLAIN | {"properties", "required"},
    "token": _PLAIN,
    "ref": _PLAIN | {"ref"},
    "union": _PLAIN | {"refs", "closed"},
    "unknown": _PLAIN,
    "record": _PLAIN | {"key", "record"},
    "query": _CALL | {"output"},
    "procedure": _CALL | {"input", "output"},
    "subscription": _CALL | {"message"},
    "permission-set": _PLAIN | {"title", "title:lang", "detail", "detail:lang", "permissions"},
}
