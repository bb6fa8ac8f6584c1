"""The counter-example for one change of a Lexicon, as a whole record where the place stands in one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final, Literal

from atdata_codegen.findings import Witness
from atdata_codegen.problems import json_path
from atdata_codegen.review.changes import Change, Path
from atdata_codegen.review.lexicons.pair import LexPair, properties
from atdata_codegen.review.lexicons.side import Node, Side
from atdata_codegen.review.witnesses.build import Builder, Impossible, probes
from atdata_lexicon.catalog import find_pointer
from atdata_lexicon.errors import MissingExtraError
from atdata_lexicon.validation import check_record_key

__all__ = ["RecordWitnesses"]

_MOST_PROBES: Final = 400
#: Properties of objects that all searches of one comparison may look at, about half a second's worth.
_MOST_WORK: Final = 1_000_000
_KEYS: Final = ("self", "3jzfcijpj2z2a", "com.example.post", "a:b~c")
_NO_PARAMS: Final[Node] = {"type": "params", "properties": {}}


class RecordWitnesses:
    """Finds values that one side accepts and the other refuses; what is not checked is not given out."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new = Builder(old), Builder(new)
        self._left = _MOST_WORK

    def find(self, pair: LexPair, change: Change, valid: Literal["old", "new"]) -> Witness | None:
        """A value that ``valid`` accepts and the other side refuses because of ``change``; None if none was found."""
        if change.rule == "LEX040":
            return _key_witness(pair, valid)
        if not pair.pointer:
            return None
        roots = _root(self._old.side, pair.old_nsid, pair.pointer), _root(self._new.side, pair.new_nsid, pair.pointer)
        if roots[0] is None or roots[1] is None:
            return None
        mine, other = (self._old, self._new) if valid == "old" else (self._new, self._old)
        root, against = (roots[0], roots[1]) if valid == "old" else (roots[1], roots[0])
        ends = (pair.old, pair.old_nsid), (pair.new, pair.new_nsid)
        home = pair.old_nsid if valid == "old" else pair.new_nsid
        place = _place(pair.route, change)
        work = 1 + sum(len(properties(node)) for node in (pair.old, pair.new, _object(root), _object(against)))
        for value in islice(probes(self._old, self._new, ends), _MOST_PROBES):
            self._left -= work
            if self._left < 0:
                return None
            try:
                whole = mine.around(root, home, pair.route, value)
                if not mine.accepts(root, home, whole):
                    continue
                refusals = other.issues(against, pair.new_nsid if valid == "old" else pair.old_nsid, whole)
            except (Impossible, MissingExtraError):
                continue
            for issue in refusals:
                if issue.path.startswith(place):
                    kind: Literal["record", "value"] = "record" if root.get("type") == "record" else "value"
                    return Witness(kind, whole, valid, str(issue))
        return None


def _object(node: Node) -> Node:
    body = node.get("record")
    return body if isinstance(body, dict) else node


def _place(route: Path, change: Change) -> str:
    at = change.at
    extra: Path = (at[1],) if len(at) > 1 and at[0] == "properties" else ()
    return json_path((*route, *extra))


def _root(side: Side, nsid: str, pointer: str) -> Node | None:
    defs = side.defs(nsid)
    node = find_pointer(defs, pointer) if defs is not None else None
    if isinstance(node, dict):
        return node
    return _NO_PARAMS if pointer.endswith("/parameters") else None


def _keys(spec: str) -> Iterator[str]:
    if spec.startswith("literal:"):
        yield spec[8:]
    yield from _KEYS


def _key_witness(pair: LexPair, valid: str) -> Witness | None:
    old, new = str(pair.old.get("key")), str(pair.new.get("key"))
    mine, other = (old, new) if valid == "old" else (new, old)
    for key in _keys(mine):
        refusal: Any = check_record_key(other, key)
        if check_record_key(mine, key) is None and refusal is not None:
            return Witness("value", key, "old" if valid == "old" else "new", f"record key: {refusal}")
    return None
