"""Random sample schemas, changed at random: the runtime takes what is called safe, and every example holds there."""

from __future__ import annotations

import copy
import json
import os
import random
from typing import Any

import numpy as np
import pytest
from atdata_codegen.documents import documents_from_sources
from atdata_codegen.findings import Finding
from atdata_codegen.review.compare import findings_between
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.sources import Source

import atdata
from atdata_lexicon.errors import AtdataError

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
TYPE = "ac.foundation.dataset.schemaType#"
DTYPES = ["uint8", "int16", "int32", "float32", "float64", "bool"]
DIMS = ["h", "w", "n", "_", "3", "4"]
#: Breaks that no value shows.
UNSHOWN = {"SMP27", "SMP30", "SMP36", "SMP37", "SMP40"}
#: Findings about the version, not about data.
POLICY = {"SMP50", "SMP51", "SMP52"}


class Schemas:
    """Random schemas of up to five fields."""

    def __init__(self, seed: int) -> None:
        self.pick = random.Random(seed)

    def schema(self) -> dict[str, Any]:
        names = self.pick.sample("abcdefgh", self.pick.randint(1, 5))
        return {
            "$type": "ac.foundation.dataset.sampleSchema", "name": "Thing", "version": "1.0.0",
            "fields": [self.field(name) for name in names],
        }  # fmt: skip

    def field(self, name: str) -> dict[str, Any]:
        pick = self.pick
        found: dict[str, Any] = {"name": name, "fieldType": self.type(0)}
        if pick.random() < 0.3:
            found["optional"] = True
        kind = found["fieldType"]
        if kind.get("primitive") == "int":
            choice = pick.random()
            if choice < 0.3:
                found.update({"minimum": str(pick.randint(-3, 3)), "maximum": str(pick.randint(4, 9))})
            elif choice < 0.5:
                found["labels"] = pick.sample(["cat", "dog", "cow", "owl"], pick.randint(1, 4))
            elif choice < 0.6:
                found["enum"] = [str(one) for one in pick.sample(range(6), 3)]
        elif kind.get("primitive") == "str" and pick.random() < 0.5:
            found["enum"] = pick.sample(["red", "green", "blue"], pick.randint(1, 3))
            if pick.random() < 0.5 and not found.get("optional"):
                found["default"] = found["enum"][0]
        elif kind.get("dtype") in ("float32", "int16") and pick.random() < 0.4:
            found["minimum"] = "0"
        return found

    def type(self, depth: int) -> dict[str, Any]:
        pick = self.pick
        kind = pick.choice(["primitive"] * 3 + ["ndarray"] * 3 + (["array"] if depth < 2 else []))
        if kind == "primitive":
            return {"$type": TYPE + kind, "primitive": pick.choice(["str", "int", "float", "bool", "bytes"])}
        if kind == "array":
            return {"$type": TYPE + kind, "items": self.type(depth + 1)}
        found: dict[str, Any] = {"$type": TYPE + kind, "dtype": pick.choice(DTYPES)}
        if pick.random() < 0.85:
            found["shape"] = [pick.choice(DIMS) for _ in range(pick.randint(1, 3))]
        return found

    def changed(self, schema: dict[str, Any]) -> dict[str, Any]:
        new = copy.deepcopy(schema)
        new["version"] = "2.0.0"
        for _ in range(self.pick.randint(1, 2)):
            self._change(new["fields"])
        return new

    def _change(self, fields: list[dict[str, Any]]) -> None:
        pick = self.pick
        field, choice = pick.choice(fields), pick.random()
        if choice < 0.15:
            name = pick.choice("abcdefgh")
            if all(one["name"] != name for one in fields):
                fields.append(self.field(name))
        elif choice < 0.25 and len(fields) > 1:
            fields.remove(field)
        elif choice < 0.4:
            field["optional"] = not field.get("optional", False)
            field.pop("default", None)
        elif choice < 0.6:
            fresh = self.field(field["name"])
            field.clear()
            field.update(fresh)
        elif field["fieldType"].get("shape"):
            shape = field["fieldType"]["shape"]
            shape[pick.randrange(len(shape))] = pick.choice(DIMS)
        elif field["fieldType"].get("dtype"):
            field["fieldType"]["dtype"] = pick.choice(DTYPES)
            field.pop("minimum", None)
        elif "minimum" in field:
            field["minimum"] = str(int(field["minimum"]) + pick.choice([-1, 1]))
        elif "enum" in field:
            field["enum"] = field["enum"][:-1] or field["enum"]
            field.pop("default", None)
        elif "labels" in field:
            field["labels"] = [*field["labels"], "new"] if pick.random() < 0.5 else field["labels"][::-1]

    def value(self, field: dict[str, Any], kind: dict[str, Any], sizes: dict[str, int]) -> Any:
        pick = self.pick
        if "enum" in field:
            text = pick.choice(field["enum"])
            return int(text) if kind.get("primitive") == "int" else text
        if "labels" in field:
            return pick.randrange(len(field["labels"]))
        name = kind.get("primitive")
        if name is not None:
            low, high = int(field.get("minimum", -9)), int(field.get("maximum", 9))
            values = {"str": "x", "int": pick.randint(low, high), "float": 0.5, "bool": True, "bytes": b"x"}
            return values[name]
        if "items" in kind:
            return [self.value({}, kind["items"], {}) for _ in range(pick.randint(0, 2))]
        dims = kind.get("shape")
        if dims is None:
            dims = ["_"] * pick.randint(0, 3)
        shape = [int(d) if d.isdigit() else pick.randint(1, 5) if d == "_" else sizes.setdefault(d, pick.randint(1, 5))
                 for d in dims]  # fmt: skip
        return np.full(shape, pick.randint(0, 1)).astype(kind["dtype"])

    def sample(self, schema: dict[str, Any]) -> dict[str, Any]:
        sizes: dict[str, int] = {}
        found: dict[str, Any] = {}
        for field in schema["fields"]:
            free = field.get("optional") or field.get("default") is not None
            if free and self.pick.random() < 0.4:
                continue
            if field.get("optional") and self.pick.random() < 0.2:
                found[field["name"]] = None
                continue
            found[field["name"]] = self.value(field, field["fieldType"], sizes)
        return found


def takes(cls: Any, schema: dict[str, Any], data: dict[str, Any]) -> bool:
    """Whether the runtime reads ``data``; arrays are cast where that loses nothing, as readers do."""
    kinds = {field["name"]: field["fieldType"] for field in schema["fields"]}
    try:
        cls.from_data({name: _cast(value, kinds.get(name, {})) for name, value in data.items()}).validate()
    except AtdataError:
        return False
    return True


def _cast(value: Any, kind: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_cast(one, kind.get("items", {})) for one in value]
    dtype = kind.get("dtype")
    if isinstance(value, np.ndarray) and dtype and np.can_cast(value.dtype, dtype, "safe"):
        return value.astype(dtype)
    return value


def plain(value: Any) -> Any:
    """A witness as data."""
    if isinstance(value, dict) and "dtype" in value:
        return np.full(value["shape"], value.get("fill", 0)).astype(value["dtype"])
    if isinstance(value, dict) and "$bytes" in value:
        return b"abc"
    return [plain(one) for one in value] if isinstance(value, list) else value


def review(old: dict[str, Any], new: dict[str, Any]) -> list[Finding]:
    before, after = (
        documents_from_sources(name, [Source("a.json", json.dumps(one).encode())])
        for name, one in (("old", old), ("new", new))
    )
    return [one for one in findings_between(before, after, [], ReviewSettings()) if one.rule not in POLICY]


@pytest.mark.parametrize("part", range(2))
def test_the_runtime_agrees_with_every_verdict_on_random_samples(part: int) -> None:
    safe = shown = checked = 0
    for number in range(int(120 * SCALE)):
        seed = part * 1_000_000 + number
        schemas = Schemas(seed)
        old = schemas.schema()
        new = schemas.changed(old)
        findings = review(old, new)
        if any(one.rule == "DOC001" for one in findings):
            continue
        sides = {"old": old, "new": new}
        classes = {name: atdata.decode_schema(one) for name, one in sides.items()}
        broken = {way for one in findings for way in one.breaks}
        for mine, other, way in (("old", "new", "readers"), ("new", "old", "writers")):
            if way in broken:
                continue
            safe += 1
            for _ in range(8):
                data = schemas.sample(sides[mine])
                if takes(classes[mine], sides[mine], data):
                    checked += 1
                    assert takes(classes[other], sides[other], data), (seed, way, data)
        for one in findings:
            if not one.breaks & {"readers", "writers"}:
                continue
            if one.witness is None:
                assert one.rule in UNSHOWN, (seed, one.rule, one.message)
                continue
            shown += 1
            if "items" in one.path and one.rule in ("SMP24", "SMP25", "SMP26"):
                continue  # the runtime leaves shapes inside of lists to the document
            data = {name: plain(value) for name, value in one.witness.value.items()}
            refusing = "new" if one.witness.valid == "old" else "old"
            assert takes(classes[one.witness.valid], sides[one.witness.valid], data), (seed, one)
            assert not takes(classes[refusing], sides[refusing], data), (seed, one)
    assert safe > 20
    assert shown > 40
    assert checked > 100
