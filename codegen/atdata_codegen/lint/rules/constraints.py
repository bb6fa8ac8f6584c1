"""Rules about values that a type allows: constants, defaults, enumerations, formats, ranges."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from atdata_codegen.lexicon.types import FORMATS
from atdata_codegen.lint.documents import Site
from atdata_codegen.lint.edit import Op
from atdata_codegen.lint.rule import Hit, once, site_rule
from atdata_codegen.problems import clean
from atdata_lexicon.syntax import check_format

_SAFE = 1 << 53
_LISTS = ("required", "nullable", "refs", "enum", "knownValues", "accept")
_ENDS = ("At", "Date", "Time", "Timestamp")


def _refusal(site: Site, value: Any) -> str:
    """Why a value is none that the type allows; empty where it is, or is of another type altogether."""
    if site.kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        low, high = site.integer("minimum"), site.integer("maximum")
        if low is not None and value < low:
            return f"is below the minimum of {low}"
        if high is not None and value > high:
            return f"is above the maximum of {high}"
    if site.kind == "string" and isinstance(value, str):
        size = len(value.encode("utf-8", "surrogatepass"))
        low, high = site.integer("minLength"), site.integer("maxLength")
        if low is not None and size < low:
            return f"has {size} bytes, below the minLength of {low}"
        if high is not None and size > high:
            return f"has {size} bytes, above the maxLength of {high}"
        # A grapheme has at least one code point, so that this needs no table of graphemes.
        least = site.integer("minGraphemes")
        if least is not None and len(value) < least:
            return f"has at most {len(value)} graphemes, below the minGraphemes of {least}"
        most = site.integer("maxGraphemes")
        if most is not None and value.isascii() and len(value) > most:
            return f"has {len(value)} graphemes, above the maxGraphemes of {most}"
        format = site.node.get("format")
        if isinstance(format, str) and format in FORMATS and check_format(format, value) is not None:
            return f"is no {format}"
    return ""


@site_rule(
    "default-with-const", "error", "boolean integer string",
    "A `const` allows one value, which leaves a `default` no meaning.",
    "field", {"type": "integer", "const": 1, "default": 1}, {"type": "integer", "const": 1},
)  # fmt: skip
def _default_with_const(site: Site) -> Iterator[Hit]:
    if "default" in site.node and "const" in site.node:
        yield Hit(site.at("default"), "stands beside const, which leaves it no meaning", "keep one of the two")


@site_rule(
    "default-out-of-range", "error", "integer string",
    "A `default` must be a value that the field may have: within its bounds, in its `enum`, of its `format`.",
    "field", {"type": "integer", "maximum": 10, "default": 11}, {"type": "integer", "maximum": 10, "default": 10},
)  # fmt: skip
def _default_out_of_range(site: Site) -> Iterator[Hit]:
    value = site.node.get("default")
    why = _refusal(site, value)
    if not why and value is not None and site.items("enum") and value not in site.items("enum"):
        why = "is not in enum"
    if why:
        yield Hit(site.at("default"), f"{clean(value, 60)} {why}", "correct the default, or the constraint")


@site_rule(
    "const-out-of-range", "error", "integer string",
    "A `const` outside the bounds allows nothing at all.",
    "field", {"type": "string", "maxLength": 2, "const": "abc"}, {"type": "string", "const": "abc"},
)  # fmt: skip
def _const_out_of_range(site: Site) -> Iterator[Hit]:
    value = site.node.get("const")
    why = _refusal(site, value)
    if not why and value is not None and site.items("enum") and value not in site.items("enum"):
        why = "is not in enum"
    if why:
        yield Hit(site.at("const"), f"{clean(value, 60)} {why}", "drop the other constraint")


@site_rule(
    "enum-out-of-range", "warning", "integer string",
    "A value of `enum` or `knownValues` that the other constraints refuse can never be used.",
    "field", {"type": "string", "maxLength": 3, "knownValues": ["left", "up"]},
    {"type": "string", "maxLength": 5, "knownValues": ["left", "up"]},
)  # fmt: skip
def _enum_out_of_range(site: Site) -> Iterator[Hit]:
    for key in ("enum", "knownValues"):
        for i, value in enumerate(site.items(key)):
            why = _refusal(site, value)
            if why:
                yield Hit(site.at(key, i), f"{clean(value, 60)} {why}", "widen the constraint, or drop the value")


@site_rule(
    "empty-enum", "error", "integer string",
    "An empty `enum` allows nothing.",
    "field", {"type": "string", "enum": []}, {"type": "string", "enum": ["on"]},
)  # fmt: skip
def _empty_enum(site: Site) -> Iterator[Hit]:
    if site.node.get("enum") == []:
        yield Hit(site.at("enum"), "is empty, which allows nothing", "list the values, or remove it")


@site_rule(
    "closed-enum", "info", "integer string",
    "An `enum` is closed for ever: a value added later is refused by everyone who has not upgraded. `knownValues` is "
    "open.",
    "field", {"type": "string", "maxLength": 20, "enum": ["on", "off"]},
    {"type": "string", "maxLength": 20, "knownValues": ["on", "off"]},
)  # fmt: skip
def _closed_enum(site: Site) -> Iterator[Hit]:
    if site.items("enum"):
        yield Hit(site.at("enum"), "is closed: no value can ever be added", "use knownValues, unless that is meant")


@site_rule(
    "enum-and-known-values", "warning", "string",
    "`enum` is closed and `knownValues` open; together they contradict each other.",
    "field", {"type": "string", "enum": ["a"], "knownValues": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]},
)  # fmt: skip
def _enum_and_known_values(site: Site) -> Iterator[Hit]:
    if "enum" in site.node and "knownValues" in site.node:
        yield Hit(site.at("knownValues"), "stands beside enum, which is closed", "keep one of the two")


@site_rule(
    "default-not-known", "info", "string",
    "A `default` that is not among the `knownValues` is probably a slip.",
    "field", {"type": "string", "knownValues": ["up", "down"], "default": "upp"},
    {"type": "string", "knownValues": ["up", "down"], "default": "up"},
)  # fmt: skip
def _default_not_known(site: Site) -> Iterator[Hit]:
    value, known = site.node.get("default"), site.items("knownValues")
    if isinstance(value, str) and known and value not in known:
        yield Hit(site.at("default"), f"{clean(value, 60)!r} is not among the known values", "correct it, or list it")


@site_rule(
    "boolean-default-true", "warning", "boolean",
    "A boolean that is true by default surprises: readers take an absent field as false.",
    "field", {"type": "boolean", "default": True}, {"type": "boolean", "default": False},
)  # fmt: skip
def _boolean_default_true(site: Site) -> Iterator[Hit]:
    if site.node.get("default") is True and site.role != "param":
        yield Hit(site.at("default"), "is true; an absent field reads as false", "turn the meaning of the name round")


@site_rule(
    "required-with-default", "warning", "boolean integer string",
    "A required field is always there, so that its `default` never counts.",
    "object", {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "default": 1}}},
    {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}},
)  # fmt: skip
def _required_with_default(site: Site) -> Iterator[Hit]:
    owner = site.owner
    if "default" in site.node and owner and site.role in ("property", "param") and site.name in owner.items("required"):
        yield Hit(site.at("default"), "never counts: the field is required", "remove it, or make the field optional")


@site_rule(
    "integer-beyond-53-bits", "warning", "integer",
    "Integers beyond 53 bits lose digits in JavaScript and in many JSON parsers.",
    "field", {"type": "integer", "maximum": 1 << 60}, {"type": "integer", "maximum": (1 << 53) - 1},
)  # fmt: skip
def _integer_beyond(site: Site) -> Iterator[Hit]:
    for key in ("minimum", "maximum", "default", "const"):
        value = site.integer(key)
        if value is not None and abs(value) >= _SAFE:
            yield Hit(site.at(key), f"{value} has more than 53 bits", "stay below 9007199254740992, or use a string")


@site_rule(
    "unknown-format", "warning", "string",
    "A `format` that the language does not know is not checked by anybody.",
    "field", {"type": "string", "format": "date-time"}, {"type": "string", "format": "datetime"},
)  # fmt: skip
def _unknown_format(site: Site) -> Iterator[Hit]:
    format = site.node.get("format")
    if isinstance(format, str) and format not in FORMATS:
        near = get_close_matches(format[:40], FORMATS, 1)
        hint = f"use {near[0]}" if near else "use one of " + ", ".join(sorted(FORMATS))
        yield Hit(site.at("format"), f"{clean(format, 40)!r} is no known format, and is not checked", hint)


@site_rule(
    "format-with-length", "warning", "string",
    "A `format` bounds the length itself; a limit beside it says the same again, or contradicts it.",
    "field", {"type": "string", "format": "did", "maxLength": 100}, {"type": "string", "format": "did"},
)  # fmt: skip
def _format_with_length(site: Site) -> Iterator[Hit]:
    if isinstance(site.node.get("format"), str):
        for key in ("minLength", "maxLength", "minGraphemes", "maxGraphemes"):
            if key in site.node:
                yield Hit(site.at(key), "stands beside a format, which bounds the length itself", "remove it")


@site_rule(
    "datetime-without-format", "info", "string",
    "A field that is called a time and has no `format` may hold any text.",
    "field:createdAt", {"type": "string", "maxLength": 64}, {"type": "string", "format": "datetime"},
)  # fmt: skip
def _datetime_without_format(site: Site) -> Iterator[Hit]:
    timed = site.role in ("property", "param") and site.name.endswith(_ENDS) and len(site.name) > 2
    if timed and not {"format", "enum", "knownValues", "const"} & site.node.keys():
        yield Hit(site.path, f"{clean(site.name, 60)!r} is any text", 'add "format": "datetime"')


@site_rule(
    "handle-in-record", "warning", "string",
    "A handle in a record goes stale when its owner takes another; a DID stays.",
    "field", {"type": "string", "format": "handle"}, {"type": "string", "format": "did"},
)  # fmt: skip
def _handle_in_record(site: Site) -> Iterator[Hit]:
    if site.node.get("format") in ("handle", "at-identifier") and site.doc.is_record:
        yield Hit(site.at("format"), "lets a handle into a record, where it goes stale", "use did")


@site_rule(
    "duplicate-entries", "warning", "*",
    "A value that stands twice in `required`, `nullable`, `refs`, `enum`, `knownValues` or `accept`.",
    "object", {"type": "object", "required": ["a", "a"], "properties": {"a": {"type": "boolean"}}},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}}, fixes=True,
)  # fmt: skip
def _duplicate_entries(site: Site) -> Iterator[Hit]:
    for key in _LISTS:
        if key not in site.node:
            continue
        unique, double = once(site.items(key))
        if double:
            shown = ", ".join(clean(value, 40) for value in double[:3])
            yield Hit(site.at(key), f"holds twice: {shown}", "keep one", (Op("set", site.at(key), unique),))
