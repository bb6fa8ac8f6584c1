"""The page of a Lexicon: its definitions, their fields, and an example of what they allow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.annotations import constraints
from atdata_codegen.reference.page import Example, Page, Piece, Row, Section
from atdata_codegen.reference.values import Examples
from atdata_codegen.review.witnesses.build import Impossible

__all__ = ["kind_of_document", "lexicon_page"]

_WORDS = {"query": "Query", "procedure": "Procedure", "subscription": "Subscription"}
_VALUES = (("const", "always"), ("default", "default"), ("enum", "one of"), ("known_values", "known"))
_NO_DATA = ("token", "permission-set", "query", "procedure", "subscription")
_DEEPEST = 5
_MOST_VALUES = 40


def kind_of_document(document: m.Document) -> str:
    """What the document is for, in one word: Record, Query ..., or Definitions."""
    main = document.defs.get("main")
    if isinstance(main, m.Record):
        return "Record"
    if isinstance(main, m.Endpoint):
        return _WORDS.get(main.kind, "Endpoint")
    if isinstance(main, m.PermissionSet):
        return "Permission set"
    return "Definitions"


def lexicon_page(document: m.Document, pages: Mapping[str, str], examples: Examples) -> Page:
    """The page; ``pages`` gives the page of each NSID that has one."""
    sections: list[Section] = []
    for name, definition in document.defs.items():
        sections.extend(_sections(document, name, definition, pages, examples))
    return Page(document.id, document.id, kind_of_document(document), document.description, tuple(sections))


def _sections(
    document: m.Document, name: str, definition: m.Definition, pages: Mapping[str, str], examples: Examples
) -> Iterator[Section]:
    title = name if name != "main" else kind_of_document(document)
    link = _Linker(document.id, pages)
    example = _example(document, name, examples)
    text = getattr(definition, "description", "")
    if isinstance(definition, m.Record):
        rows = tuple(_rows(definition.record, link))
        key = f"record key: {definition.key}"
        yield Section(title, name, "record", text or definition.record.description, rows, (key,), example)
    elif isinstance(definition, m.Endpoint):
        errors = tuple(f"error {error.name}: {error.description}".rstrip(": ") for error in definition.errors)
        yield Section(title, name, definition.kind, text, (), errors)
        if definition.parameters is not None:
            rows = tuple(_rows(definition.parameters, link))
            yield Section("Parameters", f"{name}-parameters", "params", definition.parameters.description, rows)
        for part in ("input", "output", "message"):
            body: m.Body | None = getattr(definition, part)
            if body is not None:
                yield _body(part, name, body, link, _example(document, name, examples, part))
    elif isinstance(definition, m.PermissionSet):
        facts = tuple(json.dumps(dict(permission), sort_keys=True) for permission in definition.permissions)
        yield Section(definition.title or title, name, "permission set", text, (), facts)
    elif isinstance(definition, m.UnknownPrimary):
        yield Section(
            title, name, definition.type, text, (), ("this type is not known, and its data is kept as it is",)
        )
    elif isinstance(definition, m.Object | m.Params):
        yield Section(title, name, "object", text, tuple(_rows(definition, link)), (), example)
    else:
        facts = tuple(_notes(definition))
        kind = "".join(piece.text for piece in link.type(definition))
        yield Section(title, name, kind, text, (), facts, example)


def _body(part: str, name: str, body: m.Body, link: _Linker, example: Example | None) -> Section:
    rows = tuple(_rows(body.schema, link)) if isinstance(body.schema, m.Object) else ()
    if not rows and body.schema is not None:
        rows = (Row("", link.type(body.schema), "required"),)
    facts = (f"encoding: {body.encoding}",) if body.encoding else ()
    return Section(part.capitalize(), f"{name}-{part}", part, body.description, rows, facts, example)


def _rows(node: m.Object | m.Params, link: _Linker, prefix: str = "", depth: int = 0) -> Iterator[Row]:
    """A row for each property; those of objects inside follow, with dots in their names."""
    nullable = node.nullable if isinstance(node, m.Object) else frozenset()
    for name, kind in node.properties.items():
        need = "required" if name in node.required else "optional"
        if name in nullable:
            need += ", nullable"
        full = f"{prefix}{name}"
        yield Row(full, link.type(kind), need, tuple(_notes(kind)), kind.description)
        inner, mark = kind, ""
        while isinstance(inner, m.Array):
            inner, mark = inner.items, mark + "[]"
        if isinstance(inner, m.Object) and depth < _DEEPEST:
            yield from _rows(inner, link, f"{full}{mark}.", depth + 1)


def _notes(kind: object) -> Iterator[str]:
    """What is allowed beyond the type."""
    limits = constraints(kind)  # type: ignore[arg-type]  # a definition that is no type has no constraints
    if limits:
        yield limits
    for attribute, words in (
        ("const", "always"),
        ("default", "default"),
        ("enum", "one of"),
        ("known_values", "known"),
    ):
        value = getattr(kind, attribute, None)
        if value is None:
            continue
        values: Sequence[object] = value if isinstance(value, tuple) else (value,)
        shown = ", ".join(json.dumps(one, ensure_ascii=False) for one in values[:_MOST_VALUES])
        more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        yield f"{words}: {shown}{more}"
    if isinstance(kind, m.Union):
        yield "closed: no other type may stand here" if kind.closed else "open: other types may come"


class _Linker:
    def __init__(self, home: str, pages: Mapping[str, str]) -> None:
        self._home = home
        self._pages = pages

    def type(self, kind: object) -> tuple[Piece, ...]:
        """The type as text with links."""
        if isinstance(kind, m.Ref):
            return (self._ref(kind),)
        if isinstance(kind, m.Array):
            return (Piece("array of "), *self.type(kind.items))
        if isinstance(kind, m.Union):
            pieces: list[Piece] = []
            for ref in kind.refs:
                pieces += [*([Piece(" | ")] if pieces else []), self._ref(ref)]
            return tuple(pieces) or (Piece("union of anything"),)
        names = {m.CidLink: "cid-link", m.Bytes: "bytes"}
        return (Piece(names.get(type(kind), type(kind).__name__.lower())),)

    def _ref(self, ref: m.Ref) -> Piece:
        text = f"#{ref.name}" if ref.nsid == self._home else ref.nsid + (f"#{ref.name}" if ref.name != "main" else "")
        return Piece(text, self._pages.get(ref.nsid, ""), ref.name)


def _example(document: m.Document, name: str, examples: Examples, part: str = "") -> Example | None:
    node = document.raw.get(name)
    if part and isinstance(node, dict):
        body = node.get(part)
        node = body.get("schema") if isinstance(body, dict) else None
    if not isinstance(node, dict) or node.get("type") in (
        "token",
        "permission-set",
        "query",
        "procedure",
        "subscription",
    ):
        return None
    try:
        value = examples.of(node, document.id)
    except (Impossible, RecursionError):
        return None
    return Example("json", json.dumps(value, indent=2, ensure_ascii=False)) if isinstance(value, dict) else None
