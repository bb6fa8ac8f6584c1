"""The validator: Lexicon definitions, as they stand in JSON, held against data.

There is one, and it interprets definitions; generated classes carry theirs along. Data is the JSON form, in which
bytes, CidLink and Blob may also stand as themselves. All problems are collected, up to `MAX_ISSUES`, without
recursion, so neither deep data nor circular definitions can exhaust the stack.

Two choices where the specification leaves room: an integer field reports 3.0 (the data model has no floats, and a
server would store another value than was sent), and a blob field accepts the old `{cid, mimeType}` form that
old records hold (`check_sendable` refuses to send it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._leaves import LEAVES, Node, length_problem
from ._text import Path, render_path, show
from .catalog import Catalog, DictCatalog, find_pointer, split_reference
from .data import MAX_ISSUES, check_value, is_object
from .errors import Issue, UnknownDefinitionError, ValidationError
from .syntax import is_nsid, is_record_key, is_tid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._accept import Acceptor

__all__ = ["Catalog", "DictCatalog", "check_record_key", "validate", "validate_at"]

_MAX_HOPS = 32


def validate(catalog: Catalog, value: Mapping[str, Any], nsid: str | None = None) -> None:  # Any: JSON
    """Check a record against its Lexicon, which is found by the record's `$type` or given as `nsid`.

    Raises ValidationError with every issue, UnknownDefinitionError if the catalogue does not have the Lexicon.

    >>> main = {"type": "record", "key": "any", "record": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    >>> catalog = DictCatalog([{"lexicon": 1, "id": "com.example.x", "defs": {"main": main}}])
    >>> validate(catalog, {"$type": "com.example.x", "n": "one"})
    Traceback (most recent call last):
    ...
    atdata_lexicon.errors.ValidationError: com.example.x has 1 problem
      $.n: must be an integer, not "one"
    """
    name = nsid if nsid is not None else value.get("$type") if isinstance(value, dict) else None
    if not isinstance(name, str):
        raise ValidationError([Issue("$.$type", "is required: the NSID of the record's Lexicon")], "the record")
    issues = validate_at(catalog, name, "/main", value)
    if issues:
        raise ValidationError(issues, name)


def validate_at(catalog: Catalog, nsid: str, pointer: str, value: object) -> list[Issue]:
    """The issues of a value held against one definition, empty for a valid value.

    `pointer` is a JSON pointer into the document's `defs`: `/main`, `/main/record`, `/main/output/schema`, `/item`.
    Raises UnknownDefinitionError if the catalogue has no such definition. References it cannot resolve
    accept every value of the data model.

    >>> catalog = DictCatalog([{"lexicon": 1, "id": "com.example.x", "defs": {"size": {"type": "string"}}}])
    >>> validate_at(catalog, "com.example.x", "/size", 3)
    [Issue(path='$', message='must be a string, not 3')]
    """
    if "_acceptor" in type(catalog).__dict__ and _acceptor_of(catalog).accepts(nsid, pointer, value):
        return []
    defs = catalog.defs(nsid)
    node = None if defs is None else find_pointer(defs, pointer)
    if defs is None or not isinstance(node, dict):
        raise UnknownDefinitionError(f"no definition {show(nsid)} at {show(pointer)} in the catalogue")
    if pointer == "/main/record" and defs["main"].get("type") == "record":
        node = defs["main"]
    issues = check_value(value)
    run = _Run(catalog, issues)
    run.check(node, nsid, pointer[1:], value)
    return run.issues[:MAX_ISSUES]


def _acceptor_of(catalog: Any) -> Acceptor:
    """The quick way through a catalogue whose definitions never change, which says so by having the attribute."""
    found: Acceptor | None = catalog._acceptor
    if found is None:
        from ._accept import Acceptor

        found = catalog._acceptor = Acceptor(catalog)
    return found


def check_record_key(key_spec: str, rkey: str) -> str | None:
    """Why a record key does not fit the `key` of a record's Lexicon, or None if it does.

    `key_spec` is `any`, `tid`, `nsid` or `literal:<key>`; other kinds accept every record key.

    >>> check_record_key("literal:self", "self")
    >>> check_record_key("tid", "self")
    '"self" is not a TID, the kind of key that these records have'
    """
    if not is_record_key(rkey):
        return f"{show(rkey)} is not a record key: 1 to 512 of A-Z a-z 0-9 . _ : ~ -"
    if key_spec == "tid" and not is_tid(rkey):
        return f"{show(rkey)} is not a TID, the kind of key that these records have"
    if key_spec == "nsid" and not is_nsid(rkey):
        return f"{show(rkey)} is not an NSID, the kind of key that these records have"
    if key_spec.startswith("literal:") and rkey != key_spec[8:]:
        return f"these records have the key {show(key_spec[8:])}, not {show(rkey)}"
    return None


class _Run:
    """One validation: what is still to check, and what was found."""

    def __init__(self, catalog: Catalog, issues: list[Issue]) -> None:
        self.catalog = catalog
        self.issues = issues
        self.known = {issue.path for issue in issues}  # the data model has spoken; once is enough
        self.pending: list[tuple[Node, str, str, object, Path]] = []
        # What is asked of each definition again and again, kept beside the definition so that no id is used twice.
        self.objects: dict[int, tuple[Node, list[str], frozenset[str], dict[str, Any]]] = {}
        self.unions: dict[tuple[int, str], tuple[Node, frozenset[tuple[str, str]]]] = {}

    def report(self, path: Path, message: str) -> None:
        where = render_path(path)
        if where not in self.known:
            self.issues.append(Issue(where, message))

    def check(self, node: Node, nsid: str, name: str, value: object) -> None:
        self.pending.append((node, nsid, name, value, None))
        while self.pending and len(self.issues) < MAX_ISSUES:
            self.step(*self.pending.pop())

    def step(self, node: Node, nsid: str, name: str, value: object, path: Path) -> None:
        # What refers to other definitions of the same value may lead in a circle.
        for _ in range(_MAX_HOPS):
            kind = node.get("type")
            if kind == "ref":
                found = self.resolve(node.get("ref"), nsid)
            elif kind == "union":
                found = self.check_union(node, nsid, value, path)
            elif kind == "record":
                found = self.check_record(node, nsid, value, path)
            else:
                break
            if found is None:
                return
            node, nsid, name = found
        kind = node.get("type")
        if not isinstance(kind, str):
            return
        if kind in LEAVES:
            problem = LEAVES[kind](node, value)
            if problem is not None:
                self.report(path, problem)
        elif kind in ("object", "params"):
            self.check_object(node, nsid, value, path)
        elif kind == "array":
            self.check_array(node, nsid, value, path)
        elif kind == "token":
            full = nsid if name == "main" else f"{nsid}#{name}"
            if value != full:
                self.report(path, f"must be the token {show(full)}, not {show(value)}")

    def resolve(self, reference: object, nsid: str) -> tuple[Node, str, str] | None:
        if not isinstance(reference, str):
            return None
        nsid, name = split_reference(reference, nsid)
        defs = self.catalog.defs(nsid)
        node = None if defs is None else defs.get(name)
        return (node, nsid, name) if isinstance(node, dict) else None

    def check_object(self, node: Node, nsid: str, value: object, path: Path) -> None:
        if not isinstance(value, dict) or not is_object(value):
            self.report(path, f"must be an object, not {_shape(value)}")
            return
        required, nullable, properties = self.parts(node)
        for key in required:
            if key not in value:
                self.report((path, key), "is required")
                if len(self.issues) >= MAX_ISSUES:
                    return
        children: list[tuple[Node, str, str, object, Path]] = []
        # In the order of the definition, unless that is by far the longer one.
        keys = properties if len(properties) <= 4 * len(value) + 64 else [key for key in value if key in properties]
        for key in keys:
            child = properties[key]
            if key not in value or not isinstance(child, dict):
                continue
            item = value[key]
            if item is not None:
                children.append((child, nsid, "", item, (path, key)))
            elif key not in nullable:
                hint = "give it a value" if key in required else "leave it out"
                self.report((path, key), f"must not be null: {hint}")
        children.reverse()
        self.pending += children

    def parts(self, node: Node) -> tuple[list[str], frozenset[str], dict[str, Any]]:
        """The required and nullable names of an object's definition, each once, and its properties."""
        kept = self.objects.get(id(node))
        if kept is None:
            required = list(dict.fromkeys(_names(node, "required")))
            properties = node.get("properties")
            found = properties if isinstance(properties, dict) else {}
            kept = self.objects[id(node)] = (node, required, frozenset(_names(node, "nullable")), found)
        return kept[1:]

    def members(self, node: Node, nsid: str) -> frozenset[tuple[str, str]]:
        """The definitions that a union names."""
        kept = self.unions.get((id(node), nsid))
        if kept is None:
            found = frozenset(split_reference(ref, nsid) for ref in _names(node, "refs"))
            kept = self.unions[id(node), nsid] = (node, found)
        return kept[1]

    def check_array(self, node: Node, nsid: str, value: object, path: Path) -> None:
        if not isinstance(value, list):
            self.report(path, f"must be an array, not {show(value)}")
            return
        problem = length_problem(node, "minLength", "maxLength", len(value), "items")
        if problem is not None:
            self.report(path, problem)
        items = node.get("items")
        schema: Node = items if isinstance(items, dict) else {}
        kind = schema.get("type")
        leaf = LEAVES.get(kind) if isinstance(kind, str) else None
        children: list[tuple[Node, str, str, object, Path]] = []
        for index, item in enumerate(value):
            if len(self.issues) >= MAX_ISSUES:
                return
            if item is None:
                self.report((path, index), "must not be null: an array holds no nulls")
            elif leaf is None:
                children.append((schema, nsid, "", item, (path, index)))
            elif (problem := leaf(schema, item)) is not None:
                self.report((path, index), problem)
        children.reverse()
        self.pending += children

    def check_union(self, node: Node, nsid: str, value: object, path: Path) -> tuple[Node, str, str] | None:
        """The member that a value says it is, which it is to be held against."""
        if not isinstance(value, dict) or not is_object(value):
            self.report(path, f'must be an object with "$type", not {_shape(value)}')
            return None
        kind = value.get("$type")
        if not isinstance(kind, str):
            self.report((path, "$type"), "is required: it says which member of the union this is")
            return None
        if kind.endswith("#main"):
            self.report((path, "$type"), f'must not end in "#main": write {show(kind[:-5])}')
            return None
        wanted = split_reference(kind, nsid)
        if not kind.startswith("#") and wanted in self.members(node, nsid):
            return self.resolve(kind, nsid)
        if node.get("closed") is True:
            names = ", ".join(show(ref) for ref in _names(node, "refs")[:5])
            self.report((path, "$type"), f"{show(kind)} is not a member of this closed union of {names}")
        return None

    def check_record(self, node: Node, nsid: str, value: object, path: Path) -> tuple[Node, str, str] | None:
        """The object that a record is."""
        if not isinstance(value, dict) or not is_object(value):
            self.report(path, f"must be a record, not {_shape(value)}")
            return None
        kind = value.get("$type")
        if kind is None:
            self.report((path, "$type"), f"is required: {show(nsid)}")
        elif kind != nsid:
            self.report((path, "$type"), f"must be {show(nsid)}, not {show(kind)}")
        body = node.get("record")
        return (body, nsid, "") if isinstance(body, dict) else None


def _names(node: Node, key: str) -> list[str]:
    names = node.get(key)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _shape(value: object) -> str:
    if not isinstance(value, dict):
        return show(value)
    return "a link" if "$link" in value else "bytes" if "$bytes" in value else "a blob"
