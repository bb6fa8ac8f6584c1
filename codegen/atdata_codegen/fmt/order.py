"""The usual order of keys: what a thing is, what it is for, what it may be, what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from atdata_codegen.sources import kind_of

__all__ = ["in_order"]

_LEXICON: Final = (
    "$type", "type", "lexicon", "id", "revision", "name", "title", "title:lang", "detail", "detail:lang",
    "description", "$lint", "key", "encoding", "format", "ref", "refs", "closed", "accept", "maxSize", "minLength",
    "maxLength", "minGraphemes", "maxGraphemes", "minimum", "maximum", "knownValues", "enum", "const", "default",
    "required", "nullable", "parameters", "input", "output", "message", "schema", "errors", "record", "properties",
    "items", "resource", "collection", "action", "lxm", "aud", "inheritAud", "permissions", "defs",
)  # fmt: skip
_SAMPLE: Final = (
    "$type", "name", "version", "primitive", "dtype", "shape", "ref", "items", "minLength", "maxLength", "minItems",
    "maxItems", "fieldType", "optional", "description", "$lint", "default", "unit", "labels", "enum", "minimum",
    "maximum", "mediaType", "fields", "metadata", "createdAt",
)  # fmt: skip
_LENS: Final = (
    "$type", "name", "sourceSchema", "targetSchema", "description", "$lint", "mapping", "rules", "target", "source",
    "cast", "default", "repository", "commit", "path", "getterCode", "putterCode", "metadata", "createdAt",
)  # fmt: skip

#: Objects whose keys are the author's own: they keep their order, and what `metadata` holds is data altogether.
_MAPS: Final = frozenset({"properties", "defs", "$lint"})
_DATA: Final = frozenset({"metadata"})
_RANKS: Final = {
    kind: {key: rank for rank, key in enumerate(keys)}
    for kind, keys in (("lexicon", _LEXICON), ("sample", _SAMPLE), ("lens", _LENS))
}


def in_order(document: Any) -> Any:
    """The same document with its keys in the usual order; those nobody knows come last, as they stood.

    Properties, definitions (but for ``main``, which comes first) and every list stay in the author's order.
    """
    ranks = _RANKS.get(kind_of(document))
    return document if ranks is None else _node(document, ranks)


def _node(value: Any, ranks: Mapping[str, int]) -> Any:
    if isinstance(value, list):
        return [_node(item, ranks) for item in value]
    if not isinstance(value, dict):
        return value
    ordered = sorted(value, key=lambda key: ranks.get(key, len(ranks)))
    return {key: _inside(key, value[key], ranks) for key in ordered}


def _inside(key: str, value: Any, ranks: Mapping[str, int]) -> Any:
    if key in _DATA:
        return value
    if key not in _MAPS or not isinstance(value, dict):
        return _node(value, ranks)
    names = sorted(value, key=lambda name: name != "main") if key == "defs" else value
    return {name: _node(value[name], ranks) for name in names}
