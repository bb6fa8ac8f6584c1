"""Rules about what objects are made of: inline objects, required and nullable, keys that do nothing, odd types."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any

from atdata_codegen.lexicon.types import is_def_name
from atdata_codegen.lint.documents import Doc, Site
from atdata_codegen.lint.edit import Op
from atdata_codegen.lint.rule import Hit, document_rule, site_rule
from atdata_codegen.lint.rules.known import ELSEWHERE, KEYS, TELLING, TOP
from atdata_codegen.problems import clean

_INSTEAD = {
    "number": "records hold no floats: use integer, or a string",
    "float": "records hold no floats: use integer, or a string",
    "double": "records hold no floats: use integer, or a string",
    "int": "use integer",
    "bool": "use boolean",
    "str": "use string",
    "text": "use string",
    "list": "use array",
    "map": "use an array of objects with key and value, or unknown",
    "dict": "use an array of objects with key and value, or unknown",
    "null": "leave the property out of required, or name it in nullable",
    "any": "use unknown, or a union",
    "image": "use blob with accept",
    "datetime": 'use string with "format": "datetime"',
    "at-uri": 'use string with "format": "at-uri"',
    "did": 'use string with "format": "did"',
    "uri": 'use string with "format": "uri"',
    "enum": "use string with enum",
}
_TYPES = frozenset(KEYS) | {"permission"}


@site_rule(
    "inline-object", "warning", "object",
    "An object directly inside a property or a list is refused by TypeScript tools; as a definition of its own it is "
    "portable.",
    "field", {"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "ref", "ref": "#thing"}, fixes=True,
)  # fmt: skip
def _inline_object(site: Site) -> Iterator[Hit]:
    if site.role not in ("property", "param", "items"):
        return
    name = _free_name(site)
    ops = (Op("set", ("defs", name), dict(site.node)), Op("set", site.path, {"type": "ref", "ref": f"#{name}"}))
    yield Hit(site.path, "is an object inside another, which is not portable", f"make it a definition, #{name}", ops)


def _free_name(site: Site) -> str:
    """The name of the property, made longer until no definition has it."""
    wish = site.name if is_def_name(site.name) and site.name != "main" else "part"
    if site.role == "items" and not wish.endswith("Item"):
        wish = wish.removesuffix("s") if len(wish) > 3 and wish.endswith("s") and wish[-2] != "s" else f"{wish}Item"
    defs, name, number = site.doc.defs, wish, 2
    while name in defs:
        name, number = f"{wish}{number}", number + 1
    return name


@site_rule(
    "nullable-and-optional", "warning", "object",
    "A field that may be null and may be absent has two ways of saying nothing.",
    "object", {"type": "object", "nullable": ["a"], "properties": {"a": {"type": "boolean"}}},
    {"type": "object", "properties": {"a": {"type": "boolean"}}},
)  # fmt: skip
def _nullable_and_optional(site: Site) -> Iterator[Hit]:
    required = {name for name in site.items("required") if isinstance(name, str)}
    for i, name in enumerate(site.items("nullable")):
        if isinstance(name, str) and name in site.properties and name not in required:
            yield Hit(site.at("nullable", i), f"{clean(name, 60)!r} is optional too", "keep one of the two")


@site_rule(
    "required-undefined", "error", "object params",
    "`required` names a property that is not there.",
    "object", {"type": "object", "required": ["b"], "properties": {"a": {"type": "boolean"}}},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
)  # fmt: skip
def _required_undefined(site: Site) -> Iterator[Hit]:
    yield from _undefined(site, "required")


@site_rule(
    "nullable-undefined", "warning", "object",
    "`nullable` names a property that is not there.",
    "object", {"type": "object", "nullable": ["b"], "required": ["a"], "properties": {"a": {"type": "boolean"}}},
    {"type": "object", "nullable": ["a"], "required": ["a"], "properties": {"a": {"type": "boolean"}}},
)  # fmt: skip
def _nullable_undefined(site: Site) -> Iterator[Hit]:
    yield from _undefined(site, "nullable")


def _undefined(site: Site, key: str) -> Iterator[Hit]:
    for i, name in enumerate(site.items(key)):
        if isinstance(name, str) and name not in site.properties:
            near = get_close_matches(name[:60], [p[:60] for p in islice(site.properties, 100)], 1)
            hint = f"did you mean {clean(near[0], 60)}?" if near else "define it, or take it out"
            yield Hit(site.at(key, i), f"{clean(name, 60)!r} is no property", hint)


@site_rule(
    "unsorted-required", "info", "object params",
    "`required` in the order of the properties is easier to read, and changes of it easier to review.",
    "object",
    {"type": "object", "required": ["b", "a"], "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}}},
    {"type": "object", "required": ["a", "b"], "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}}},
    fixes=True, usual=False,
)  # fmt: skip
def _unsorted_required(site: Site) -> Iterator[Hit]:
    places = {name: i for i, name in enumerate(site.properties)}
    for key in ("required", "nullable"):
        names = site.items(key)
        if not all(isinstance(name, str) for name in names):
            continue
        ordered = sorted(names, key=lambda name: places.get(name, len(places)))
        if ordered != names:
            ops = (Op("set", site.at(key), ordered),)
            yield Hit(site.at(key), "is not in the order of the properties", "sort it", ops)


@site_rule(
    "unknown-type", "error", "*",
    "A `type` that the language does not have.",
    "field", {"type": "number"}, {"type": "integer"},
)  # fmt: skip
def _unknown_type(site: Site) -> Iterator[Hit]:
    if site.kind in _TYPES or (site.role == "def" and site.name == "main" and site.kind not in _INSTEAD and site.kind):
        return  # a primary type of tomorrow is not wrong
    path = site.at("type")
    if not site.kind:
        yield Hit(path, "has no type", "name one of the Lexicon types")
        return
    near = get_close_matches(site.kind[:40], _TYPES, 1)
    hint = _INSTEAD.get(site.kind.lower()) or (f"use {near[0]}" if near else "name one of the Lexicon types")
    yield Hit(path, f"{clean(site.kind, 60)!r} is no type", hint)


@site_rule(
    "unknown-primary", "info", "*",
    "A definition `main` of a type that this version does not know; its data stay opaque.",
    "main", {"type": "space", "key": "any"}, {"type": "token", "description": "A thing."},
)  # fmt: skip
def _unknown_primary(site: Site) -> Iterator[Hit]:
    if site.role == "def" and site.name == "main" and site.kind and site.kind not in _TYPES | _INSTEAD.keys():
        yield Hit(site.at("type"), f"{clean(site.kind, 60)!r} is no type known to this version", "")


@site_rule(
    "ineffective-key", "warning", "*",
    "A key that looks like a constraint, as of JSON Schema, and that nobody reads in a Lexicon.",
    "field", {"type": "string", "format": "did", "pattern": "^did:"}, {"type": "string", "format": "did"}, fixes=True,
)  # fmt: skip
def _ineffective_key(site: Site) -> Iterator[Hit]:
    known = KEYS.get(site.kind)
    if known is None:
        return
    for key in site.node.keys() - known:
        hint = _ineffective(site, key)
        if hint:
            ops = () if key in TELLING else (Op("remove", site.at(key)),)
            yield Hit(site.at(key), f"{clean(key, 40)!r} does nothing", hint, ops)


def _ineffective(site: Site, key: str) -> str:
    if key in ("required", "nullable") and isinstance(site.node[key], bool):
        return f"name the property in the {key} of the object"
    if any(key in keys for kind, keys in KEYS.items() if kind not in ("record", "permission-set")):
        return f"{site.kind} has no {key}" if site.kind in _PLAIN_TYPES else ""
    return ELSEWHERE.get(key, "")


#: Types that are plain data: a key of another type that stands here constrains nothing.
_PLAIN_TYPES = frozenset({"boolean", "integer", "string", "bytes", "cid-link", "blob", "token", "unknown"})


@document_rule(
    "ineffective-top-key", "warning", "lexicon",
    "A key at the top of a document that nobody reads: `revision` of older Lexicons, `$schema`.",
    "document", {"lexicon": 1, "id": "com.example.thing", "revision": 2,
                 "defs": {"main": {"type": "token", "description": "A thing."}}},
    {"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "token", "description": "A thing."}}},
    fixes=True,
)  # fmt: skip
def _ineffective_top_key(doc: Doc) -> Iterator[Hit]:
    for key in sorted(doc.value.keys() & ELSEWHERE.keys()):
        ops = () if key in TELLING else (Op("remove", (key,)),)
        yield Hit((key,), f"{clean(key, 40)!r} does nothing", ELSEWHERE[key], ops)


@site_rule(
    "unexpected-field", "warning", "*",
    "A key that means nothing for its type; everybody ignores it, so that it is a slip or an extension.",
    "field", {"type": "string", "format": "did", "maxLenght": 3}, {"type": "string", "format": "did"},
)  # fmt: skip
def _unexpected_field(site: Site) -> Iterator[Hit]:
    known = KEYS.get(site.kind)
    if known is not None and not site.node.keys() <= known:
        for key in site.node:
            if key not in known and not _ineffective(site, key):
                yield _unexpected(site.at(key), key, known)


@document_rule(
    "unexpected-top-field", "warning", "lexicon",
    "A key at the top of a document that means nothing.",
    "document", {"lexicon": 1, "id": "com.example.thing", "descripton": "A thing.",
                 "defs": {"main": {"type": "token", "description": "A thing."}}},
    {"lexicon": 1, "id": "com.example.thing", "description": "A thing.",
     "defs": {"main": {"type": "token", "description": "A thing."}}},
)  # fmt: skip
def _unexpected_top_field(doc: Doc) -> Iterator[Hit]:
    for key in doc.value:
        if key not in TOP and key not in ELSEWHERE:
            yield _unexpected((key,), key, TOP)


def _unexpected(path: Any, key: str, known: frozenset[str]) -> Hit:
    near = get_close_matches(key[:40], known, 1)
    return Hit(path, f"{clean(key, 40)!r} means nothing here", f"did you mean {near[0]}?" if near else "remove it")


@site_rule(
    "unknown-in-record", "info", "unknown",
    "`unknown` in a record says nothing about the data; an open union does, and stays open.",
    "field", {"type": "unknown"}, {"type": "union", "refs": ["#thing"]},
)  # fmt: skip
def _unknown_in_record(site: Site) -> Iterator[Hit]:
    if site.doc.is_record:
        yield Hit(site.path, "is anything at all, in a record", "use an open union")


@site_rule(
    "invalid-accept", "warning", "blob",
    "`accept` lists MIME types: `image/png`, `image/*` or `*/*`.",
    "field", {"type": "blob", "accept": ["png"], "maxSize": 1000},
    {"type": "blob", "accept": ["image/png"], "maxSize": 1000},
)  # fmt: skip
def _invalid_accept(site: Site) -> Iterator[Hit]:
    for i, value in enumerate(site.items("accept")):
        if not isinstance(value, str) or not _mime_pattern(value):
            yield Hit(site.at("accept", i), f"{clean(value, 60)} is no MIME type", "write image/png, image/* or */*")


def _mime_pattern(text: str) -> bool:
    kind, slash, inner = text.partition("/")
    return bool(slash and kind and inner) and text.isascii() and text.isprintable() and not set(text) & set(" ;,")
