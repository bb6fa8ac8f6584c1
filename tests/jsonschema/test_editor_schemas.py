"""The schemas for editors accept what the generator accepts, and are printed by the command."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main
from atdata_codegen.commands.lint import RULES
from atdata_codegen.config import _KEYS, MODELS
from atdata_codegen.jsonschema.editor import EDITOR_SCHEMAS, editor_schema
from atdata_codegen.jsonschema.metaschema import schema_problems, validator
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.samples import parse_schema

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop" / "lexicon"
CORPUS = ROOT.parent / "shared" / "corpus" / "lexicons"


@cache
def check(name: str) -> Any:
    return validator(json.loads(editor_schema(name)))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_schemas_for_editors_are_json_schemas() -> None:
    schemas = {name: json.loads(editor_schema(name)) for name in EDITOR_SCHEMAS}

    assert list(schema_problems(schemas)) == []


@pytest.mark.parametrize("name", EDITOR_SCHEMAS)
def test_the_command_prints_them(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["jsonschema", "--meta", name]) == 0
    assert capsys.readouterr().out == editor_schema(name)


def test_our_own_lexicons_samples_and_lenses_fit() -> None:
    for path in sorted((ROOT / "lexicons").rglob("*.json")):
        name = "lexicon" if "ac" in path.parts else "sample-schema"
        assert [error.message for error in check(name).iter_errors(read(path))] == [], path.name


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_document_of_the_corpus_fits_exactly_when_the_generator_reads_it() -> None:
    seen = 0
    for path in CORPUS.rglob("*.json"):
        document = read(path)
        if isinstance(document, dict) and "lexicon" in document:
            seen += 1
            assert check("lexicon").is_valid(document) == (parse_document(document)[0] is not None), path.name

    assert seen > 600


def test_the_official_documents_fit_exactly_when_they_are_valid() -> None:
    for path in sorted((INTEROP / "catalog").glob("*.json")):
        assert check("lexicon").is_valid(read(path)), path.name
    for word in ("valid", "invalid"):
        for case in read(INTEROP / f"lexicon-{word}.json"):
            assert check("lexicon").is_valid(case["lexicon"]) == (word == "valid"), case["name"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("name",), "no name"),
        (("version",), "1.0"),
        (("fields",), []),
        (("fields", 0, "name"), "__x"),
        (("fields", 0, "fieldType", "$type"), "ac.foundation.dataset.schemaType#tensor"),
        (("fields", 0, "fieldType", "dtype"), 8),
        (("fields", 0, "fieldType", "shape", 0), "h w"),
        (("fields", 0, "optional"), "no"),
    ],
)
def test_a_slip_in_a_sample_schema_is_seen_by_editor_and_generator(path: tuple[str | int, ...], value: Any) -> None:
    document = read(ROOT / "lexicons" / "samples" / "segmentation_sample.json")
    inner = document
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value

    assert not check("sample-schema").is_valid(document)
    assert parse_schema(document)[0] is None


def test_the_settings_schema_knows_every_setting() -> None:
    properties = json.loads(editor_schema("settings"))["properties"]

    assert set(properties) == set(_KEYS)
    assert properties["models"]["enum"] == list(MODELS)


def test_the_settings_schema_knows_every_rule_of_lint() -> None:
    assert json.loads(editor_schema("settings"))["$defs"]["rule"]["enum"] == sorted(RULES)
    assert check("settings").is_valid({"lint": {"ignore": {"inline-object": "why"}, "levels": {"file-name": "error"}}})
    assert not check("settings").is_valid({"lint": {"ignore": {"inline-object": " "}}})
    assert not check("settings").is_valid({"lint": {"ignore": ["inline-object"]}})


def test_our_own_settings_fit() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert check("settings").is_valid(project["tool"]["atdata-gen"])
    assert check("settings").is_valid({"package": "a.b", "include": ["x=y"], "strict": True, "models": "pydantic"})


@pytest.mark.parametrize("table", [{"pakage": "x"}, {"strict": "yes"}, {"models": "attrs"}, {"include": "x"}])
def test_settings_that_mean_nothing_are_seen(table: dict[str, Any]) -> None:
    assert not check("settings").is_valid(table)
