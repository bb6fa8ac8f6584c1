"""`atdata-gen fmt`: one layout, the same data, the same bytes the second time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.fmt import format_document
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[2]
Command = Callable[..., Any]
MESSY = {
    "defs": {
        "zone": {"description": "A place.", "type": "token"},
        "main": {
            "record": {
                "properties": {"type": {"maxLength": 3, "type": "string", "x-note": 1}, "a": {"type": "boolean"}},
                "type": "object",
                "required": ["type", "a"],
            },
            "key": "tid",
            "type": "record",
            "description": "Text with ünïcode.",
        },
    },
    "id": "com.example.note",
    "lexicon": 1,
}


def test_keys_come_in_the_usual_order_and_names_stay_in_the_authors() -> None:
    text = format_document(MESSY).decode()

    assert text.startswith('{\n  "lexicon": 1,\n  "id": "com.example.note",\n  "defs": {\n    "main": {\n')
    assert text.index('"key"') < text.index('"record":') < text.index('"required"') < text.index('"properties"')
    assert '"required": ["type", "a"]' in text
    assert list(json.loads(text)["defs"]["main"]["record"]["properties"]) == ["type", "a"]
    assert list(json.loads(text)["defs"]["main"]["record"]["properties"]["type"]) == ["type", "maxLength", "x-note"]
    assert "ünïcode" in text
    assert text.endswith("}\n")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=30) | st.just("half \ud800"),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=30,
)


@settings(deadline=None)
@given(json_values, st.sampled_from(["lexicon", "sample", "lens"]))
def test_any_document_is_the_same_data_afterwards_and_stays_as_it_is(value: Any, kind: str) -> None:
    document: dict[str, Any] = {"defs": value, "fields": value, "metadata": value, "id": value}
    if kind != "lexicon":
        document["$type"] = f"ac.foundation.dataset.{'sampleSchema' if kind == 'sample' else 'lens'}"

    made = format_document(document)

    assert json.loads(made) == document
    assert format_document(json.loads(made)) == made


def test_the_folder_is_formatted_and_then_left_alone(home: Path, atdata_gen: Command) -> None:
    file = home / "lexicons" / "a.json"
    file.parent.mkdir()
    file.write_text(json.dumps(MESSY))
    (home / "lexicons" / "package.json").write_text('{"name":"x"}')

    assert atdata_gen("fmt", "--check").status == 1
    assert json.loads(file.read_text()) == MESSY
    assert file.read_text().count("\n") == 0
    assert atdata_gen("fmt").out == "1 document, 1 changed\n"
    once = file.read_bytes()
    assert atdata_gen("fmt", "--check").status == 0
    assert atdata_gen("fmt").out == "1 document, 0 changed\n"
    assert file.read_bytes() == once
    assert (home / "lexicons" / "package.json").read_text() == '{"name":"x"}'


def test_a_broken_file_is_reported_and_the_others_are_formatted(home: Path, atdata_gen: Command) -> None:
    (home / "lexicons").mkdir()
    (home / "lexicons" / "a.json").write_text("{")
    (home / "lexicons" / "b.json").write_text(json.dumps(MESSY))

    done = atdata_gen("fmt")

    assert done.status == 1
    assert "lexicons/a.json:1" in done.err
    assert (home / "lexicons" / "a.json").read_text() == "{"
    assert (home / "lexicons" / "b.json").read_bytes() == format_document(MESSY)


def test_standard_input_goes_to_standard_output() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "atdata_codegen.cli", "fmt", "-"], input=json.dumps(MESSY).encode(), capture_output=True,
        check=True, timeout=60,
    )  # fmt: skip

    assert done.stdout == format_document(MESSY)


def test_our_own_schemas_are_formatted(atdata_gen: Command) -> None:
    assert atdata_gen("fmt", "--check", ROOT / "lexicons").status == 0, "run: atdata-gen fmt"


@pytest.mark.parametrize("folder", ["examples"])
def test_documents_of_examples_are_formatted(folder: str, atdata_gen: Command) -> None:
    if any((ROOT / folder).rglob("*.json")):
        assert atdata_gen("fmt", "--check", ROOT / folder).status == 0
