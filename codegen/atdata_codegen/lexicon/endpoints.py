"""Queries, procedures, subscriptions and permission sets, from JSON to the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.fields import Path, Problems, Reader
from atdata_codegen.lexicon.keys import KEYS
from atdata_codegen.lexicon.types import parse_params, parse_type

__all__ = ["endpoint", "permission_set"]

_BODY = frozenset({"encoding", "schema", "description"})
_ERROR = frozenset({"name", "description"})


def endpoint(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Endpoint:
    """A query, procedure or subscription."""
    r = Reader(node, path, problems)
    kind = r.text("type") or "query"
    found = m.Endpoint(kind, r.text("description") or "")
    params = r.mapping("parameters")
    if params is not None:
        found.parameters = parse_params(params, (*path, "parameters"), nsid, problems)
    if kind == "subscription":
        found.message = _body(r, "message", nsid)
        if found.message is not None and not isinstance(found.message.schema, m.Union):
            r.error("message", "has no union as its schema", "list the messages in a union")
    else:
        found.output = _body(r, "output", nsid)
        if kind == "procedure":
            found.input = _body(r, "input", nsid)
    found.errors = _errors(r)
    r.finish(KEYS[kind])
    return found


def _body(r: Reader, key: str, nsid: str) -> m.Body | None:
    node = r.mapping(key)
    if node is None:
        return None
    path: Path = (*r.path, key)
    body = Reader(node, path, r.problems)
    message = key == "message"
    encoding = "" if message else body.text("encoding", required=True)
    found = m.Body(encoding or "", None, body.text("description") or "")
    schema = body.mapping("schema", required=message)
    body.finish(_BODY)
    if schema is not None:
        parsed = parse_type(schema, (*path, "schema"), nsid, r.problems)
        if isinstance(parsed, (m.Object, m.Ref, m.Union)):
            found.schema = parsed
        elif parsed is not None:
            r.problems.error((*path, "schema", "type"), "must be object, ref or union")
    return found


def _errors(r: Reader) -> tuple[m.ErrorName, ...]:
    found: list[m.ErrorName] = []
    for i, node in enumerate(r.items("errors") or []):
        path: Path = (*r.path, "errors", i)
        if not isinstance(node, dict):
            r.problems.error(path, "must be an object with a name")
            continue
        one = Reader(node, path, r.problems)
        name = one.text("name", required=True)
        text = one.text("description") or ""
        one.finish(_ERROR)
        if name is not None and not 0 < len(name) <= 255:
            one.error("name", "must have 1 to 255 characters")
        elif name is not None:
            found.append(m.ErrorName(name, text))
    return tuple(found)


def permission_set(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.PermissionSet:
    """A permission set; permissions of unknown kinds are kept, as the specification asks to ignore them whole."""
    r = Reader(node, path, problems)
    title = r.text("title") or ""
    detail = r.text("detail") or r.text("description") or ""
    items = r.items("permissions", required=True) or []
    for i, item in enumerate(items):
        if not isinstance(item, dict) or item.get("type") != "permission" or not isinstance(item.get("resource"), str):
            problems.error((*path, "permissions", i), "must be a permission with a resource")
    r.skip("title:lang", "detail:lang")
    r.finish(KEYS["permission-set"])
    return m.PermissionSet(title, detail, tuple(item for item in items if isinstance(item, dict)))
