"""Schemas that refer to each other by the hundred."""

from __future__ import annotations

from typing import Any

import pytest


def chain(length: int, broken: bool, sample_document: Any) -> list[dict[str, Any]]:
    def link(i: int) -> dict[str, Any]:
        uri = f"atdata://local/sampleSchema/S{i + 1}@1.0.0"
        return {"name": "r", "fieldType": {"$type": "ac.foundation.dataset.schemaType#ref", "ref": uri}}

    last = length if broken else length - 1
    return [sample_document(f"S{i}", *([link(i)] if i < last else [])) for i in range(length)]


@pytest.mark.parametrize("broken", [True, False])
def test_chains_of_schemas_take_time_in_proportion(folder: Any, sample_document: Any, broken: bool) -> None:
    for document in chain(600, broken, sample_document):
        folder.write(document["name"], document)
    run = folder.run()

    assert run.status == (1 if broken else 0)
    assert len(list(folder.output.glob("samples/S*.py"))) == (0 if broken else 600)


def test_a_circle_of_hundreds_is_found_at_once(folder: Any, sample_document: Any) -> None:
    documents = chain(500, True, sample_document)
    documents.append(chain(502, True, sample_document)[500])
    documents[-1]["fields"][0]["fieldType"]["ref"] = "atdata://local/sampleSchema/S0@1.0.0"
    for document in documents:
        folder.write(document["name"], document)
    run = folder.run()

    assert run.status == 1
    assert run.err.count("refers back to") == 501


def test_a_version_that_is_refused_leaves_the_one_before_it(folder: Any, sample_document: Any) -> None:
    def to(uri: str) -> dict[str, Any]:
        return {"name": "r", "fieldType": {"$type": "ac.foundation.dataset.schemaType#ref", "ref": uri}}

    folder.write("old", sample_document("Part"))
    folder.write("new", sample_document("Part", to("atdata://local/sampleSchema/Nowhere@1.0.0"), version="2.0.0"))
    folder.write("whole", sample_document("Whole", to("atdata://local/sampleSchema/Part")))
    run = folder.run()

    assert run.status == 1
    assert "Part_1_0_0 import Part" in (folder.output / "samples" / "Whole_1_0_0.py").read_text(encoding="ascii")


def test_a_schema_with_thousands_of_references(folder: Any, sample_document: Any) -> None:
    uri = "atdata://local/sampleSchema/Part@1.0.0"
    kind = {"$type": "ac.foundation.dataset.schemaType#ref", "ref": uri}
    folder.write("part", sample_document("Part"))
    folder.write("all", sample_document("All", *({"name": f"r{i}", "fieldType": kind} for i in range(4096))))

    assert folder.run().status == 0
