"""Real changes of real documents: no crash, every witness holds, and what is called safe is safe for random data."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.findings import Finding, Review
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.review.compare import compare
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.sources import Source
from random_records import Cannot, RandomRecords

from atdata_lexicon.validation import DictCatalog, validate_at

SAMPLES = 5


def documents(name: str, *values: Any) -> Documents:
    return documents_from_sources(
        name, [Source(f"{i}.json", json.dumps(value).encode()) for i, value in enumerate(values)]
    )


@pytest.fixture(scope="module")
def pairs(shared_corpus: Path) -> list[dict[str, Any]]:
    """Every change of a document in the history of a large repository."""
    return [json.loads(line) for line in (shared_corpus / "evolution/bluesky-pairs.jsonl").read_bytes().splitlines()]


@pytest.fixture(scope="module")
def reviews(pairs: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Review]]:
    return [(pair, compare(documents("old", pair["old"]), documents("new", pair["new"]))) for pair in pairs]


def test_every_pair_is_judged_and_only_refused_documents_are_not_compared(
    reviews: list[tuple[dict[str, Any], Review]],
) -> None:
    assert len(reviews) == 452
    for pair, review in reviews:
        refused = any(
            problem.severity == "error" for side in ("old", "new") for problem in parse_document(pair[side])[1]
        )
        assert any(finding.rule == "DOC001" for finding in review.findings) == refused, pair["nsid"]
        if pair["old"] != pair["new"]:
            assert review.findings, pair["nsid"]
    found = {finding.rule for _, review in reviews for finding in review.findings}
    assert len(found) >= 25, sorted(found)


def test_every_witness_is_valid_on_one_side_and_refused_on_the_other(
    reviews: list[tuple[dict[str, Any], Review]],
) -> None:
    count = 0
    for pair, review in reviews:
        for finding in review.findings:
            if finding.witness is not None and finding.rule != "LEX040":
                count += 1
                assert holds(pair, finding), (pair["nsid"], finding)
    assert count > 80


def holds(pair: dict[str, Any], finding: Finding) -> bool:
    """Whether the witness is what it says; the validator is asked at the definition that the path begins with."""
    witness = finding.witness
    assert witness is not None
    pointer = _pointer(finding)
    other = "new" if witness.valid == "old" else "old"
    return not _issues(pair[witness.valid], pointer, witness.value) and bool(
        _issues(pair[other], pointer, witness.value)
    )


def _pointer(finding: Finding) -> str:
    parts = [str(part) for part in finding.path[1:]]
    if len(parts) > 1 and parts[1] in ("input", "output", "message"):
        return f"/{parts[0]}/{parts[1]}/schema"
    if len(parts) > 1 and parts[1] == "parameters":
        return f"/{parts[0]}/parameters"
    return f"/{parts[0]}"


def _issues(document: dict[str, Any], pointer: str, value: Any) -> list[Any]:
    if pointer.endswith("/parameters") and "parameters" not in document["defs"]["main"]:
        return []
    return validate_at(DictCatalog([document]), document["id"], pointer, value)


def _roots(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, node in document["defs"].items():
        if node["type"] in ("query", "procedure", "subscription"):
            for key in ("input", "output"):
                schema = node.get(key, {}).get("schema")
                if schema:
                    yield f"/{name}/{key}/schema", schema
            if "parameters" in node:
                yield f"/{name}/parameters", node["parameters"]
        elif node["type"] not in ("permission-set", "token"):
            yield f"/{name}", node


def test_no_random_value_contradicts_a_verdict_of_safe(reviews: list[tuple[dict[str, Any], Review]]) -> None:
    """Old data that is refused now, or new data that was refused before, in a place that was called safe for it."""
    checked = 0
    for pair, review in reviews:
        if any(finding.rule == "DOC001" for finding in review.findings):
            continue
        old, new = pair["old"], pair["new"]
        for written, read, direction in ((old, new, "tight"), (new, old, "loose")):
            made = RandomRecords({written["id"]: written}, zlib.crc32(pair["new_blob"].encode()))
            for pointer, node in _roots(written):
                called = new["defs"].get("main", {}).get("type") in ("query", "procedure")
                if called and direction == "loose" and pointer.count("/") == 1:
                    continue  # part of a request, perhaps, which may ask for less than before
                if (
                    called
                    and pointer.count("/") == 1
                    and any(one.breaks & {"readers", "writers"} for one in review.findings)
                ):
                    continue  # of a request or an answer: who breaks depends on which
                if not _has(read, pointer) or _blamed(review, pointer, direction):
                    continue
                for _ in range(SAMPLES):
                    try:
                        value = made.value(node, written["id"])
                    except Cannot:
                        break
                    if _issues(written, pointer, value):
                        continue
                    checked += 1
                    refusals = _issues(read, pointer, value)
                    assert not refusals, (pair["nsid"], pointer, direction, value, refusals)
    assert checked > 3_000


def _has(document: dict[str, Any], pointer: str) -> bool:
    return pointer in dict(_roots(document))


def _blamed(review: Review, pointer: str, direction: str) -> bool:
    """Whether some finding says that values change in this direction, here or in a definition that is used here."""
    way = {"tight": "readers", "loose": "writers"}[direction]
    if "/input/" in pointer or "/parameters" in pointer:
        if direction == "loose":
            return True  # asking for less than before is no break, whatever old servers say
        way = "writers"
    elif "/output/" in pointer:
        way = "writers" if direction == "tight" else "readers"
    return any(way in finding.breaks for finding in review.findings)


def test_the_same_change_is_judged_the_same_by_every_policy_that_selects_less(
    pairs: list[dict[str, Any]],
) -> None:
    for pair in pairs[::7]:
        old, new = documents("old", pair["old"]), documents("new", pair["new"])
        errors = [
            {f.fingerprint for f in compare(old, new, ReviewSettings(policy=policy), witnesses=False).findings
             if f.level == "error"}
            for policy in ("stored", "exchange", "python", "strict")
        ]  # fmt: skip
        assert errors[0] <= errors[1] <= errors[2] <= errors[3]
