"""Rules about queries, procedures, subscriptions and permission sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from atdata_codegen.lint.documents import Site
from atdata_codegen.lint.rule import Hit, site_rule
from atdata_codegen.lint.rules.known import PERMISSION_KEYS
from atdata_codegen.problems import clean

_MIME = re.compile(r"(?:\*|[A-Za-z0-9!#$&^_.+-]{1,127})/(?:\*|[A-Za-z0-9!#$&^_.+-]{1,127})")
_JSON = {"type": "object", "properties": {}}


def _bodies(site: Site) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in ("input", "output"):
        body = site.node.get(key)
        if isinstance(body, dict):
            yield key, body


@site_rule(
    "endpoint-output-undefined", "warning", "query procedure",
    "A query without an output, or an endpoint whose JSON output has no schema, says nothing about its answer.",
    "main", {"type": "query", "description": "Asks.", "output": {"encoding": "application/json"}},
    {"type": "query", "description": "Asks.", "output": {"encoding": "application/json", "schema": _JSON}},
)  # fmt: skip
def _output_undefined(site: Site) -> Iterator[Hit]:
    output = site.node.get("output")
    if "output" not in site.node:
        if site.kind == "query":
            yield Hit(site.path, "has no output", "say what it answers")
    elif isinstance(output, dict) and output.get("encoding") == "application/json" and "schema" not in output:
        yield Hit(site.at("output"), "is JSON without a schema", "add the schema")


@site_rule(
    "subscription-no-messages", "warning", "subscription",
    "A subscription without messages never says anything.",
    "main", {"type": "subscription", "description": "Tells.", "message": {"schema": {"type": "union", "refs": []}}},
    {"type": "subscription", "description": "Tells.", "message": {"schema": {"type": "union", "refs": ["#thing"]}}},
)  # fmt: skip
def _no_messages(site: Site) -> Iterator[Hit]:
    message = site.node.get("message")
    schema = message.get("schema") if isinstance(message, dict) else None
    if not isinstance(schema, dict) or (schema.get("type") == "union" and not schema.get("refs")):
        yield Hit(site.path, "has no messages", "list them in a union")


@site_rule(
    "permissionset-no-title", "warning", "permission-set",
    "People are asked to grant a permission set by its title.",
    "main", {"type": "permission-set", "permissions": [{"type": "permission", "resource": "repo"}]},
    {"type": "permission-set", "title": "Basics", "detail": "All of it.",
     "permissions": [{"type": "permission", "resource": "repo"}]},
)  # fmt: skip
def _no_title(site: Site) -> Iterator[Hit]:
    if not site.node.get("title"):
        yield Hit(site.path, "has no title", "add one that says to people what they grant")


@site_rule(
    "permissionset-no-permissions", "warning", "permission-set",
    "A permission set without permissions grants nothing.",
    "main", {"type": "permission-set", "title": "Basics", "permissions": []},
    {"type": "permission-set", "title": "Basics", "permissions": [{"type": "permission", "resource": "repo"}]},
)  # fmt: skip
def _no_permissions(site: Site) -> Iterator[Hit]:
    if not site.items("permissions"):
        yield Hit(site.path, "grants nothing", "list the permissions")


@site_rule(
    "permission-key", "warning", "permission-set",
    "A permission with a key that its reader does not know is ignored as a whole.",
    "main", {"type": "permission-set", "title": "B", "permissions": [
        {"type": "permission", "resource": "repo", "colection": ["com.example.thing"]}]},
    {"type": "permission-set", "title": "B", "permissions": [
        {"type": "permission", "resource": "repo", "collection": ["com.example.thing"]}]},
)  # fmt: skip
def _permission_key(site: Site) -> Iterator[Hit]:
    for i, one in enumerate(site.items("permissions")):
        for key in one if isinstance(one, dict) else ():
            if key not in PERMISSION_KEYS:
                near = get_close_matches(key[:40], PERMISSION_KEYS, 1)
                hint = f"did you mean {near[0]}?" if near else "remove it"
                yield Hit(site.at("permissions", i, key), f"{clean(key, 40)!r} makes readers ignore this", hint)


@site_rule(
    "unspecified-encoding", "warning", "query procedure",
    "`*/*` or an empty encoding says nothing about the body.",
    "main", {"type": "procedure", "description": "Does.", "input": {"encoding": "*/*"}},
    {"type": "procedure", "description": "Does.", "input": {"encoding": "image/png"}},
)  # fmt: skip
def _unspecified_encoding(site: Site) -> Iterator[Hit]:
    for key, body in _bodies(site):
        if body.get("encoding") in ("", "*/*"):
            yield Hit(site.at(key, "encoding"), "allows anything", "name the MIME type")


@site_rule(
    "encoding-syntax", "warning", "query procedure",
    "An encoding is one MIME type without parameters.",
    "main", {"type": "procedure", "description": "Does.", "input": {"encoding": "text/plain; charset=utf-8"}},
    {"type": "procedure", "description": "Does.", "input": {"encoding": "text/plain"}},
)  # fmt: skip
def _encoding_syntax(site: Site) -> Iterator[Hit]:
    for key, body in _bodies(site):
        text = body.get("encoding")
        if isinstance(text, str) and text and not _MIME.fullmatch(text):
            bare = text.partition(";")[0].strip()
            hint = f"write {bare}" if _MIME.fullmatch(bare) else "write one such as application/json"
            yield Hit(site.at(key, "encoding"), f"{clean(text, 60)!r} is no plain MIME type", hint)


@site_rule(
    "schema-without-json", "warning", "query procedure",
    "A schema describes JSON; beside another encoding nobody checks it.",
    "main", {"type": "procedure", "description": "Does.", "input": {"encoding": "text/csv", "schema": _JSON}},
    {"type": "procedure", "description": "Does.", "input": {"encoding": "application/json", "schema": _JSON}},
)  # fmt: skip
def _schema_without_json(site: Site) -> Iterator[Hit]:
    for key, body in _bodies(site):
        text = body.get("encoding")
        if "schema" in body and isinstance(text, str) and text and "json" not in text:
            yield Hit(site.at(key, "schema"), f"describes {clean(text, 60)}, which is not JSON", "drop one of the two")


@site_rule(
    "body-field", "warning", "query procedure subscription",
    "A key of a body that means nothing.",
    "main", {"type": "procedure", "description": "Does.", "input": {"encoding": "text/csv", "shema": {}}},
    {"type": "procedure", "description": "Does.", "input": {"encoding": "text/csv"}},
)  # fmt: skip
def _body_field(site: Site) -> Iterator[Hit]:
    known = ("encoding", "schema", "description")
    for key in ("input", "output", "message"):
        body = site.node.get(key)
        for part in body if isinstance(body, dict) else ():
            if part not in known:
                near = get_close_matches(part[:40], known, 1)
                hint = f"did you mean {near[0]}?" if near else "remove it"
                yield Hit(site.at(key, part), f"{clean(part, 40)!r} means nothing here", hint)


@site_rule(
    "error-name", "warning", "query procedure subscription",
    "Names of errors are written in PascalCase, each once.",
    "main", {"type": "procedure", "description": "Does.", "errors": [{"name": "not found"}]},
    {"type": "procedure", "description": "Does.", "errors": [{"name": "NotFound"}]},
)  # fmt: skip
def _error_name(site: Site) -> Iterator[Hit]:
    seen: set[str] = set()
    for i, one in enumerate(site.items("errors")):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            yield Hit(site.at("errors", i), f"{clean(name, 60)!r} stands twice", "keep one")
        elif not (name.isascii() and name.isalnum() and name[:1].isupper()):
            yield Hit(site.at("errors", i, "name"), f"{clean(name, 60)!r} is not PascalCase", "such as NotFound")
        seen.add(name)
