"""Random schemas, changed at random: random data contradicts no verdict of safe, and every witness holds."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.findings import Review
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.review.compare import compare
from atdata_codegen.sources import Source
from random_records import Cannot, RandomRecords

from atdata_lexicon.validation import DictCatalog, validate_at

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
FORMATS = [
    "did",
    "handle",
    "at-identifier",
    "uri",
    "at-uri",
    "nsid",
    "tid",
    "record-key",
    "datetime",
    "language",
    "cid",
]
NSID = "com.example.note"


class Schemas:
    """Random definitions; ``#a``, ``#b`` and ``#c`` are objects, ``#t`` is a token, ``#l`` a list."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)

    def document(self) -> dict[str, Any]:
        defs: dict[str, Any] = {name: self.object(1) for name in "abc"}
        defs["t"] = {"type": "token"}
        defs["l"] = {"type": "array", "items": self.type(2)}
        defs["main"] = {"type": "record", "key": "tid", "record": self.object(0)}
        return {"lexicon": 1, "id": NSID, "defs": defs}

    def object(self, depth: int) -> dict[str, Any]:
        names = self.pick.sample("pqrstuvw", self.pick.randint(1, 4))
        properties = {name: self.type(depth + 1) for name in names}
        return {
            "type": "object",
            "properties": properties,
            "required": [name for name in names if self.pick.random() < 0.4],
            "nullable": [name for name in names if self.pick.random() < 0.2],
        }

    def type(self, depth: int) -> dict[str, Any]:
        pick = self.pick
        kinds = ["string"] * 4 + ["integer"] * 2 + ["boolean", "bytes", "blob", "cid-link", "unknown", "ref", "union"]
        kind = pick.choice(kinds + (["array", "object"] if depth < 3 else []))
        node: dict[str, Any] = {"type": kind}
        if kind == "string":
            self._string(node)
        elif kind == "integer":
            low, high = sorted(pick.sample(range(-5, 20), 2))
            if pick.random() < 0.2:
                node["enum"] = sorted(pick.sample(range(6), 3))
            else:
                node.update({k: v for k, v in (("minimum", low), ("maximum", high)) if pick.random() < 0.5})
        elif kind == "bytes" and pick.random() < 0.5:
            node["maxLength"] = pick.randint(3, 30)
        elif kind == "blob":
            if pick.random() < 0.6:
                node["accept"] = pick.sample(["image/*", "image/png", "text/plain", "*/*"], pick.randint(1, 2))
            if pick.random() < 0.5:
                node["maxSize"] = pick.choice([10, 1000])
        elif kind == "ref":
            node["ref"] = pick.choice(["#a", "#b", "#c", "#l", f"{NSID}#a"])
        elif kind == "union":
            node["refs"] = pick.sample(["#a", "#b", "#c"], pick.randint(1, 3))
            if pick.random() < 0.4:
                node["closed"] = True
        elif kind == "array":
            node["items"] = self.type(depth + 1)
            if pick.random() < 0.5:
                node["maxLength"] = pick.randint(1, 5)
            if pick.random() < 0.3:
                node["minLength"] = 1
        elif kind == "object":
            return self.object(depth)
        return node

    def _string(self, node: dict[str, Any]) -> None:
        pick = self.pick
        choice = pick.random()
        if choice < 0.3:
            node["format"] = pick.choice(FORMATS)
        elif choice < 0.45:
            node["enum"] = pick.sample(["red", "green", "blue", "grey"], pick.randint(1, 3))
        elif choice < 0.55:
            node["knownValues"] = pick.sample(["red", "green", "blue"], 2)
        elif choice < 0.6:
            node["const"] = pick.choice(["red", "green"])
        else:
            for key, low, high in (("minLength", 0, 4), ("maxLength", 4, 30), ("maxGraphemes", 4, 20)):
                if pick.random() < 0.4:
                    node[key] = pick.randint(low, high)

    def changed(self, document: dict[str, Any]) -> dict[str, Any]:
        """A copy with one to three random changes anywhere; now and then it is no valid document any more."""
        new = copy.deepcopy(document)
        for _ in range(self.pick.randint(1, 3)):
            nodes = list(_nodes(new["defs"]))
            holder, key = self.pick.choice(nodes)
            self._change(new, holder, key)
        return new

    def _change(self, document: dict[str, Any], holder: dict[str, Any], key: str) -> None:
        pick, node = self.pick, holder[key]
        choice = pick.random()
        if node["type"] == "object":
            names = list(node["properties"])
            if choice < 0.3:
                name = pick.choice("pqrstuvwxyz")
                node["properties"][name] = self.type(2)
            elif choice < 0.5 and len(names) > 1:
                gone = pick.choice(names)
                node["properties"].pop(gone)
                for listed in ("required", "nullable"):
                    node[listed] = [name for name in node[listed] if name != gone]
                if choice < 0.4:
                    node["properties"]["renamed"] = self.type(2)
            else:
                name = pick.choice(names)
                listed = pick.choice(["required", "nullable"])
                node[listed] = [n for n in node[listed] if n != name] if name in node[listed] else [*node[listed], name]
        elif choice < 0.6 or node["type"] in ("token", "record"):
            fresh = self.type(2)
            if node["type"] == fresh["type"] or choice < 0.15:
                holder[key] = fresh if node["type"] not in ("token", "record") else node
            else:
                self._tune(node)
        else:
            self._tune(node)

    def _tune(self, node: dict[str, Any]) -> None:
        pick = self.pick
        numbers = [key for key, value in node.items() if isinstance(value, int) and not isinstance(value, bool)]
        if numbers and pick.random() < 0.7:
            key = pick.choice(numbers)
            if pick.random() < 0.3:
                node.pop(key)
            else:
                node[key] = max(0, node[key] + pick.choice([-2, -1, 1, 3]))
        elif node["type"] == "string" and "format" in node:
            node["format"] = pick.choice(FORMATS)
        elif node["type"] == "union":
            node["closed"] = not node.get("closed", False)
        elif node.get("enum"):
            node["enum"] = node["enum"][:-1] or node["enum"]
        elif node["type"] == "ref":
            node["ref"] = pick.choice(["#a", "#b", "#c"])
        elif node["type"] == "string":
            node["maxGraphemes"] = pick.randint(4, 25)


def _nodes(defs: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    todo: list[tuple[dict[str, Any], str]] = [(defs, name) for name in defs]
    while todo:
        holder, key = todo.pop()
        yield holder, key
        node = holder[key]
        if node["type"] == "record":
            todo.append((node, "record"))
        elif node["type"] == "object":
            todo += [(node["properties"], name) for name in node["properties"]]
        elif node["type"] == "array":
            todo.append((node, "items"))


def documents(name: str, value: Any) -> Documents:
    return documents_from_sources(name, [Source(f"{name}.json", json.dumps(value).encode())])


def issues(document: dict[str, Any], name: str, value: Any) -> list[Any]:
    return validate_at(DictCatalog([document]), NSID, f"/{name}", value)


def contradictions(review: Review, old: dict[str, Any], new: dict[str, Any], seed: int) -> Iterator[str]:
    """Random values that one side takes and the other refuses, where the review says that none are."""
    broken = {way for finding in review.findings for way in finding.breaks}
    for written, read, way in ((old, new, "readers"), (new, old, "writers")):
        if way in broken:
            continue
        made = RandomRecords({NSID: written}, seed)
        for name, node in written["defs"].items():
            if node["type"] == "token" or name not in read["defs"]:
                continue
            for _ in range(12):
                try:
                    value = made.value(node, NSID)
                except Cannot:
                    break
                if not issues(written, name, value):
                    refused = [one for one in issues(read, name, value) if "strang" not in str(value)]
                    if refused:
                        yield f"{way} {name}: {json.dumps(value)[:300]}: {refused[0]}"


@pytest.mark.parametrize("part", range(4))
def test_no_random_record_contradicts_a_verdict_of_safe(part: int) -> None:
    safe = shown = 0
    for number in range(int(200 * SCALE)):
        seed = part * 1_000_000 + number
        schemas = Schemas(seed)
        old = schemas.document()
        new = schemas.changed(old)
        if any(problem.severity == "error" for side in (old, new) for problem in parse_document(side)[1]):
            continue
        review = compare(documents("old", old), documents("new", new))
        assert not list(contradictions(review, old, new, seed)), seed
        breaks = [finding for finding in review.findings if finding.breaks & {"readers", "writers"}]
        safe += not breaks
        for finding in breaks:
            if finding.witness is not None:
                shown += 1
                sides = {"old": old, "new": new}
                name = str(finding.path[1])
                assert not issues(sides[finding.witness.valid], name, finding.witness.value), seed
                other = "new" if finding.witness.valid == "old" else "old"
                assert issues(sides[other], name, finding.witness.value), seed
            elif not _unshown(finding.rule):
                # Some definitions have no value at all: they require themselves.
                name, sides = str(finding.path[1]), (old,) if "readers" in finding.breaks else (new,)
                assert not any(_has_values(side, name, seed) for side in sides), (seed, finding.rule, finding.message)
    assert safe > 20
    assert shown > 50


def _has_values(document: dict[str, Any], name: str, seed: int) -> bool:
    made = RandomRecords({NSID: document}, seed)
    for _ in range(30):
        try:
            value = made.value(document["defs"][name], NSID)
        except Cannot:
            continue
        if not issues(document, name, value):
            return True
    return False


def _unshown(rule: str) -> bool:
    """Rules of which some breaks show in no value: open unions, names, places that no value reaches."""
    return rule in {"LEX002", "LEX003", "LEX013", "LEX014", "LEX030", "LEX035", "LEX038", "LEX042"}
