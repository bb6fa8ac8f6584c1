"""Documents made to take forever: every one is judged in bounded time, and none ends the review."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.review.compare import compare
from atdata_codegen.sources import Source

TYPE = "ac.foundation.dataset.schemaType#"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
Side = list[dict[str, Any]]


def lexicon(defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": "com.example.x", "defs": defs}


def record(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def ref(name: str) -> dict[str, Any]:
    return {"type": "ref", "ref": f"#{name}"}


def renamed_by_thousands() -> tuple[Side, Side]:
    old, new = ({f"{letter}{i}": TEXT for i in range(600)} for letter in "ab")
    return [lexicon({"main": record(old, [])})], [lexicon({"main": record(new, [])})]


def many_required_and_all_tightened() -> tuple[Side, Side]:
    def side(limit: int) -> Side:
        fields = {f"a{i}": {"type": "string", "maxLength": limit + i} for i in range(500)}
        return [lexicon({"main": record(fields, [*fields])})]

    return side(100), side(50)


def two_ways_to_each_of_a_thousand() -> tuple[Side, Side]:
    chains: dict[str, Any] = {}
    for letter, end in (("a", TEXT), ("b", NUMBER)):
        for i in range(400):
            chains[f"{letter}{i}"] = record({key: ref(f"{letter}{i + 1}") for key in "pq"}, ["p", "q"])
        chains[f"{letter}400"] = end
    heads = {letter: record({f"m{i}": ref(f"{letter}{i}") for i in range(200)}, []) for letter in "ab"}
    return [lexicon({"main": heads["a"], **chains})], [lexicon({"main": heads["b"], **chains})]


def values_that_would_fill_the_memory() -> tuple[Side, Side]:
    def side(end: dict[str, Any]) -> Side:
        tree = {f"a{i}": record({f"p{j}": ref(f"a{i + 1}") for j in range(50)}, [f"p{j}" for j in range(50)])
                for i in range(20)}  # fmt: skip
        main = {"type": "record", "key": "tid", "record": record({"x": ref("a0"), "y": end}, ["x", "y"])}
        return [lexicon({"main": main, **tree, "a20": end})]

    return side(TEXT), side(NUMBER)


def as_deep_as_documents_may_be() -> tuple[Side, Side]:
    def side(end: dict[str, Any]) -> Side:
        for _ in range(60):
            end = record({"x": {"type": "array", "items": end}}, [])
        return [lexicon({"main": end})]

    return side(TEXT), side(NUMBER)


def enums_of_tens_of_thousands() -> tuple[Side, Side]:
    old, new = ({"type": "string", "enum": [f"{letter}{i}" for i in range(30_000)]} for letter in "ab")
    return [lexicon({"main": old})], [lexicon({"main": new})]


def schema(name: str, version: str, fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    listed = [{"name": key, "fieldType": kind} for key, kind in fields.items()]
    return {"$type": "ac.foundation.dataset.sampleSchema", "name": name, "version": version, "fields": listed}


def primitive(name: str) -> dict[str, Any]:
    return {"$type": f"{TYPE}primitive", "primitive": name}


def samples_in_samples_in_samples() -> tuple[Side, Side]:
    def tree(version: str, end: str) -> Side:
        def nested(i: int) -> dict[str, Any]:
            return {"$type": f"{TYPE}ref", "ref": f"atdata://local/sampleSchema/N{i}@{version}"}

        levels = [schema(f"N{i}", version, {f"f{j}": nested(i + 1) for j in range(20)}) for i in range(12)]
        return [*levels, schema("N12", version, {"x": primitive(end)})]

    return tree("1.0.0", "int"), [*tree("1.0.0", "int"), *tree("2.0.0", "str")]


def fields_by_thousands() -> tuple[Side, Side]:
    old = {f"a{i}": primitive("int") for i in range(600)}
    new = {f"a{i}": primitive("str") for i in range(600)}
    return [schema("F", "1.0.0", old)], [schema("F", "2.0.0", new)]


def one_name_for_a_thousand_dimensions() -> tuple[Side, Side]:
    def side(dim: str, version: str) -> Side:
        kind = {"$type": f"{TYPE}ndarray", "dtype": "uint8", "shape": [dim] * 8}
        return [schema("F", version, {f"a{i}": kind for i in range(150)})]

    return side("h", "1.0.0"), side("_", "2.0.0")


def documents(name: str, values: Side) -> Documents:
    return documents_from_sources(
        name, [Source(f"{i}.json", json.dumps(value).encode()) for i, value in enumerate(values)]
    )


@pytest.mark.parametrize(
    "make",
    [
        renamed_by_thousands, many_required_and_all_tightened, two_ways_to_each_of_a_thousand,
        values_that_would_fill_the_memory, as_deep_as_documents_may_be, enums_of_tens_of_thousands,
        samples_in_samples_in_samples, fields_by_thousands, one_name_for_a_thousand_dimensions,
    ],
)  # fmt: skip
def test_a_hostile_pair_is_judged_in_bounded_time(make: Callable[[], tuple[Side, Side]]) -> None:
    sides = make()
    old, new = documents("old", sides[0]), documents("new", sides[1])
    assert not old.problems
    assert not new.problems
    for one, other in ((old, new), (new, old)):
        begun = time.process_time()
        assert compare(one, other).findings
        assert time.process_time() - begun < 15


def test_circles_of_references_end() -> None:
    circle = {f"{letter}{i}": record({"p": ref(f"{letter}{(i + 1) % 5}")}, []) for letter in "ab" for i in range(5)}
    heads = [lexicon({"main": record({"x": ref(f"{letter}0")}, []), **circle}) for letter in "ab"]
    (finding,) = compare(documents("old", [heads[0]]), documents("new", [heads[1]])).findings
    assert (finding.rule, finding.breaks, finding.bump) == ("LEX035", frozenset(), "patch")


def test_names_of_strangers_are_escaped_in_messages() -> None:
    evil = "\x1b[31m\u202e" + "x" * 500
    old = lexicon({"main": record({"a": {"type": "string", "knownValues": [evil]}}, [])})
    new = lexicon({"main": record({"a": {"type": "string", "knownValues": ["b"]}}, [])})
    for finding in compare(documents("old", [old]), documents("new", [new])).findings:
        assert finding.message.isascii()
        assert finding.message.isprintable()
        assert len(finding.message) < 1000
