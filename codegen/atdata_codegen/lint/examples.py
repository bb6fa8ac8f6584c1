"""The example of each rule as a whole set of documents: what its test lints, and the reference page shows."""

from __future__ import annotations

import json
from typing import Any

from atdata_codegen.lenses.model import LENS_TYPE
from atdata_codegen.lint.rule import Rule
from atdata_codegen.samples.model import SCHEMA_TYPE, TYPE_PREFIX
from atdata_codegen.sources import Source

__all__ = ["example_sources"]

_INT = {"$type": f"{TYPE_PREFIX}primitive", "primitive": "int"}
_FIELDS = [{"name": "n", "fieldType": _INT, "description": "How many."}]


def _schema(name: str, fields: list[Any]) -> dict[str, Any]:
    return {
        "$type": SCHEMA_TYPE, "name": name, "version": "1.0.0", "description": "A sample.", "fields": fields,
    }  # fmt: skip


def _record(record: Any, **defs: Any) -> dict[str, Any]:
    return {
        "lexicon": 1,
        "id": "com.example.lint",
        "defs": {
            "main": {"type": "record", "key": "tid", "description": "A record.", "record": record},
            "thing": {"type": "object", "properties": {"n": {"type": "integer", "description": "N."}}},
            "name": {"type": "string", "maxLength": 100},
            "red": {"type": "token", "description": "A colour."},
            **defs,
        },
    }


def example_sources(rule: Rule, wrong: bool) -> tuple[list[Source], list[Source]]:
    """The documents of an example, and those that it may refer to."""
    piece = rule.wrong if wrong else rule.right
    within, _, name = rule.within.partition(":")
    if within == "text":
        return [Source("com/example/thing.json", str(piece).encode())], []
    documents = piece if isinstance(piece, list) else [piece]
    made = [_whole(within, name or "value", document) for document in documents]
    others = [_schema("LintSample", _FIELDS), _schema("LintPart", _FIELDS)]
    thing = {"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "object", "properties": {}}}}
    known = [*others, *([thing] if within != "document" else [])]
    return [_source(d, i) for i, d in enumerate(made)], [_source(d, 100 + i) for i, d in enumerate(known)]


def _source(document: Any, number: int) -> Source:
    nsid = document.get("id")
    file = f"{nsid.replace('.', '/')}.json" if isinstance(nsid, str) else f"samples/{number}.json"
    return Source(f"{number}/{file}", json.dumps(document, indent=2).encode())


def _whole(within: str, name: str, piece: Any) -> Any:
    match within:
        case "field":
            return _record({"type": "object", "properties": {name: piece}})
        case "object":
            return _record(piece)
        case "definition":
            return _record({"type": "object", "properties": {}}, part=piece)
        case "main":
            document = _record({})
            document["defs"]["main"] = piece
            return document
        case "sample-field":
            return _schema("LintExample", [piece])
        case "sample":
            return {"$type": SCHEMA_TYPE, **piece}
        case "lens":
            return {"$type": LENS_TYPE, **piece}
        case _:
            return piece
