"""What somebody reads who has changed a schema for the first time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main


def primitive(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": kind}}


def schema(folder: Path, version: str, *fields: dict[str, Any]) -> Path:
    document = {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": "Note",
        "version": version,
        "description": "A note.",
        "fields": list(fields),
    }
    folder.mkdir(exist_ok=True)
    (folder / "note.json").write_text(json.dumps(document, indent=2))
    return folder


def test_a_terminal_shows_errors_last_and_each_file_from_top_to_bottom(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = schema(tmp_path / "old", "1.0.0", primitive("a", "int"), primitive("b", "int"), primitive("c", "int"))
    new = schema(tmp_path / "new", "1.0.0", primitive("a", "str"), primitive("b", "str"), primitive("d", "bytes"))

    assert main(["breaking", str(new), "--against", str(old)]) == 1

    said = [line for line in capsys.readouterr().out.splitlines() if not line.startswith("  ")][:-1]
    levels = ["warning" if " warning: " in line else "error" for line in said]
    errors = [int(line.split(":")[1].split()[0]) for line in said if " error: " in line]
    assert levels == sorted(levels, reverse=True)
    assert len(errors) == 4
    assert errors == sorted(errors)


def test_a_version_changed_in_place_is_shown_as_the_same_before_and_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = schema(tmp_path / "old", "1.0.0", primitive("a", "int"))
    new = schema(tmp_path / "new", "1.0.0", primitive("a", "str"))

    main(["breaking", str(new), "--against", str(old)])

    assert '"1.0.0" -> "1.0.0"' in capsys.readouterr().out


def test_a_lens_without_a_mapping_is_not_said_to_read_old_samples_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    schema(tmp_path / "old", "1.0.0", primitive("a", "int"))
    schema(tmp_path / "lexicons", "2.0.0", primitive("a", "int"), primitive("score", "float"))

    assert main(["migrate", "Note", "--against", "old"]) == 0
    assert main(["breaking", "lexicons", "--against", "old"]) == 0
    assert "reads the old samples, by code that has to be written and imported" in capsys.readouterr().out

    assert main(["migrate", "Note", "--against", "old", "--default", "score=0.5", "--force"]) == 0
    assert main(["breaking", "lexicons", "--against", "old"]) == 0
    assert "reads the old samples)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["breaking", "lexicons", "--against", "lexicons", "--policy", "storde"], ["migrate", "Nope"]],
)
def test_a_wrong_call_is_answered_without_a_path_into_no_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    schema(tmp_path / "lexicons", "1.0.0", primitive("a", "int"))

    assert main(arguments) == 2
    assert "$" not in capsys.readouterr().err
