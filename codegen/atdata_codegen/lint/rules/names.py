"""Rules about names and descriptions of definitions, fields and documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from atdata_codegen.lint.documents import Doc, Site
from atdata_codegen.lint.rule import Hit, document_rule, site_rule
from atdata_codegen.problems import clean
from atdata_lexicon.syntax import is_nsid

_DEF = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,254}")
_FIELD = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,254}")
_PRIMARY = frozenset({"record", "query", "procedure", "subscription", "permission-set"})
_THING = {"type": "token", "description": "A thing."}


@site_rule(
    "def-name-syntax", "warning", "*",
    "Names of definitions are letters and digits, and begin with a letter; other tools may refuse anything else.",
    "document", {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING, "my-part": _THING}},
    {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING, "myPart": _THING}},
)  # fmt: skip
def _def_name_syntax(site: Site) -> Iterator[Hit]:
    if site.role == "def" and not _DEF.fullmatch(site.name):
        yield Hit(site.path, f"{clean(site.name, 60)!r} is no portable name", "use letters and digits, such as myPart")


@site_rule(
    "field-name-syntax", "warning", "*",
    "Names of fields are letters and digits, and begin with a letter.",
    "object", {"type": "object", "properties": {"created_at": {"type": "string", "format": "datetime"}}},
    {"type": "object", "properties": {"createdAt": {"type": "string", "format": "datetime"}}},
)  # fmt: skip
def _field_name_syntax(site: Site) -> Iterator[Hit]:
    if site.role in ("property", "param") and not _FIELD.fullmatch(site.name):
        yield Hit(site.path, f"{clean(site.name, 60)!r} is no usual name of a field", "use camelCase")


@site_rule(
    "field-name-case", "info", "*",
    "Names of fields begin with a small letter.",
    "object", {"type": "object", "properties": {"Name": {"type": "boolean"}}},
    {"type": "object", "properties": {"name": {"type": "boolean"}}},
)  # fmt: skip
def _field_name_case(site: Site) -> Iterator[Hit]:
    if site.role in ("property", "param") and site.name[:1].isupper() and _FIELD.fullmatch(site.name):
        yield Hit(site.path, f"{clean(site.name, 60)!r} begins with a capital", "use camelCase")


@site_rule(
    "reserved-field-name", "error", "*",
    "Names that begin with `$` belong to the protocol.",
    "object", {"type": "object", "properties": {"$version": {"type": "integer"}}},
    {"type": "object", "properties": {"version": {"type": "integer"}}},
)  # fmt: skip
def _reserved_field_name(site: Site) -> Iterator[Hit]:
    if site.role in ("property", "param") and site.name.startswith("$"):
        yield Hit(site.path, f"{clean(site.name, 60)!r} begins with $, which is the protocol's", "rename it")


@site_rule(
    "missing-primary-description", "warning", "record query procedure subscription",
    "A record or endpoint without a description leaves its readers to guess.",
    "main", {"type": "record", "key": "tid", "record": {"type": "object", "properties": {}}},
    {"type": "record", "key": "tid", "description": "A note.", "record": {"type": "object", "properties": {}}},
)  # fmt: skip
def _missing_primary_description(site: Site) -> Iterator[Hit]:
    if site.role == "def" and not _described(site.node) and not _described(site.doc.value):
        yield Hit(site.path, f"the {site.kind} has no description", "say what it is in one sentence")


def _described(node: dict[str, object]) -> bool:
    text = node.get("description")
    return isinstance(text, str) and bool(text.strip())


@site_rule(
    "undescribed-token", "warning", "token",
    "A token is nothing but a name and its description.",
    "definition", {"type": "token"}, {"type": "token", "description": "The colour of blood."},
)  # fmt: skip
def _undescribed_token(site: Site) -> Iterator[Hit]:
    if not _described(site.node):
        yield Hit(site.path, f"the token {clean(site.name, 60)!r} has no description", "say what it means")


@site_rule(
    "missing-field-description", "info", "*",
    "A field without a description.",
    "object", {"type": "object", "properties": {"n": {"type": "integer"}}},
    {"type": "object", "properties": {"n": {"type": "integer", "description": "How many."}}}, usual=False,
)  # fmt: skip
def _missing_field_description(site: Site) -> Iterator[Hit]:
    if site.role in ("property", "param") and not _described(site.node):
        yield Hit(site.path, f"{clean(site.name, 60)!r} has no description", "say what it holds")


@site_rule(
    "non-main-primary", "error", "record query procedure subscription permission-set",
    "A record, an endpoint or a permission set is the `main` definition of its document.",
    "definition", {"type": "record", "key": "tid", "description": "A.",
                   "record": {"type": "object", "properties": {}}},
    {"type": "object", "properties": {}},
)  # fmt: skip
def _non_main_primary(site: Site) -> Iterator[Hit]:
    if site.role == "def" and site.name != "main":
        yield Hit(site.path, f"is a {site.kind}, which only main can be", "give it a document of its own")


@document_rule(
    "defs-main-definition", "warning", "lexicon",
    "A document whose NSID ends in `defs` is a collection of parts, and has no `main`.",
    "document", {"lexicon": 1, "id": "com.example.defs", "defs": {"main": _THING}},
    {"lexicon": 1, "id": "com.example.defs", "defs": {"thing": _THING}},
)  # fmt: skip
def _defs_main_definition(doc: Doc) -> Iterator[Hit]:
    if doc.nsid.endswith(".defs") and "main" in doc.defs:
        yield Hit(("defs", "main"), "stands in a document that ends in defs", "give it another name")


@document_rule(
    "invalid-nsid", "error", "lexicon",
    "The `id` is an NSID: a domain turned round, and a name.",
    "document", {"lexicon": 1, "id": "example", "defs": {"main": _THING}},
    {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING}},
)  # fmt: skip
def _invalid_nsid(doc: Doc) -> Iterator[Hit]:
    if "id" in doc.value and not is_nsid(doc.value["id"]):
        yield Hit(("id",), f"{clean(doc.value['id'], 80)} is no NSID", "use a form like com.example.thing")


@document_rule(
    "nsid-style", "info", "lexicon",
    "The domain of an NSID is written small, and its name in camelCase.",
    "document", {"lexicon": 1, "id": "com.Example.thing", "defs": {"main": _THING}},
    {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING}},
)  # fmt: skip
def _nsid_style(doc: Doc) -> Iterator[Hit]:
    authority, _, name = doc.nsid.rpartition(".")
    if is_nsid(doc.nsid) and ((authority != authority.lower() and name) or name[:1].isupper()):
        yield Hit(("id",), f"{clean(doc.nsid, 120)} has capitals in an unusual place", "such as com.example.someThing")


@document_rule(
    "unused-definition", "info", "lexicon",
    "A definition that nothing in the folder refers to.",
    "document", {"lexicon": 1, "id": "com.example.thing",
                 "defs": {"main": _THING, "part": {"type": "object", "properties": {}}}},
    {"lexicon": 1, "id": "com.example.defs", "defs": {"part": {"type": "object", "properties": {}}}},
)  # fmt: skip
def _unused_definition(doc: Doc) -> Iterator[Hit]:
    if doc.nsid.endswith(".defs") or "main" not in doc.defs:
        return
    used = _used(doc)
    for name in doc.defs:
        if name != "main" and doc.definition(name).get("type") not in ("token", *_PRIMARY) and name not in used:
            yield Hit(("defs", name), f"nothing refers to #{clean(name, 60)}", "remove it, unless others use it")


def _used(doc: Doc) -> set[str]:
    """The definitions of ``doc`` that any document of the folder refers to."""
    return doc.folder.uses.get(doc.nsid, set())
