"""The AT Protocol's own vectors, through the command and the classes that it generates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atdata_lexicon.cbor import encode
from atdata_lexicon.data import from_json

LEXICON = Path(__file__).resolve().parents[1] / "interop" / "lexicon"


def vectors(name: str) -> list[Any]:
    found = json.loads((LEXICON / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(case, id=case["name"]) for case in found]


@pytest.mark.parametrize("case", vectors("lexicon-valid"))
def test_a_valid_document_is_generated(case: dict[str, Any], project: Any) -> None:
    project.write(case["lexicon"])
    run = project.run()

    assert run.status == 0, run.err
    assert [p for p in project.files() if p.endswith(".py") and not p.endswith("__init__.py")] != []


@pytest.mark.parametrize("case", vectors("lexicon-invalid"))
def test_an_invalid_document_is_refused(case: dict[str, Any], project: Any) -> None:
    (project.lexicons / "a.json").write_text(json.dumps(case["lexicon"]), encoding="utf-8")
    run = project.run()

    assert run.status == 1
    assert "a.json:" in run.err
    assert ": error: " in run.err


@pytest.fixture(scope="module")
def record_class(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The class of the catalogue's record, which the record vectors are held against."""
    import sys
    from importlib import import_module

    from atdata_codegen.config import Settings
    from atdata_codegen.generate import generate

    root = tmp_path_factory.mktemp("interop")
    result = generate(Settings((str(LEXICON / "catalog"),), str(root / "interop_catalog")))
    assert not result.errors
    sys.path.insert(0, str(root))
    try:
        module = import_module("interop_catalog.example.lexicon.record")
        yield next(c for c in vars(module).values() if isinstance(c, type) and vars(c).get("_AT") == "/main/record")
    finally:
        sys.path.remove(str(root))


def test_the_whole_catalogue_is_generated(project: Any) -> None:
    for file in (LEXICON / "catalog").glob("*.json"):
        (project.lexicons / file.name).write_bytes(file.read_bytes())
    run = project.run()

    assert run.status == 0, run.err
    assert ": error: " not in run.err
    for name in ("record", "query", "procedure", "subscription"):
        assert f"example.lexicon.{name}" == project.module(f"example.lexicon.{name}").NSID


@pytest.mark.parametrize("case", vectors("record-data-valid"))
def test_valid_data_goes_through_the_class_unchanged(case: dict[str, Any], record_class: Any) -> None:
    made = record_class.from_record(case["data"])
    made.validate()

    assert from_json(made.to_record()) == from_json(case["data"])  # of two spellings of base64, the usual one
    assert made.to_cbor() == encode(from_json(case["data"]))


@pytest.mark.parametrize("case", vectors("record-data-invalid"))
def test_invalid_data_is_refused_by_the_class(case: dict[str, Any], record_class: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        record_class.from_record(case["data"]).validate()
