"""What validation needs of a definition, as compact JSON text that goes into the generated module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from atdata_codegen.literals import literal

__all__ = ["lexicon_literal"]

_NESTED = frozenset({"items", "record", "schema", "parameters", "input", "output", "message"})
_KEEP = frozenset(
    {
        "type", "key", "required", "nullable", "ref", "refs", "closed", "format", "minLength", "maxLength",
        "minGraphemes", "maxGraphemes", "minimum", "maximum", "enum", "const", "default", "accept", "maxSize",
        "encoding",
    }
)  # fmt: skip

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def _compact(node: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            if isinstance(value, dict):  # where it means nothing, a key may hold anything
                out[key] = {name: _compact(inner) for name, inner in value.items() if isinstance(inner, dict)}
        elif key in _NESTED:
            if isinstance(value, dict):
                out[key] = _compact(value)
        elif key in _KEEP:
            out[key] = value
    return out


def lexicon_literal(defs: Mapping[str, Any]) -> str:
    """A Python literal of the definitions' JSON, one line a definition, descriptions left out."""
    lines = [f"{_encode(name)}:{_encode(_compact(node))}" for name, node in defs.items()]
    if len(lines) == 1:
        return literal("{" + lines[0] + "}")
    parts = [("{" if i == 0 else "") + line + ("}" if i == len(lines) - 1 else ",") for i, line in enumerate(lines)]
    return "(\n" + "".join(f"    {literal(part)}\n" for part in parts) + ")"
