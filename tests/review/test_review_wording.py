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


@pytest.fixture
def drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lens that ``migrate`` drafts for a new required field: nobody has said yet what it is in old samples."""
    monkeypatch.chdir(tmp_path)
    schema(tmp_path / "old", "1.0.0", primitive("a", "int"))
    schema(tmp_path / "lexicons", "2.0.0", primitive("a", "int"), primitive("score", "float"))
    assert main(["migrate", "Note", "--against", "old"]) == 0
    return tmp_path / "lexicons/lenses/note_1_0_0_to_2_0_0.json"


def change(lens: Path, **more: Any) -> None:
    lens.write_text(json.dumps({**json.loads(lens.read_text()), **more}))


def test_a_draft_of_a_lens_does_not_answer_a_break(drafted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", "Note", "--against", "old", "--force"]) == 0
    assert "until the lens names that code as getterCode, a review takes it for a draft" in capsys.readouterr().err

    assert main(["breaking", "lexicons", "--against", "old"]) == 1
    said = capsys.readouterr().out
    assert "cannot read shards of 1.0.0, and the lens note_1_0_0_to_2_0_0 is a draft" in said
    assert "reads the old samples" not in said
    assert "fix: give what is missing to atdata-gen migrate --default, or write the code and name it in" in said

    change(drafted, mapping={"$type": "com.example.lens#ofTheFuture"})
    assert main(["breaking", "lexicons", "--against", "old"]) == 1


def test_a_lens_that_names_its_code_or_has_a_mapping_answers_a_break(
    drafted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(drafted, getterCode={"repository": "https://example.com/x", "commit": "abc123def456", "path": "m.py:lens"})
    assert main(["breaking", "lexicons", "--against", "old"]) == 0
    assert "reads the old samples, by the code that it names, which has to be imported" in capsys.readouterr().out

    assert main(["migrate", "Note", "--against", "old", "--default", "score=0.5", "--force"]) == 0
    assert main(["breaking", "lexicons", "--against", "old"]) == 0
    assert "reads the old samples)" in capsys.readouterr().out


def test_a_draft_is_let_pass_with_a_reason(drafted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accepted = '{rule = "SMP51", subject = "Note", reason = "notes_lens.py reads them"}'
    Path("pyproject.toml").write_text(f"[tool.atdata-gen.breaking]\nignore = [{accepted}]\n")

    assert main(["breaking", "lexicons", "--against", "old"]) == 0


def test_a_draft_that_was_there_before_is_not_said_to_be_gone(
    drafted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["breaking", "lexicons", "--against", "lexicons"]) == 0
    assert "gone" not in capsys.readouterr().out


def test_a_lens_that_became_a_draft_is_an_error(drafted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = json.loads(drafted.read_text())
    assert main(["migrate", "Note", "--against", "old", "--default", "score=0.5", "--force"]) == 0
    Path("lexicons").rename("with_mapping")
    drafted.parent.mkdir(parents=True)
    schema(Path("lexicons"), "2.0.0", primitive("a", "int"), primitive("score", "float"))
    (drafted.parent.parent / "note_1_0_0.json").write_text(Path("with_mapping/note_1_0_0.json").read_text())
    drafted.write_text(json.dumps(before))

    assert main(["breaking", "lexicons", "--against", "with_mapping"]) == 1
    assert "the lens note_1_0_0_to_2_0_0 is a draft" in capsys.readouterr().out


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
