"""Each rule on a made change and on the same change backwards: what it says, what it shows, and that it is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from atdata_codegen.documents import documents_from_sources
from atdata_codegen.findings import Finding
from atdata_codegen.review import table
from atdata_codegen.samples.casts import is_safe_cast
from atdata_codegen.samples.dtypes import DTYPES
from atdata_codegen.sources import Source
from rule_cases import RULES, WAYS, account, load, run_case

import atdata
from atdata_lexicon.errors import AtdataError
from atdata_lexicon.validation import DictCatalog, validate_at

CASES = sorted(folder.name for folder in RULES.iterdir())
#: What breaks without any value that one side refuses: names, meanings, the bytes of a body.
UNSHOWN = {
    "LEX001", "LEX002", "LEX003", "LEX042", "LEX055", "LEX057", "SMP23", "SMP27", "SMP30", "SMP36", "SMP37", "SMP40",
    "SMP51", "SMP52",
}  # fmt: skip
#: The same, where only some changes can be shown.
SOMETIMES = {"LEX030", "LEX031", "LEX035-lost"}
#: Where the runtime knows less than the document: limits of lists and unions are not generated yet.
NOT_GENERATED = {"SMP32", "SMP38", "SMP22"}


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert {name.partition("-")[0] for name in CASES} == set(table.RULES) - {table.UNREADABLE}
    assert len(table.RULES) == 92


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_judged_as_expected_both_ways(name: str) -> None:
    expected = json.loads((RULES / name / "expected.json").read_bytes())
    for way in WAYS:
        assert account(run_case(RULES / name, way)) == expected[way], way
    rule = name.partition("-")[0]
    assert rule in {one["rule"] for one in expected["forward"]} or name == "SMP51-lens"


@pytest.mark.parametrize("name", [name for name in CASES if name != "SMP51-lens"])
def test_without_its_rule_a_change_is_judged_otherwise(name: str) -> None:
    rule = name.partition("-")[0]
    with_rule = account(run_case(RULES / name, "forward"))
    assert account(run_case(RULES / name, "forward", without=[rule])) != with_rule


@pytest.mark.parametrize("name", CASES)
def test_what_a_rule_breaks_is_what_the_table_says_it_may(name: str) -> None:
    for way in WAYS:
        for finding in run_case(RULES / name, way):
            rule = table.RULES[finding.rule]
            # Requests and answers turn readers and writers around.
            allowed = rule.may_break | ({"readers", "writers"} if finding.rule.startswith("LEX") else set())
            assert finding.breaks <= allowed, (finding.rule, finding.breaks)


@pytest.mark.parametrize("name", CASES)
def test_every_break_of_data_is_shown_by_an_example_that_holds(name: str) -> None:
    for way in WAYS:
        for finding in run_case(RULES / name, way):
            if not finding.breaks & {"readers", "writers"}:
                continue
            if finding.witness is None:
                known = finding.rule in UNSHOWN or name in SOMETIMES
                assert known, (way, finding.rule, finding.message)
            elif finding.witness.kind == "sample":
                _check_sample(name, way, finding)
            elif finding.rule != "LEX040":
                _check_value(name, way, finding)


def _documents(name: str, way: str) -> tuple[list[Any], list[Any]]:
    sides = [[one.value for one in load(RULES / name, side).items.values()] for side in ("old", "new")]
    return (sides[0], sides[1]) if way == "forward" else (sides[1], sides[0])


def _check_value(name: str, way: str, finding: Finding) -> None:
    old, new = _documents(name, way)
    witness = finding.witness
    assert witness is not None
    mine, other = (old, new) if witness.valid == "old" else (new, old)
    parts = [str(part) for part in finding.path[1:]]
    pointer = f"/{parts[0]}"
    if len(parts) > 1 and parts[1] in ("input", "output", "message"):
        pointer += f"/{parts[1]}/schema"
    elif len(parts) > 1 and parts[1] == "parameters":
        pointer += "/parameters"
    assert validate_at(DictCatalog(mine), finding.subject, pointer, witness.value) == []
    assert validate_at(DictCatalog(other), finding.subject, pointer, witness.value)


def _check_sample(name: str, way: str, finding: Finding) -> None:
    """The runtime itself must take and refuse the sample, wherever it knows as much as the document."""
    if finding.rule in NOT_GENERATED or name == "SMP18":  # which is refused for its default
        return
    witness = finding.witness
    assert witness is not None
    old, new = _documents(name, way)
    accepted = {}
    for side, documents in (("old", old), ("new", new)):
        schemas = [one for one in documents if one["$type"].endswith("sampleSchema") and one["name"] == finding.subject]
        document = max(schemas, key=lambda one: [int(part) for part in one["version"].split(".")])
        by_uri = {
            f"atdata://local/sampleSchema/{one['name']}{version}": one
            for one in sorted(documents, key=lambda one: str(one.get("version", "")))
            if "version" in one
            for version in ("", f"@{one['version']}")
        }
        cls: Any = atdata.decode_schema(document, resolve=by_uri.__getitem__)
        try:
            cls.from_data(_arrays(witness.value)).validate()
        except AtdataError:
            accepted[side] = False
        else:
            accepted[side] = True
    assert accepted[witness.valid], (finding.rule, witness, accepted)
    assert not accepted["new" if witness.valid == "old" else "old"], (finding.rule, witness, accepted)


def _arrays(value: Any) -> Any:
    """A witness as data: arrays and bytes for the objects that stand for them."""
    if isinstance(value, dict) and "dtype" in value:
        return np.full(value["shape"], value.get("fill", 0)).astype(value["dtype"])
    if isinstance(value, dict) and "$bytes" in value:
        return b"abc"
    if isinstance(value, dict):
        return {key: _arrays(one) for key, one in value.items()}
    return [_arrays(one) for one in value] if isinstance(value, list) else value


def test_safe_casts_are_those_of_numpy() -> None:
    names = [name for name in DTYPES if name not in ("str", "bytes", "datetime64", "timedelta64")]
    for old in names:
        for new in names:
            assert is_safe_cast(old, new) == np.can_cast(old, new, "safe"), (old, new)


def test_documents_of_strangers_become_findings_and_never_errors() -> None:
    hostile = [
        b"{", b"[]", b"{}", b'{"lexicon": 1}', b'{"lexicon": 1, "id": "com.example.x", "defs": []}',
        b'{"lexicon": 1, "id": "com.example.x", "defs": {"main": {"type": ["record"]}}}',
        b'{"lexicon": 1, "id": "com.example.x", "defs": {"a": {"type": "ref", "ref": "#a"}}}',
        b'{"$type": "ac.foundation.dataset.sampleSchema", "name": "X", "version": "1.0.0", "fields": 3}',
        b'{"$type": "ac.foundation.dataset.sampleSchema", "name": "X", "version": "01", "fields": [{}, 3, null]}',
        b'{"$type": "ac.foundation.dataset.lens", "name": "x"}',
    ]  # fmt: skip
    from atdata_codegen.review.compare import compare

    good = [file.read_bytes() for file in sorted(RULES.glob("LEX*/old.json"))[:4]]
    for raw in hostile:
        for other in (*hostile, *good):
            sides = [documents_from_sources(n, [Source("a.json", r)]) for n, r in (("old", raw), ("new", other))]
            for old, new in (sides, reversed(sides)):
                compare(old, new)


def test_lists_of_folders_are_complete() -> None:
    assert all((RULES / name / file).exists() for name in CASES for file in ("old.json", "new.json", "expected.json"))
    assert Path(RULES).is_dir()
