"""Which version of a schema is read as which other one: the lenses of a set, and the ways through them."""

from __future__ import annotations

from collections import deque

from atdata_codegen.documents import Documents, SchemaDocument
from atdata_codegen.graph import Graph, Lens, State, Version
from atdata_codegen.lenses import LensDocument, parse_lens
from atdata_codegen.review.samples.view import SampleSide
from atdata_codegen.samples.model import SchemaRef

__all__ = ["LensWays", "graph_of"]

Node = tuple[str, str]


class LensWays:
    """The lenses of one set of documents; those that are refused, and drafts, lead nowhere.

    A draft has no mapping and names no code: nothing says that anybody has written what it asks for.
    """

    def __init__(self, documents: Documents) -> None:
        self.lenses: list[LensDocument] = []
        self.ends: dict[str, tuple[Node, Node]] = {}
        self.drafts: dict[tuple[Node, Node], str] = {}
        side = SampleSide(documents)
        self._steps: dict[Node, list[tuple[Node, LensDocument]]] = {}
        for document in documents.of("lens").values():
            lens, _ = parse_lens(document.value)
            if lens is None:
                continue
            self.lenses.append(lens)
            ends = _node(lens.source, side), _node(lens.target, side)
            if lens.rules is None and lens.getter is None:
                self.drafts[ends] = lens.name
                continue
            self.ends[lens.name] = ends
            self._steps.setdefault(ends[0], []).append((ends[1], lens))

    def between(self, source: Node, target: Node) -> tuple[bool, tuple[str, ...]] | None:
        """Whether the shortest way is whole as data, and its lenses; None where there is no way."""
        seen = {source}
        todo: deque[tuple[Node, tuple[LensDocument, ...]]] = deque([(source, ())])
        while todo:
            here, way = todo.popleft()
            if here == target and way:
                return all(lens.rules is not None for lens in way), tuple(lens.name for lens in way)
            for there, lens in self._steps.get(here, ()):
                if there not in seen:
                    seen.add(there)
                    todo.append((there, (*way, lens)))
        return None


def _node(ref: SchemaRef, side: SampleSide) -> Node:
    if ref.version or not ref.name:
        return ref.name or ref.uri, ref.version
    found = side.find(ref)
    return ref.name, found.document.version if found is not None else ""


def _state(old: object, new: object) -> State:
    """What became of a document; objects that carry a file are compared by what the file says."""
    ends = [one.value if isinstance(one, SchemaDocument) else one for one in (old, new)]
    if ends[0] is None or ends[1] is None:
        return "added" if ends[0] is None else "removed"
    return "same" if ends[0] == ends[1] else "changed"


def graph_of(old: Documents, new: Documents) -> Graph:
    """All versions and lenses of both sets, and what became of each."""
    versions: list[Version] = []
    before, after = old.of("sample"), new.of("sample")
    sides = SampleSide(new, old)
    for name, numbers in sorted(sides.by_name.items()):
        for _, view in sorted(numbers.items()):
            key = view.document.key
            state = _state(before.get(key), after.get(key))
            versions.append(Version(name, view.document.version, len(view.fields), state))
    lenses: list[Lens] = []
    ours = {lens.name: lens for lens in LensWays(old).lenses}
    theirs = {lens.name: lens for lens in LensWays(new).lenses}
    for name in sorted({*ours, *theirs}):
        lens = theirs.get(name) or ours[name]
        ends = _node(lens.source, sides), _node(lens.target, sides)
        lenses.append(Lens(name, *ends, lens.rules is not None, _state(ours.get(name), theirs.get(name))))
    return Graph(tuple(versions), tuple(lenses))
