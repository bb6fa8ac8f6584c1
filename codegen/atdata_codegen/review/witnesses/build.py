"""Values made from Lexicon definitions: the smallest valid one, and those that probe what two definitions differ in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, Final

from atdata_codegen.review.changes import Path
from atdata_codegen.review.lexicons.pair import nullable, properties, required
from atdata_codegen.review.lexicons.side import Node, Side, Target
from atdata_codegen.review.lexicons.unions import members
from atdata_codegen.review.witnesses.leaf_values import leaf_probes, number_of
from atdata_lexicon.catalog import split_reference
from atdata_lexicon.errors import Issue, MissingExtraError
from atdata_lexicon.validation import validate_at

__all__ = ["Builder", "Impossible", "probes"]

_DEEPEST: Final = 12
#: Values that a counter-example may hold at most.
_LARGEST: Final = 2000
_MOST_ITEMS: Final = 2000
_PROBE: Final = "/0"
_STRANGERS: Final[tuple[Any, ...]] = (0, "a", {}, True, [])
_STRANGER: Final = {"$type": "com.example.unheardOf"}


class Impossible(Exception):
    """No valid value could be made."""


class _Overlay:
    """A catalogue with one more definition, so that any part of a document can be held against a value."""

    def __init__(self, side: Side, nsid: str, node: Node) -> None:
        self._side, self._nsid, self._node = side, nsid, node

    def defs(self, nsid: str) -> Node | None:
        found = self._side.defs(nsid)
        return {**(found or {}), _PROBE[1:]: self._node} if nsid == self._nsid else found


class Builder:
    """Makes and checks values for the definitions of one side."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._made: dict[int, tuple[Node, Any, int]] = {}

    def issues(self, node: Node, nsid: str, value: object) -> list[Issue]:
        """What the validator says of ``value``, held against ``node`` in the document ``nsid``."""
        if node.get("type") == "record":
            defs = self.side.defs(nsid)
            if defs is not None and defs.get("main") is node:
                return validate_at(self.side, nsid, "/main", value)
        return validate_at(_Overlay(self.side, nsid, node), nsid, _PROBE, value)

    def accepts(self, node: Node, nsid: str, value: object) -> bool:
        """Whether the validator has nothing to say."""
        try:
            return not self.issues(node, nsid, value)
        except MissingExtraError:
            return False

    def smallest(self, node: Node, nsid: str, depth: int = 0) -> Any:
        """A small valid value; raises :class:`Impossible` where there is none, or none was found."""
        kept = self._made.get(id(node))
        if kept is None or kept[0] is not node:
            value = self._smallest(node, nsid, depth)
            kept = self._made[id(node)] = (node, value, self._size_of(value))
        if kept[2] > _LARGEST:
            raise Impossible
        return kept[1]

    @staticmethod
    def _size_of(value: Any) -> int:
        """How many values there are in ``value``, whose parts may be shared; what is known to be large stays large."""
        count, todo = 0, [value]
        while todo and count <= _LARGEST:
            here = todo.pop()
            count += 1
            todo += here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        return count

    def _smallest(self, node: Node, nsid: str, depth: int) -> Any:
        if depth > _DEEPEST:
            raise Impossible
        kind = node.get("type")
        if kind == "ref":
            target = self.side.resolve(node, nsid)
            if target is None:
                return {}
            if target.node.get("type") == "token":
                return target.nsid if target.name == "main" else f"{target.nsid}#{target.name}"
            return self.smallest(target.node, target.nsid, depth + 1)
        if kind in ("object", "params"):
            return self._object(node, nsid, depth)
        if kind == "record":
            return {"$type": nsid, **self.smallest(_body(node), nsid, depth + 1)}
        if kind == "array":
            least = number_of(node, "minLength") or 0
            if least > _MOST_ITEMS:
                raise Impossible
            if not least:
                return []
            item = self.smallest(_items(node), nsid, depth + 1)
            if least * self._size_of(item) > _LARGEST * 4:
                raise Impossible
            return [item] * least
        if kind == "union":
            if node.get("closed") is not True:
                return dict(_STRANGER)
            for member in members(node, nsid):
                try:
                    return self.member(member, nsid, depth + 1)
                except Impossible:
                    continue
            raise Impossible
        leaves = leaf_probes(node, node)
        for value in sorted(leaves, key=_plainness) if kind == "string" else leaves:
            if self.accepts(node, nsid, value):
                return value
        raise Impossible

    def _object(self, node: Node, nsid: str, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, inner in properties(node).items():
            if name in required(node):
                try:
                    made[name] = self.smallest(inner, nsid, depth + 1)
                except Impossible:
                    if name not in nullable(node):
                        raise
                    made[name] = None
        return made

    def member(self, name: str, nsid: str, depth: int = 0) -> Any:
        """The smallest value of one member of a union, with its ``$type``."""
        home, defname = split_reference(name, nsid)
        node = self.side.find(home, defname)
        if node is None:
            return {"$type": name}
        made = self.smallest({"type": "ref", "ref": f"{home}#{defname}"}, nsid, depth)
        if not isinstance(made, dict):
            raise Impossible
        return {"$type": name, **{key: value for key, value in made.items() if key != "$type"}}

    def around(self, node: Node, nsid: str, route: Path, value: Any) -> Any:
        """A valid value of ``node`` but for ``value``, which stands at ``route`` in it."""
        target = self.side.resolve(node, nsid)
        if target is None:
            raise Impossible
        node, nsid, _ = target
        kind = node.get("type")
        if kind == "record":
            below = self.around(_body(node), nsid, route, value)
            if not isinstance(below, dict):
                raise Impossible
            return {"$type": nsid, **below}
        if not route:
            return value
        if kind in ("object", "params"):
            inner = properties(node).get(str(route[0]))
            below = self.around(inner, nsid, route[1:], value) if inner is not None else value
            return {**self.smallest(node, nsid), str(route[0]): below}
        if kind == "array":
            items = self.smallest(node, nsid)
            return [self.around(_items(node), nsid, route[1:], value), *items[1:]]
        raise Impossible


def _plainness(value: Any) -> tuple[bool, bool, int]:
    """Short texts first, and an empty one behind them."""
    return (not isinstance(value, str), value == "", len(value) if isinstance(value, str) else 0)


def _reference(target: Target) -> Node:
    """The target as it would be referred to, so that tokens give their name."""
    return {"type": "ref", "ref": f"{target.nsid}#{target.name}"} if target.name else target.node


def _body(node: Node) -> Node:
    found = node.get("record")
    return found if isinstance(found, dict) else {}


def _items(node: Node) -> Node:
    found = node.get("items")
    return found if isinstance(found, dict) else {}


def probes(
    old: Builder, new: Builder, ends: tuple[tuple[Node, str], tuple[Node, str]], depth: int = 0
) -> Iterator[Any]:
    """Values that tell the definitions at ``ends``, an old and a new one, apart: at every limit of both."""
    resolved = [side.side.resolve(*end) for side, end in zip((old, new), ends, strict=True)]
    for builder, target in zip((old, new), resolved, strict=True):
        if target is not None:
            with suppress(Impossible):
                yield builder.smallest(_reference(target), target.nsid)
    nodes = [target.node for target in resolved if target is not None]
    if not nodes:
        return
    kinds = {node.get("type") for node in nodes}
    for kind in kinds & {"object", "params", "record"}:
        if len(kinds) == 1 and depth < 4 and resolved[0] and resolved[1]:
            ours = _object(resolved[0].node), _object(resolved[1].node)
            homes = resolved[0].nsid, resolved[1].nsid
            marks = {"$type": homes[0]} if kind == "record" else {}
            for value in _object_probes(old, new, ours, homes, depth):
                yield {**marks, **value}
    if kinds == {"array"} and depth < 4 and resolved[0] and resolved[1]:
        yield from _array_probes(
            old, new, (resolved[0].node, resolved[1].node), (resolved[0].nsid, resolved[1].nsid), depth
        )
    if "unknown" in kinds:
        for node in nodes:
            # An object that a typed definition refuses for one of its properties.
            yield from ({name: value} for name in properties(node) for value in _STRANGERS)
    if "union" in kinds:
        for builder, target in zip((old, new), resolved, strict=True):
            for name in members(target.node, target.nsid) if target is not None else ():
                try:
                    yield builder.member(name, target.nsid if target is not None else "")
                except Impossible:
                    continue
        yield dict(_STRANGER)
    yield from leaf_probes(nodes[0], nodes[-1])


def _object(node: Node) -> Node:
    return _body(node) if node.get("type") == "record" else node


def _object_probes(
    old: Builder, new: Builder, nodes: tuple[Node, Node], homes: tuple[str, str], depth: int
) -> Iterator[dict[str, Any]]:
    for builder, node, home in ((old, nodes[0], homes[0]), (new, nodes[1], homes[1])):
        try:
            base = builder.smallest(node, home)
        except Impossible:
            continue
        full = dict(base)
        for name, inner in properties(node).items():
            if name not in full:
                try:
                    full[name] = builder.smallest(inner, home)
                except Impossible:
                    continue
        yield full
        ours, theirs = properties(nodes[0]), properties(nodes[1])
        for name in {**ours, **theirs}:
            one, other = ours.get(name), theirs.get(name)
            if name in nullable(nodes[0]) | nullable(nodes[1]):
                yield {**base, name: None}
            if one == other and homes[0] == homes[1]:
                continue
            if one is None or other is None:
                yield from ({**base, name: value} for value in _STRANGERS)
                continue
            for value in islice(probes(old, new, ((one, homes[0]), (other, homes[1])), depth + 1), 80):
                yield {**base, name: value}


def _array_probes(
    old: Builder, new: Builder, nodes: tuple[Node, Node], homes: tuple[str, str], depth: int
) -> Iterator[list[Any]]:
    items = (_items(nodes[0]), homes[0]), (_items(nodes[1]), homes[1])
    first: Any = None
    for value in islice(probes(old, new, items, depth + 1), 80):
        first = value if first is None else first
        yield [value]
    limits = [number_of(node, key) for node in nodes for key in ("minLength", "maxLength")]
    for size in sorted({around for limit in limits if limit is not None for around in (limit - 1, limit, limit + 1)}):
        if 0 <= size <= _MOST_ITEMS and first is not None:
            yield [first] * size
