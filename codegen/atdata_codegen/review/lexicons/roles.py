"""What each definition is used for: data at rest, what clients send, what servers answer.

Who breaks depends on it. Data at rest flows both ways in time: what is refused now breaks readers of old data,
what was refused before breaks old readers of new data. Clients stay old when a server changes: what their
requests may not hold any more breaks them as writers, what answers may hold since breaks them as readers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, TypeAlias

from atdata_codegen.review.lexicons.side import Node, Side, references
from atdata_lexicon.catalog import split_reference

__all__ = ["Mode", "Roles"]

#: ``both`` is sent and answered, and never stored.
Mode: TypeAlias = Literal["data", "params", "input", "output", "both"]
_Name = tuple[str, str]


class Roles:
    """The mode of every definition of both sides; definitions that nothing uses are data."""

    def __init__(self, *sides: Side) -> None:
        steps: dict[_Name, set[_Name]] = {}
        self._found: dict[_Name, set[Mode]] = {}
        roots: list[tuple[_Name, Mode]] = []
        for side in sides:
            for nsid, document in side.documents.items():
                defs = document.value.get("defs")
                for name, node in defs.items() if isinstance(defs, dict) else ():
                    if not isinstance(node, dict):
                        continue
                    kind = node.get("type")
                    if name == "main" and kind in ("query", "procedure", "subscription"):
                        for body, mode in _bodies(node):
                            roots.extend((target, mode) for target in _targets(body, nsid))
                        continue
                    targets = set(_targets(node, nsid))
                    if targets:
                        steps.setdefault((nsid, name), set()).update(targets)
                    if kind == "record":
                        roots.append(((nsid, name), "data"))
        todo = roots
        while todo:
            at, mode = todo.pop()
            seen = self._found.setdefault(at, set())
            if mode not in seen:
                seen.add(mode)
                todo.extend((target, mode) for target in steps.get(at, ()))

    def mode(self, nsid: str, name: str) -> Mode:
        """What the definition is used for."""
        found = self._found.get((nsid, name), set())
        if not found or "data" in found:
            return "data"
        if len(found) > 1:
            return "both"
        return "input" if "input" in found else "output"


def _bodies(node: Node) -> Iterator[tuple[object, Mode]]:
    # A subscription's backlog is replayed, so its messages are data at rest.
    yield node.get("input"), "input"
    yield node.get("output"), "output"
    yield node.get("message"), "data"


def _targets(node: object, nsid: str) -> Iterable[_Name]:
    return (split_reference(reference, nsid) for reference in references(node))
