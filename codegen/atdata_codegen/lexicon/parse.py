"""A Lexicon document as JSON becomes the model, with every problem of it reported.

Lenient where real documents are: unknown primary types and extension keys are warnings. Strict where
the specification is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.endpoints import endpoint, permission_set
from atdata_codegen.lexicon.fields import Path, Problems, Reader
from atdata_codegen.lexicon.keys import KEYS
from atdata_codegen.lexicon.types import MAX_OBJECTS, is_def_name, is_type, parse_object, parse_type
from atdata_codegen.problems import Problem, clean
from atdata_lexicon.syntax import is_nsid

__all__ = ["parse_document"]

_TOP = frozenset({"lexicon", "id", "description", "defs", "revision", "$type"})
_NEVER_DEFINED = frozenset({"unknown", "ref", "union", "params", "permission"})


def parse_document(value: object) -> tuple[m.Document | None, list[Problem]]:
    """The model of one document and all its problems; no model where one of them is an error."""
    problems = Problems()
    document = _document(value, problems)
    return (None if problems.errors else document), problems.found


def _document(value: object, problems: Problems) -> m.Document | None:
    if not isinstance(value, dict):
        problems.error((), "must be an object", 'begin with {"lexicon": 1, "id": ..., "defs": {...}}')
        return None
    top = Reader(value, (), problems)
    if top.integer("lexicon") != 1:
        problems.error(("lexicon",), "must be 1, the only version of the language", '"lexicon": 1')
    nsid = top.text("id", required=True)
    if nsid is not None and not is_nsid(nsid):
        problems.error(("id",), f"is not an NSID: {clean(nsid, 80)}", "use a form like com.example.thing")
        nsid = None
    description = top.text("description") or ""
    top.skip("revision")
    if "$type" in value and top.text("$type") != "com.atproto.lexicon.schema":
        problems.error(("$type",), "must be com.atproto.lexicon.schema", "leave it out in a file")
    raw = top.mapping("defs", required=True)
    top.finish(_TOP)
    if raw is None or nsid is None:
        return None
    if not raw:
        problems.error(("defs",), "is empty", "define at least one name")
    if len(raw) > MAX_OBJECTS:
        problems.error(("defs",), f"holds {len(raw):,} definitions; the limit is {MAX_OBJECTS:,}", "split the document")
        return None
    defs: dict[str, m.Definition] = {}
    for name, node in raw.items():
        path: Path = ("defs", name)
        if not is_def_name(name):
            problems.error(path, "is no name of a definition", "use letters and digits, beginning with a letter")
            continue
        if not isinstance(node, dict):
            problems.error(path, "must be an object with a type")
            continue
        found = _definition(node, path, nsid, problems)
        if found is not None:
            defs[name] = found
    _check_own_refs(nsid, raw, problems)
    return m.Document(nsid, defs, description, raw, tuple(r for r in problems.refs if r[1] != nsid))


def _definition(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Definition | None:
    kind = node.get("type")
    if not isinstance(kind, str):
        problems.error((*path, "type"), "must be a string", "name one of the Lexicon types")
        return None
    primary = _PRIMARY.get(kind)
    if primary is not None:
        if path[-1] != "main":
            problems.error(path, f"is a {kind}, which only 'main' can be", "rename it to main, in its own document")
        return primary(node, path, nsid, problems)
    if kind in _NEVER_DEFINED:
        problems.error((*path, "type"), f"{kind} cannot be defined by name", "use it inside a definition")
        return None
    if path[-1] == "main" and is_def_name(kind) and not is_type(kind):
        problems.warning((*path, "type"), f"{kind!r} is no type known to this version; its data stay opaque")
        text = node.get("description")
        return m.UnknownPrimary(kind, text if isinstance(text, str) else "")
    return parse_type(node, path, nsid, problems)


def _record(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Record | None:
    reader = Reader(node, path, problems)
    reader.skip("type")
    key = reader.text("key", required=True)
    if key is not None and key not in ("tid", "nsid", "any") and not (key.startswith("literal:") and len(key) > 8):
        reader.error("key", f"is no kind of record key: {clean(key, 40)}", "use tid, nsid, any or literal:<value>")
    description = reader.text("description") or ""
    inner = reader.mapping("record", required=True)
    reader.finish(KEYS["record"])
    if inner is None:
        return None
    if inner.get("type") != "object":
        problems.error((*path, "record", "type"), "must be object")
        return None
    record = parse_object(inner, (*path, "record"), nsid, problems)
    return m.Record(key or "any", record, description) if record is not None else None


_PRIMARY: dict[str, Callable[[Mapping[str, Any], Path, str, Problems], m.Definition | None]] = {
    "record": _record,
    "query": endpoint,
    "procedure": endpoint,
    "subscription": endpoint,
    "permission-set": permission_set,
}


def _check_own_refs(nsid: str, raw: Mapping[str, Any], problems: Problems) -> None:
    """References into this very document must resolve: nobody else can mend them."""
    for path, target, name in problems.refs:
        if target == nsid and name not in raw:
            problems.error(path, f"refers to #{clean(name, 80)}, which this document does not define", "define it")
