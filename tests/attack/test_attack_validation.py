"""Definitions and data of strangers held against each other: neither may make the other cost more than both."""

from __future__ import annotations

import json
from typing import Any

import pytest

from atdata_lexicon import DictCatalog, ValidationError, validate
from atdata_lexicon.validation import validate_at


def catalog(**defs: Any) -> DictCatalog:
    return DictCatalog([{"lexicon": 1, "id": "com.example.a", "defs": defs}])


def listed(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


NAMES = [f"n{i}" for i in range(60_000)]
MANY = {name: {"type": "string"} for name in NAMES[:30_000]}

PAIRS: dict[str, tuple[dict[str, Any], Any]] = {
    "a long enum": (listed({"type": "string", "enum": NAMES}), NAMES),
    "a long enum of integers": (listed({"type": "integer", "enum": list(range(100_000))}), list(range(100_000))),
    "many members of a union": (
        listed({"type": "union", "refs": [f"com.example.b#{name}" for name in NAMES[:30_000]]}),
        [{"$type": f"com.example.b#{name}"} for name in NAMES[:20_000]],
    ),
    "many properties": (listed({"type": "object", "properties": MANY}), [{}] * 100_000),
    "one name required often": (
        listed({"type": "object", "required": ["a"] * 200_000, "properties": {"a": {"type": "string"}}}),
        [{"a": ""}] * 50_000,
    ),
    "many nullable names": (listed({"type": "object", "nullable": NAMES, "properties": {}}), [{}] * 100_000),
}


@pytest.mark.parametrize("name", PAIRS)
def test_time_grows_with_the_definition_and_the_data_not_with_their_product(name: str) -> None:
    definition, data = PAIRS[name]
    assert validate_at(catalog(list=definition), "com.example.a", "/list", data) == []


def test_many_missing_names_stop_at_the_limit() -> None:
    definition = {"type": "object", "required": NAMES, "properties": MANY}
    assert len(validate_at(catalog(o=definition), "com.example.a", "/o", {})) == 100


def test_a_long_enum_tells_truth_from_one_as_a_short_one_does() -> None:
    for length in (3, 100):
        made = catalog(i={"type": "integer", "enum": list(range(length))}, s={"type": "string", "enum": NAMES[:length]})
        for good in (0, length - 1):
            assert not validate_at(made, "com.example.a", "/i", good)
        for bad in (True, -1, length, "0"):
            assert validate_at(made, "com.example.a", "/i", bad)
        assert validate_at(made, "com.example.a", "/s", f"n{length}")
        assert not validate_at(made, "com.example.a", "/s", "n0")


@pytest.mark.parametrize("value", [None, 1, "text", [], [1], object()])
def test_what_is_no_object_is_no_record(value: Any) -> None:
    with pytest.raises(ValidationError):
        validate(catalog(), value)


@pytest.mark.parametrize("nullable", [5, "a", None, {"a": 1}, [{}], [["a"]], [5], [["a"], "a"]])
def test_keys_that_mean_nothing_in_parameters_may_hold_anything(folder: Any, nullable: Any, tmp_path: Any) -> None:
    import subprocess
    import sys

    params = {"type": "params", "properties": {"a": {"type": "string"}}, "nullable": nullable, "refs": 5, "enum": {}}
    text = {"type": "string", "required": 5, "refs": nullable, "items": [], "properties": 3}
    params["properties"]["b"] = text
    folder.write("a", {"lexicon": 1, "id": "com.example.a", "defs": {"main": {"type": "query", "parameters": params}}})
    assert folder.run().status == 0
    code = (
        "from out.com.example.a import Params; p = Params.from_record({'a': 'x', 'b': 'y'}); p.validate(); "
        "assert p.to_record() == {'a': 'x', 'b': 'y'}, p.to_record()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True)


TRICKS = [
    {"__proto__": 1}, {"__class__": {"a": 1}}, {"constructor": {}}, {"$type": "com.example.a#main"}, {"$type": "#main"},
    {"$type": ""}, {"$type": None}, {"$type": ["com.example.a"]}, {"$type": "com.example.a\0"}, {"": 1},
    {"\ud800": 1}, {"a": "\ud800"}, {"a": float("nan")}, {"a": float("inf")}, {"a": 10**5000}, {"a": {"$link": 5}},
    {"a": {"$bytes": 5}}, {"a": {"$link": "b" * 10**6}}, {"a": {"$type": "blob"}}, {"$bytes": "aGk"}, {1: 2},
]  # fmt: skip


@pytest.mark.parametrize("extra", TRICKS, ids=[str(i) for i in range(len(TRICKS))])
def test_tricky_keys_and_values_end_in_issues_or_nothing(extra: dict[Any, Any]) -> None:
    main = {
        "type": "record", "key": "any",
        "record": {"type": "object", "properties": {"a": {"type": "unknown"}, "u": {"type": "union", "refs": ["#o"]}}},
    }  # fmt: skip
    made = catalog(main=main, o={"type": "object", "properties": {}})
    for record in ({"$type": "com.example.a", **extra}, {"$type": "com.example.a", "u": extra}):
        try:
            validate(made, record, "com.example.a")
        except ValidationError as error:
            text = str(error)
        else:
            continue
        assert len(text) < 2000
        assert text.isascii()
        assert json.dumps([issue.message for issue in error_issues(made, record)])


def error_issues(made: DictCatalog, record: Any) -> Any:
    return validate_at(made, "com.example.a", "/main", record)
