"""One side of a comparison of Lexicons: definitions by name, references resolved, shapes without their descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from atdata_codegen.documents import Documents
from atdata_codegen.lexicon.keys import KEYS
from atdata_lexicon.catalog import split_reference

__all__ = ["Node", "Side", "Target", "absolute", "known_keys", "names", "references", "shape_of"]

Node: TypeAlias = "Mapping[str, Any]"  # Any: a Lexicon definition, as in JSON

_MAX_HOPS = 32
_TEXTS = frozenset({"description", "title", "title:lang", "detail", "detail:lang"})
_ANY: frozenset[str] = frozenset()


def known_keys(kind: object) -> frozenset[str]:
    """The keys that Lexicon knows in a definition of one type; none where the type is not known."""
    return KEYS.get(kind, _ANY) if isinstance(kind, str) else _ANY


class Target(NamedTuple):
    """Where a chain of references ends."""

    node: Node
    nsid: str
    name: str


class Side:
    """The definitions of one set of documents."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents.of("lexicon")
        self._defs: dict[str, Node] = {}
        for nsid, document in self.documents.items():
            found = document.value.get("defs")
            self._defs[nsid] = found if isinstance(found, dict) else {}

    def defs(self, nsid: str) -> Node | None:
        """The definitions of a document: the catalogue that the validator asks."""
        return self._defs.get(nsid)

    def find(self, nsid: str, name: str) -> Node | None:
        """One definition."""
        node = self._defs.get(nsid, {}).get(name)
        return node if isinstance(node, dict) else None

    def resolve(self, node: Node, nsid: str) -> Target | None:
        """What ``node`` means when references are followed; None where one leads nowhere, or in a circle."""
        name = ""
        for _ in range(_MAX_HOPS):
            if node.get("type") != "ref":
                return Target(node, nsid, name)
            reference = node.get("ref")
            if not isinstance(reference, str):
                return None
            nsid, name = split_reference(reference, nsid)
            found = self.find(nsid, name)
            if found is None:
                return None
            node = found
        return None


def absolute(node: Node, nsid: str) -> str:
    """A reference in the document ``nsid`` as ``com.example.thing#name``."""
    return "#".join(split_reference(str(node.get("ref")), nsid))


def names(node: Node, key: str) -> list[str]:
    """The texts of a list, each once and in order; nothing where there is no list."""
    found = node.get(key)
    return list(dict.fromkeys(one for one in found if isinstance(one, str))) if isinstance(found, list) else []


def shape_of(node: Any, nsid: str) -> str:
    """A text that two definitions share when they allow the same data and mean the same: references are absolute."""
    return json.dumps(_bare(node, nsid), sort_keys=True)


def _bare(node: Any, nsid: str, inside: str = "") -> Any:
    if isinstance(node, dict):
        known = known_keys(node.get("type")) if inside != "properties" else _ANY
        out = {}
        for key, value in node.items():
            if known and (key in _TEXTS or key not in known):
                continue
            if known and key in ("ref", "refs"):
                listed = value if isinstance(value, list) else [value]
                out[key] = sorted("#".join(split_reference(one, nsid)) for one in listed if isinstance(one, str))
            elif known and key in ("required", "nullable", "enum") and isinstance(value, list):
                out[key] = sorted(value, key=repr)
            else:
                out[key] = _bare(value, nsid, key)
        return out
    if isinstance(node, list):
        return [_bare(one, nsid) for one in node]
    return node


def references(node: Any) -> Iterator[str]:
    """Every reference below ``node``, as it stands there."""
    todo = [node]
    while todo:
        here = todo.pop()
        if isinstance(here, dict):
            reference = here.get("ref")
            if isinstance(reference, str) and here.get("type") == "ref":
                yield reference
            elif here.get("type") == "union":
                yield from names(here, "refs")
            todo.extend(value for value in here.values() if isinstance(value, (dict, list)))
        elif isinstance(here, list):
            todo.extend(value for value in here if isinstance(value, (dict, list)))
