"""Which objects are members of unions, and which are referred to plainly: it decides what their ``$type`` is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from atdata_codegen.lexicon import model as m

__all__ = ["Uses", "body_types", "uses_of"]


class Uses:
    """``members`` and ``plain``: targets as (NSID, definition)."""

    def __init__(self) -> None:
        self.members: set[tuple[str, str]] = set()
        self.plain: set[tuple[str, str]] = set()


def uses_of(documents: Mapping[str, m.Document]) -> Uses:
    """The uses that all ``documents`` make of definitions."""
    found = Uses()
    stack: list[m.Type] = []
    for document in documents.values():
        for definition in document.defs.values():
            stack.extend(body_types(definition))
    while stack:
        kind = stack.pop()
        if isinstance(kind, m.Union):
            found.members.update((ref.nsid, ref.name) for ref in kind.refs)
        elif isinstance(kind, m.Ref):
            found.plain.add((kind.nsid, kind.name))
        else:
            stack.extend(_inner(kind))
    return found


def body_types(definition: m.Definition) -> Iterator[m.Type]:
    """The types that a definition consists of: itself, its record, or what a call takes and gives."""
    if isinstance(definition, m.Record):
        yield definition.record
    elif isinstance(definition, m.Endpoint):
        if definition.parameters is not None:
            yield definition.parameters
        for body in (definition.input, definition.output, definition.message):
            if body is not None and body.schema is not None:
                yield body.schema
    elif not isinstance(definition, (m.PermissionSet, m.UnknownPrimary)):
        yield definition


def _inner(kind: m.Type) -> Iterable[m.Type]:
    if isinstance(kind, (m.Object, m.Params)):
        return kind.properties.values()
    return (kind.items,) if isinstance(kind, m.Array) else ()
