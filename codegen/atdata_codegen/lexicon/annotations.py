"""Annotations of generated records: one Lexicon type as Python text, and the imports that it needs."""

from __future__ import annotations

from collections.abc import Callable

from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.catalog import Catalog, Module
from atdata_codegen.literals import literal
from atdata_codegen.names import Namer, pascal

__all__ = ["Imports", "annotate", "constraints"]

#: Longest closed list that is spelled out as a Literal; a longer one is a plain ``str`` and checked by ``validate``.
_MOST_LITERALS = 200


class Imports:
    """Names that one module takes from other generated modules, and from typing and the runtime."""

    def __init__(self, module: Module, catalog: Catalog, namer: Namer) -> None:
        self.module = module
        self.catalog = catalog
        self.used: set[str] = set()
        self.modules: dict[str, str] = {}
        self.unresolved: list[m.Ref] = []
        self._own = catalog.exports(module.nsid) or {}
        self._namer = namer
        self._names: dict[tuple[str, str], str] = {}
        self._lines: list[tuple[str, str, str]] = []

    def use(self, name: str) -> str:
        """``name`` of typing or of the runtime, noted as needed."""
        self.used.add(name)
        return name

    def name_of(self, ref: m.Ref) -> str | None:
        """The name that ``ref`` goes by in this module; None when what it leads to is not known."""
        if ref.nsid == self.module.nsid:
            export = self._own.get(ref.name)
            return None if export is None or export.kind == "nothing" else self._kind_name(export.kind, export.name)
        exports = self.catalog.exports(ref.nsid)
        export = exports.get(ref.name) if exports else None
        if export is None or export.kind == "nothing":
            if export is None:
                self.unresolved.append(ref)
            return None
        home = self.catalog.modules.get(ref.nsid)
        if home is None:
            return None  # included without a package: known, but there is nothing to import
        seen = home.seen_from(self.module)
        self.modules[ref.nsid] = seen
        if export.kind == "token":
            return "str"
        key = (ref.nsid, export.name)
        if key not in self._names:
            prefix = pascal(ref.nsid.split(".")[-1])
            longer = pascal(ref.nsid.split(".")[-2]) + prefix
            name = self._namer.take(export.name, prefix + export.name, longer + export.name)
            self._names[key] = name
            self._lines.append((seen, export.name, name))
        return self._names[key]

    @staticmethod
    def _kind_name(kind: str, name: str) -> str:
        return "str" if kind == "token" else name

    def lines(self) -> list[str]:
        """Import statements, sorted: they stand under TYPE_CHECKING."""
        names: dict[str, list[str]] = {}
        for seen, theirs, ours in sorted(self._lines):
            names.setdefault(seen, []).append(theirs if theirs == ours else f"{theirs} as {ours}")
        return [f"from {seen} import {', '.join(listed)}" for seen, listed in names.items()]


Nested = Callable[[m.Object], str]


def annotate(kind: m.Type, imports: Imports, builtin: Callable[[str], str], nested: Nested) -> list[str]:
    """The members of the annotation's union, in order; a single one for most types.

    ``builtin`` spells ``str`` and its like where a field of the class may shadow them; ``nested`` names
    the class of an inline object.
    """
    if isinstance(kind, m.String):
        if kind.const is not None:
            return [f"{imports.use('Literal')}[{literal(kind.const)}]"]
        if kind.enum and len(kind.enum) <= _MOST_LITERALS:
            return [f"{imports.use('Literal')}[{', '.join(map(literal, dict.fromkeys(kind.enum)))}]"]
        return [builtin("str")]
    if isinstance(kind, m.Ref):
        name = imports.name_of(kind)
        return [builtin("str") if name == "str" else name or imports.use("Any")]
    if isinstance(kind, m.Integer):
        if kind.const is not None:
            return [f"{imports.use('Literal')}[{literal(kind.const)}]"]
        if kind.enum and len(kind.enum) <= _MOST_LITERALS:
            return [f"{imports.use('Literal')}[{', '.join(map(literal, dict.fromkeys(kind.enum)))}]"]
        return [builtin("int")]
    if isinstance(kind, m.Boolean):
        return [builtin("bool")] if kind.const is None else [f"{imports.use('Literal')}[{literal(kind.const)}]"]
    if isinstance(kind, m.Array):
        items = annotate(kind.items, imports, builtin, nested)
        return [f"{builtin('list')}[{' | '.join(items)}]"]
    if isinstance(kind, m.Union):
        return _union(kind, imports, builtin)
    if isinstance(kind, (m.Object, m.Params)):
        return [nested(kind)] if isinstance(kind, m.Object) else [_mapping(imports, builtin)]
    if isinstance(kind, m.Blob):
        return [imports.use("Blob")]
    if isinstance(kind, m.CidLink):
        return [imports.use("CidLink")]
    if isinstance(kind, m.Bytes):
        return [builtin("bytes")]
    if isinstance(kind, m.Token):
        return [builtin("str")]
    return [_mapping(imports, builtin)]


def _mapping(imports: Imports, builtin: Callable[[str], str]) -> str:
    return f"{builtin('dict')}[{builtin('str')}, {imports.use('Any')}]"


def _union(kind: m.Union, imports: Imports, builtin: Callable[[str], str]) -> list[str]:
    members: list[str] = []
    opaque = not kind.closed
    for ref in kind.refs:
        name = imports.name_of(ref)
        if name is None or name == "str":
            opaque = True
        else:
            members.append(name)
    if opaque or not members:
        members.append(_mapping(imports, builtin))
    return list(dict.fromkeys(members))


def _bounds(low: int | None, high: int | None, one: str, many: str) -> str:
    if low is not None and high is not None:
        return f"{low} {one if low == 1 else many}" if low == high else f"{low} to {high} {many}"
    if high is not None:
        return f"at most {high} {one if high == 1 else many}"
    return f"at least {low} {one if low == 1 else many}" if low else ""


def constraints(kind: m.Type) -> str:
    """What ``validate`` checks beyond the type, in a few words: ``at most 300 graphemes``."""
    parts: list[str] = []
    if isinstance(kind, m.String):
        if kind.format:
            parts.append(f"format {kind.format}")
        parts.append(_bounds(kind.min_length, kind.max_length, "byte", "bytes"))
        parts.append(_bounds(kind.min_graphemes, kind.max_graphemes, "grapheme", "graphemes"))
    elif isinstance(kind, m.Integer):
        if kind.minimum is not None and kind.maximum is not None:
            parts.append(f"{kind.minimum} to {kind.maximum}")
        elif kind.minimum is not None:
            parts.append(f"at least {kind.minimum}")
        elif kind.maximum is not None:
            parts.append(f"at most {kind.maximum}")
    elif isinstance(kind, m.Bytes):
        parts.append(_bounds(kind.min_length, kind.max_length, "byte", "bytes"))
    elif isinstance(kind, m.Array):
        parts.append(_bounds(kind.min_length, kind.max_length, "item", "items"))
        inner = constraints(kind.items)
        if inner:
            parts.append(f"each {inner}")
    elif isinstance(kind, m.Blob):
        if kind.accept:
            parts.append("accepts " + ", ".join(kind.accept))
        if kind.max_size is not None:
            parts.append(f"at most {kind.max_size} bytes")
    return ", ".join(part for part in parts if part)
