"""The types that stand inside definitions, from JSON to the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.fields import Path, Problems, Reader
from atdata_codegen.lexicon.keys import KEYS
from atdata_codegen.problems import clean
from atdata_lexicon.syntax import is_nsid

__all__ = ["is_def_name", "is_type", "parse_object", "parse_params", "parse_ref", "parse_type"]

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_NAME = _LETTERS | frozenset("0123456789_-$")
_PROPERTY = _NAME | frozenset(".:")

#: Every object becomes a class and every property a field of it.
MAX_OBJECTS = 4096
MAX_PROPERTIES = 4096
#: Longest way to an object, in characters: it stands in the module for each object.
_MAX_WAY = 2048

FORMATS = frozenset(
    {
        "at-identifier", "at-uri", "cid", "datetime", "did", "handle", "nsid", "tid", "record-key", "uri", "language",
    }
)  # fmt: skip


def is_def_name(text: str) -> bool:
    """Whether ``text`` can name a definition: what the specification recommends, and ``-``, ``_`` and ``$`` inside."""
    return 0 < len(text) <= 255 and (text[0] in _LETTERS or text.isdigit()) and _NAME.issuperset(text)


def _is_property(text: str) -> bool:
    return 0 < len(text) <= 255 and text[0] not in "$" and _PROPERTY.issuperset(text)


def parse_ref(text: object, path: Path, nsid: str, problems: Problems, description: str = "") -> m.Ref | None:
    """An absolute reference: ``nsid``, ``nsid#name`` or ``#name`` as it stands in the document ``nsid``."""
    if isinstance(text, str) and len(text) <= 600:
        target, mark, name = text.partition("#")
        if (not target or is_nsid(target)) and (is_def_name(name) if mark else bool(target)):
            found = m.Ref(target or nsid, name or "main", description)
            problems.refs.append((path, found.nsid, found.name))
            return found
    problems.error(
        path, f"is no reference: {clean(text, 80)}", "use com.example.thing, com.example.thing#name or #name"
    )
    return None


def _boolean(r: Reader, nsid: str) -> m.Type:
    return _no_both(r, m.Boolean(r.text("description") or "", r.boolean("default"), r.boolean("const")))


def _integer(r: Reader, nsid: str) -> m.Type:
    least, most = r.integer("minimum"), r.integer("maximum")
    if least is not None and most is not None and least > most:
        r.error("minimum", f"is {least}, above maximum which is {most}", "swap them")
    text, enum = r.text("description") or "", r.integers("enum")
    return _no_both(r, m.Integer(text, least, most, enum, r.integer("default"), r.integer("const")))


def _string(r: Reader, nsid: str) -> m.Type:
    if len(r.node) == 1:
        return m.String()
    found = m.String(r.text("description") or "", r.text("format"))
    found.min_length, found.max_length = r.sizes("minLength", "maxLength")
    found.min_graphemes, found.max_graphemes = r.sizes("minGraphemes", "maxGraphemes")
    found.known_values, found.enum = r.texts("knownValues"), r.texts("enum")
    found.default, found.const = r.text("default"), r.text("const")
    if found.format is not None and found.format not in FORMATS:
        r.problems.warning(
            (*r.path, "format"), f"{clean(found.format, 40)!r} is no known format, and is not checked", "remove it"
        )
        found.format = None
    return _no_both(r, found)


def _bytes(r: Reader, nsid: str) -> m.Type:
    return m.Bytes(r.text("description") or "", *r.sizes("minLength", "maxLength"))


def _cid_link(r: Reader, nsid: str) -> m.Type:
    return m.CidLink(r.text("description") or "")


def _blob(r: Reader, nsid: str) -> m.Type:
    return m.Blob(r.text("description") or "", r.texts("accept"), r.integer("maxSize", 0))


def _array(r: Reader, nsid: str) -> m.Type | None:
    text, (least, most) = r.text("description") or "", r.sizes("minLength", "maxLength")
    inner = r.mapping("items", required=True)
    if inner is None:
        return None
    items = parse_type(inner, (*r.path, "items"), nsid, r.problems)
    return m.Array(items, text, least, most) if items is not None else None


def _ref(r: Reader, nsid: str) -> m.Type | None:
    text = r.text("description") or ""
    target = r.text("ref", required=True)
    return None if target is None else parse_ref(target, (*r.path, "ref"), nsid, r.problems, text)


def _union(r: Reader, nsid: str) -> m.Type | None:
    text, closed = r.text("description") or "", r.boolean("closed") or False
    refs = r.items("refs", required=True)
    if refs is None:
        return None
    found = [parse_ref(ref, (*r.path, "refs", i), nsid, r.problems) for i, ref in enumerate(refs)]
    if closed and not refs:
        r.error("refs", "is empty in a closed union, which then allows nothing", "name the members, or open it")
    return m.Union(tuple(ref for ref in found if ref is not None), text, closed)


def _unknown(r: Reader, nsid: str) -> m.Type:
    return m.Unknown(r.text("description") or "")


def _token(r: Reader, nsid: str) -> m.Type:
    return m.Token(r.text("description") or "")


def _object(r: Reader, nsid: str) -> m.Type | None:
    r.problems.objects += 1
    if r.problems.objects > MAX_OBJECTS:
        if r.problems.objects == MAX_OBJECTS + 1:
            r.problems.error(r.path, f"is more than {MAX_OBJECTS:,} objects in one document", "split the document")
        return None
    if len(r.path) > 8 and sum(len(str(part)) for part in r.path) > _MAX_WAY:
        r.problems.error(r.path, "lies too deep below long names", "give it a definition of its own")
        return None
    text = r.text("description") or ""
    required, nullable = r.texts("required") or (), r.texts("nullable") or ()
    properties = _properties(r, nsid)
    for name in required:
        if name not in r.node.get("properties", ()):
            r.error("required", f"names {clean(name, 60)!r}, which is no property", "define it, or take it out")
    for name in nullable:
        if name not in r.node.get("properties", ()):
            r.problems.warning((*r.path, "nullable"), f"names {clean(name, 60)!r}, which is no property")
    return m.Object(properties, text, frozenset(required), frozenset(nullable))


def _properties(r: Reader, nsid: str) -> dict[str, m.Type]:
    found: dict[str, m.Type] = {}
    given = r.mapping("properties") or {}
    if len(given) > MAX_PROPERTIES:
        r.error("properties", f"holds {len(given):,} fields; the limit is {MAX_PROPERTIES:,}", "use more objects")
        return found
    for name, node in given.items():
        path: Path = (*r.path, "properties", name)
        if not _is_property(name):
            r.problems.error(
                path, "is no name of a field", "use letters, digits, '-' and '_'; names beginning with $ are reserved"
            )
        elif node.__class__ is not dict:
            r.problems.error(path, "must be an object with a type")
        else:
            parsed = parse_type(node, path, nsid, r.problems)
            if parsed is not None:
                found[name] = parsed
    return found


def parse_object(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Object | None:
    found = parse_type(node, path, nsid, problems)
    return found if isinstance(found, m.Object) else None


def parse_params(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Params:
    """Parameters of a query: booleans, integers, strings, and lists of these."""
    r = Reader(node, path, problems)
    if r.text("type", required=True) != "params":
        r.error("type", "must be params")
    text, required = r.text("description") or "", r.texts("required") or ()
    properties = _properties(r, nsid)
    r.finish(KEYS["params"])
    for name in required:
        if name not in r.node.get("properties", ()):
            r.error("required", f"names {clean(name, 60)!r}, which is no parameter", "define it, or take it out")
    for name, kind in properties.items():
        inner = kind.items if isinstance(kind, m.Array) else kind
        if not isinstance(inner, (m.Boolean, m.Integer, m.String, m.Unknown)):
            problems.error(
                (*path, "properties", name), "is no type of a parameter", "use boolean, integer, string or a list of it"
            )
    return m.Params(properties, text, frozenset(required))


def _no_both(r: Reader, found: m.Boolean | m.Integer | m.String) -> m.Type:
    if found.default is not None and found.const is not None:
        r.error("default", "stands beside const, which leaves it no meaning", "keep one of the two")
    return found


_KINDS: dict[str, Callable[[Reader, str], m.Type | None]] = {
    "boolean": _boolean,
    "integer": _integer,
    "string": _string,
    "bytes": _bytes,
    "cid-link": _cid_link,
    "blob": _blob,
    "array": _array,
    "object": _object,
    "token": _token,
    "ref": _ref,
    "union": _union,
    "unknown": _unknown,
}


def is_type(kind: str) -> bool:
    """Whether ``kind`` is one of the types that :func:`parse_type` reads."""
    return kind in _KINDS


def parse_type(node: Mapping[str, Any], path: Path, nsid: str, problems: Problems) -> m.Type | None:
    """The type that ``node`` describes, or None when it could not be read."""
    kind = node.get("type")
    found = _KINDS.get(kind) if isinstance(kind, str) else None
    if found is None:
        message = "is missing" if kind is None else f"is no Lexicon type: {clean(kind, 60)}"
        problems.error((*path, "type"), message, "name one of the Lexicon types")
        return None
    known = KEYS[str(kind)]
    reader = Reader(node, path, problems)
    reader.skip("type")
    parsed = found(reader, nsid)
    reader.finish(known)
    if "default" in node and "default" not in known and kind in ("array", "object", "bytes", "union", "ref"):
        problems.error((*path, "default"), f"{kind} has no default", "remove it")
    return parsed
