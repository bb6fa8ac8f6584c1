"""Definitions as functions that say at once whether a value is good, for the many values that are.

They say no whenever they are not sure. Then `validation` looks closely, and it alone says what is wrong: a yes here
means that it would find nothing, neither by the definition nor by the rules of the data model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._leaves import LEAVES, Node
from ._rules import MAX_INT, MIN_INT, is_unicode, object_problem, scalar_problem, special_problem
from .catalog import Catalog, find_pointer, split_reference
from .data import is_object
from .syntax import format_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Acceptor"]

_Accept: TypeAlias = "Callable[[Any, int], bool]"
"""Takes a value and how many levels it may still nest."""

_DEPTH: Final = 48  # deeper data is for the walk that needs no stack
_PATIENCE: Final = 3  # what is asked only so often is not worth a function
_MAX_HOPS: Final = 32
_MARKS: Final = ("$link", "$bytes", "$type")


class Acceptor:
    """What is known of the definitions of one catalogue, which must not change."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._asked: dict[tuple[str, str], int] = {}
        self._roots: dict[tuple[str, str], _Accept] = {}
        self._named: dict[tuple[str, str], _Accept] = {}

    def accepts(self, nsid: str, pointer: str, value: object) -> bool:
        """Whether a value is surely good by the definition at a pointer (`validate_at` has the same arguments)."""
        try:
            accept = self._roots.get((nsid, pointer))
            if accept is None:
                accept = self._made(nsid, pointer)
            return accept(value, _DEPTH)
        except RecursionError:
            return False

    def _made(self, nsid: str, pointer: str) -> _Accept:
        """The function of a definition that was asked for often enough; nothing is kept of what there is not."""
        defs = self._catalog.defs(nsid)
        node = None if defs is None else find_pointer(defs, pointer)
        if defs is None or not isinstance(node, dict):
            return _never
        times = self._asked[nsid, pointer] = self._asked.get((nsid, pointer), 0) + 1
        if times <= _PATIENCE:
            return _never
        accept = self._roots[nsid, pointer] = self._root(defs, node, nsid, pointer)
        return accept

    def _root(self, defs: Mapping[str, Any], node: Node, nsid: str, pointer: str) -> _Accept:
        if pointer == "/main/record" and defs["main"].get("type") == "record":
            node = defs["main"]
        return self._make(node, nsid, pointer[1:])

    def _make(self, node: Node, nsid: str, name: str = "") -> _Accept:
        kind = node.get("type")
        if kind == "ref":
            return self._reference(node.get("ref"), nsid)
        if kind in ("object", "params"):
            return self._object(node, nsid)
        if kind == "record":
            return self._record(node, nsid)
        if kind == "array":
            return self._array(node, nsid)
        if kind == "union":
            return self._union(node, nsid)
        if kind == "token":
            full = nsid if name == "main" else f"{nsid}#{name}"
            return lambda value, depth: type(value) is str and value == full
        return _leaf(kind, node) if isinstance(kind, str) and kind in LEAVES else _plain

    def _reference(self, reference: object, nsid: str) -> _Accept:
        """The function of another definition, which is made when the first value comes: it may be this very one."""
        if not isinstance(reference, str):
            return _plain
        key = split_reference(reference, nsid)
        found = self._named.get(key)
        if found is not None:
            return found
        made: _Accept | None = None

        def accept(value: Any, depth: int) -> bool:
            nonlocal made
            if made is None:
                made = self._resolved(*key)
            return made(value, depth)

        self._named[key] = accept
        return accept

    def _resolved(self, nsid: str, name: str) -> _Accept:
        for _ in range(_MAX_HOPS):
            defs = self._catalog.defs(nsid)
            node = None if defs is None else defs.get(name)
            if not isinstance(node, dict):
                return _never  # unknown by now, and everything would be good; but it may be known later
            if node.get("type") != "ref" or not isinstance(node.get("ref"), str):
                return self._make(node, nsid, name)
            nsid, name = split_reference(node["ref"], nsid)
        return _never

    def _object(self, node: Node, nsid: str) -> _Accept:
        properties = node.get("properties")
        named = properties.items() if isinstance(properties, dict) else ()
        children = {key: self._make(child, nsid) for key, child in named if isinstance(child, dict)}
        if not all(is_unicode(key) and key not in _MARKS for key in children):
            return _never
        required, nullable = _names(node, "required"), frozenset(_names(node, "nullable"))

        def accept(value: Any, depth: int) -> bool:
            if type(value) is not dict or not depth:
                return False
            for key in required:
                if key not in value:
                    return False
            for key, item in value.items():
                child = children.get(key)
                if child is None:
                    if not _stranger(key, item, depth):
                        return False
                elif item is None:
                    if key not in nullable:
                        return False
                elif not child(item, depth - 1):
                    return False
            return True

        return accept

    def _record(self, node: Node, nsid: str) -> _Accept:
        body = node.get("record")
        inside = self._make(body, nsid) if isinstance(body, dict) else _never
        return lambda value, depth: type(value) is dict and value.get("$type") == nsid and inside(value, depth)

    def _array(self, node: Node, nsid: str) -> _Accept:
        items = node.get("items")
        inside = self._make(items if isinstance(items, dict) else {}, nsid)
        least, most = _limit(node, "minLength"), _limit(node, "maxLength")

        def accept(value: Any, depth: int) -> bool:
            if type(value) is not list or not depth:
                return False
            if (least is not None and len(value) < least) or (most is not None and len(value) > most):
                return False
            for item in value:  # noqa: SIM110  # a generator takes longer
                if item is None or not inside(item, depth - 1):
                    return False
            return True

        return accept

    def _union(self, node: Node, nsid: str) -> _Accept:
        members = {split_reference(ref, nsid): self._reference(ref, nsid) for ref in _names(node, "refs")}
        named = {target if name == "main" else f"{target}#{name}": one for (target, name), one in members.items()}
        # What no member may be called is left to the closer look.
        known = {k: v for k, v in named.items() if k != "blob" and not (k.startswith("#") or k.endswith("#main"))}
        closed = node.get("closed") is True

        def accept(value: Any, depth: int) -> bool:
            if type(value) is not dict:
                return False
            kind = value.get("$type")
            if type(kind) is not str:
                return False
            member = known.get(kind)
            if member is not None:
                return member(value, depth)
            if closed or kind.endswith("#main") or split_reference(kind, nsid) in members:
                return False
            return is_object(value) and _plain(value, depth)

        return accept


def _names(node: Node, key: str) -> tuple[str, ...]:
    names = node.get(key)
    return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()


def _limit(node: Node, key: str) -> int | None:
    limit = node.get(key)
    return limit if isinstance(limit, int) else None


def _never(value: object, depth: int) -> bool:
    return False


def _stranger(key: object, value: object, depth: int) -> bool:
    """Whether a field that no definition knows is data."""
    if type(key) is not str:
        return False
    if key in _MARKS:
        return key == "$type" and type(value) is str and value != "" and value != "blob" and is_unicode(value)
    return is_unicode(key) and _plain(value, depth - 1)


def _plain(value: object, depth: int) -> bool:
    """Whether a value keeps the rules of the data model."""
    if type(value) is str:
        return is_unicode(value)
    if type(value) is int:
        return MIN_INT <= value <= MAX_INT
    if type(value) is list:
        if not depth:
            return False
        return all(_plain(item, depth - 1) for item in value)
    if type(value) is dict:
        if not depth or object_problem(value, False) is not None:
            return False
        return all(_plain(item, depth - 1) for item in value.values())
    return scalar_problem(value, False) is None


def _leaf(kind: str, node: Node) -> _Accept:
    """The function of a definition that holds no others."""
    problem = LEAVES[kind]
    if kind == "string":
        return _string(node)
    if kind == "integer" and not {"const", "enum"} & node.keys():
        least, most = _limit(node, "minimum"), _limit(node, "maximum")
        low = MIN_INT if least is None else max(MIN_INT, least)
        high = MAX_INT if most is None else min(MAX_INT, most)
        return lambda value, depth: type(value) is int and low <= value <= high
    if kind == "boolean" and not {"const", "enum"} & node.keys():
        return lambda value, depth: value is True or value is False
    if kind == "bytes":
        return lambda value, depth: (
            (type(value) is bytes or (type(value) is dict and special_problem(value) is None))
            and problem(node, value) is None
        )
    return lambda value, depth: _plain(value, depth) and problem(node, value) is None


def _string(node: Node) -> _Accept:
    problem = LEAVES["string"]
    least = max(_limit(node, "minLength") or 0, 2 * (_limit(node, "minGraphemes") or 0))  # CR and LF are one
    limits = [limit for key in ("maxLength", "maxGraphemes") if (limit := _limit(node, key)) is not None]
    most = min(limits, default=None)
    name = node.get("format")
    check = format_check(name) if isinstance(name, str) else None
    special = bool({"const", "enum"} & node.keys())

    def accept(value: Any, depth: int) -> bool:
        if type(value) is not str:
            return False
        if special or not value.isascii() or len(value) < least or (most is not None and len(value) > most):
            return is_unicode(value) and problem(node, value) is None
        return check is None or check(value)

    return accept
