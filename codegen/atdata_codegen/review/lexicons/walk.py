"""The walk over two sets of Lexicons: every pair of places once, each rule asked where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from atdata_codegen.lexicon.keys import KEYS
from atdata_codegen.review.changes import Change, Checks
from atdata_codegen.review.lexicons import kinds, leaves, notes, objects, unions  # noqa: F401  # they fill the table
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.definitions import METHODS, definitions
from atdata_codegen.review.lexicons.pair import LexPair, properties
from atdata_codegen.review.lexicons.roles import Mode, Roles
from atdata_codegen.review.lexicons.side import Node, Side, absolute

__all__ = ["LEXICON_CHECKS", "LexiconWalk", "Located"]

_NOTHING: Node = {}
#: Pairs of definitions that one comparison follows references to; what is beyond counts as unknown.
_MOST_PAIRS: Final = 200_000
_NO_PARAMS: Node = {"type": "params", "properties": {}}


@dataclass(frozen=True, slots=True)
class Located:
    """A change and the pair of places where it was found."""

    pair: LexPair
    change: Change


class LexiconWalk:
    """Compares ``old`` with ``new``. ``past`` are sets before ``old``, oldest first, for names that come back."""

    def __init__(
        self, old: Side, new: Side, past: Sequence[Side] = (), checks: Checks[LexPair] = LEXICON_CHECKS
    ) -> None:
        self.old, self.new, self.past, self.checks = old, new, past, checks
        self.roles = Roles(old, new)
        self._left = _MOST_PAIRS
        self._local: dict[tuple[int, int, Mode], tuple[tuple[Change, ...], tuple[LexPair, ...]]] = {}

    def documents(self, nsids: Iterable[str]) -> Iterator[Located]:
        """What changed in the documents ``nsids``, each of which is on one side at least."""
        for nsid in nsids:
            old, new = (
                side.documents[nsid].value if nsid in side.documents else _NOTHING for side in (self.old, self.new)
            )
            pair = LexPair(old, new, nsid, nsid, ())
            if not old or not new:
                yield from self._ask("set", pair)
                continue
            yield from self._ask("document", pair)
            head = replace(pair, old=_head(old), new=_head(new))
            yield from self._ask("head", head)
            theirs = definitions(new)
            for name, node in definitions(old).items():
                if name in theirs and json.dumps(node) != json.dumps(theirs[name]):
                    found = list(self._definition(pair, name, node, theirs[name]))
                    yield from found or self._ask(
                        "layout", replace(pair, old=node, new=theirs[name], path=("defs", name))
                    )

    def _ask(self, kind: str, pair: LexPair) -> Iterator[Located]:
        changes = self.checks.run(kind, pair)
        for change in leaves.exactly(pair, changes) if changes and kind in ("string", "integer") else changes:
            yield Located(pair, change)

    def _definition(self, pair: LexPair, name: str, old: Node, new: Node) -> Iterator[Located]:
        nsid = pair.new_nsid
        past = tuple(node for side in self.past if (node := side.find(nsid, name)) is not None)
        mode = self.roles.mode(nsid, name)
        here = replace(pair, old=old, new=new, path=("defs", name), mode=mode, pointer=f"/{name}", past=past)
        yield from self._ask("definition", here)
        kind = old.get("type")
        if kind != new.get("type"):
            return
        if kind == "record":
            yield from self._ask("record", here)
            bodies = old.get("record"), new.get("record")
            if isinstance(bodies[0], dict) and isinstance(bodies[1], dict):
                yield from self.types(here.below("record", step=(), old=bodies[0], new=bodies[1]))
        elif kind in METHODS:
            yield from self._method(here)
        elif kind == "permission-set":
            yield from self._ask("permission-set", here)
        elif kind in KEYS:
            yield from self.types(here)
        else:
            yield from self._ask("opaque", here)

    def _method(self, here: LexPair) -> Iterator[Located]:
        yield from self._ask("method", here)
        old, new = (node.get("parameters") for node in (here.old, here.new))
        params = here.below(
            "parameters", step=(), old=old if isinstance(old, dict) else _NO_PARAMS,
            new=new if isinstance(new, dict) else _NO_PARAMS,
        )  # fmt: skip
        yield from self.types(replace(params, mode="params", pointer=f"{here.pointer}/parameters"))
        modes: dict[str, Mode] = {"input": "input", "output": "output", "message": "data"}
        for key, mode in modes.items():
            schemas = [
                body.get("schema") if isinstance(body := node.get(key), dict) else None for node in (here.old, here.new)
            ]
            if isinstance(schemas[0], dict) and isinstance(schemas[1], dict):
                below = here.below(key, "schema", step=(), old=schemas[0], new=schemas[1])
                below = replace(below, mode=mode, pointer=f"{here.pointer}/{key}/schema")
                if key == "message":
                    yield from self._ask("message", below)
                else:
                    yield from self.types(below)

    def types(self, pair: LexPair, edges: list[LexPair] | None = None) -> Iterator[Located]:
        """What changed between two types that stand in definitions, and below them.

        Definitions that references lead to are compared too; with ``edges`` they are only noted there.
        """
        types = pair.old.get("type"), pair.new.get("type")
        if "ref" in types:
            yield from self._references(pair, edges)
        elif types[0] != types[1]:
            yield from self._ask("kinds", pair)
        elif isinstance(types[0], str):
            yield from self._ask(types[0], pair)
            if types[0] in ("object", "params"):
                ours, theirs = properties(pair.old), properties(pair.new)
                for name in pair.fields.common:
                    if ours[name] != theirs[name] or pair.old_nsid != pair.new_nsid:
                        step = (name,)
                        below = pair.below("properties", name, step=step, old=ours[name], new=theirs[name])
                        yield from self.types(below, edges)
            elif types[0] == "array":
                old, new = pair.old.get("items"), pair.new.get("items")
                if isinstance(old, dict) and isinstance(new, dict):
                    yield from self.types(pair.below("items", step=(0,), old=old, new=new, item=True), edges)

    def _references(self, pair: LexPair, edges: list[LexPair] | None) -> Iterator[Located]:
        """A reference on one side at least: what it means is compared, and told as one change of the reference."""
        if pair.old.get("type") == pair.new.get("type") and absolute(pair.old, pair.old_nsid) == absolute(
            pair.new, pair.new_nsid
        ):
            return  # what changed there is told there
        old, new = self.old.resolve(pair.old, pair.old_nsid), self.new.resolve(pair.new, pair.new_nsid)
        if old is None or new is None:
            yield from self._ask("ref", replace(pair, lost="old" if old is None else "new"))
            return
        inner = replace(pair, old=old.node, new=new.node, old_nsid=old.nsid, new_nsid=new.nsid, item=False, past=())
        if edges is not None:
            edges.append(inner)
            return
        found = self._reachable(inner)
        yield from self._ask("ref", replace(pair, lost="new") if found is None else replace(pair, inner=found))

    def _reachable(self, first: LexPair) -> tuple[Change, ...] | None:
        """What changed in all pairs of definitions that ``first`` leads to, each looked at once; None for too many.

        A circle comes back to a pair that was seen, and is as equal as the rest of it.
        """
        seen: set[tuple[int, int, Mode]] = set()
        todo, found = [first], list[Change]()
        while todo:
            pair = todo.pop()
            key = (id(pair.old), id(pair.new), pair.mode)
            if key in seen:
                continue
            self._left -= 1
            if self._left < 0:
                return None
            seen.add(key)
            if key not in self._local:
                edges: list[LexPair] = []
                changes = tuple(one.change for one in self.types(pair, edges))
                self._local[key] = changes, tuple(edges)
            found += self._local[key][0]
            todo += self._local[key][1]
        return tuple(found)


def _head(document: Node) -> Node:
    return {key: value for key, value in document.items() if key != "defs"}
