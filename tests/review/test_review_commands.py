"""`atdata-gen diff` and `breaking` as a user and as CI call them."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main
from atdata_codegen.findings import Finding, Review
from atdata_codegen.inputs import load_documents
from atdata_codegen.review.compare import compare, compare_history
from atdata_codegen.review.settings import Ignore, ReviewSettings
from rule_cases import RULES, load

NAMES = ["LEX010", "LEX017", "LEX021", "LEX035", "LEX052", "LEX054", "SMP03", "SMP10", "SMP27", "SMP51-lens"]


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[str, str]]:
    """The folders of a made change, one file a document."""
    monkeypatch.chdir(tmp_path)

    def make(name: str) -> tuple[str, str]:
        for side in ("old", "new"):
            (tmp_path / side).mkdir()
            for i, document in enumerate(load(RULES / name, side).items.values()):
                (tmp_path / side / f"{i}.json").write_text(json.dumps(document.value, indent=2))
        return "old", "new"

    return make


def told(findings: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    return {(one["fingerprint"], one["rule"], one["level"]) for one in findings}


def seen(review: Review) -> set[tuple[str, str, str]]:
    return {(one.fingerprint, one.rule, one.level) for one in review.findings}


@pytest.mark.parametrize("name", NAMES)
def test_the_command_and_the_api_say_the_same_in_both_directions(
    name: str, sides: Callable[[str], tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    for old, new in (sides(name), ("new", "old")):
        review = compare(load_documents(old), load_documents(new))
        assert main(["diff", old, new, "--json"]) == 0
        diff = json.loads(capsys.readouterr().out)
        assert told(diff["findings"]) == seen(review)

        status = main(["breaking", new, "--against", old, "--json"])
        breaking = json.loads(capsys.readouterr().out)
        judged = compare_history([load_documents(old)], load_documents(new))
        assert told(breaking["findings"]) == seen(judged) == {one for one in seen(review) if one[2] != "info"}
        assert status == (0 if judged.passed else 1) == (0 if review.passed else 1)


@pytest.mark.parametrize(
    ("name", "failing"),
    [
        ("LEX010", {"stored", "backward", "exchange", "full", "python", "strict"}),
        ("LEX021", {"forward", "exchange", "full", "python", "strict"}),
        ("LEX051-optional", {"python", "strict"}),
        ("LEX028", {"strict"}),
        ("LEX070", {"strict"}),
        ("LEX011", set()),
        ("LEX060", {"forward", "exchange", "full", "python", "strict"}),
    ],
)
def test_each_policy_objects_to_what_it_names(
    name: str, failing: set[str], sides: Callable[[str], tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = sides(name)
    for policy in ("stored", "backward", "forward", "exchange", "full", "python", "strict"):
        for given in (policy, f"{policy}-transitive"):
            status = main(["breaking", new, "--against", old, "--policy", given])
            assert (status == 1) == (policy in failing), given
    capsys.readouterr()


def test_fewer_demands_are_made_of_a_change_when_nobody_reads_new_data_with_the_old_schema() -> None:
    old, new = load(RULES / "LEX017", "old"), load(RULES / "LEX017", "new")
    bumps = {policy: compare(old, new, ReviewSettings(policy=policy)).bump for policy in ("stored", "exchange")}
    assert bumps == {"stored": "minor", "exchange": "major"}


def test_an_exception_is_kept_out_of_the_verdict_and_told_apart(
    sides: Callable[[str], tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = sides("LEX010")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.atdata-gen.breaking]\nignore = [{rule = "LEX010", subject = "com.example.*", reason = "a test"}]\n'
    )
    assert main(["breaking", new, "--against", old]) == 0
    assert "1 ignored" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('ignore = [{rule = "LEX010"}]', "has no reason"),
        ('ignore = [{reason = "all"}]', "would ignore everything"),
        ('ignore = [{rule = 3, reason = "x"}]', "must be a table"),
        ('policy = "lenient"', "is no policy"),
        ('polices = "stored"', "is no setting"),
        ("transitive = 1", "must be true or false"),
    ],
)
def test_settings_that_mean_nothing_are_refused(
    toml: str, said: str, sides: Callable[[str], tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = sides("LEX010")
    (tmp_path / "pyproject.toml").write_text(f"[tool.atdata-gen.breaking]\n{toml}\n")
    assert main(["breaking", new, "--against", old]) == 2
    assert said in capsys.readouterr().err


def test_what_is_experimental_may_break_and_is_told_as_a_warning() -> None:
    old, new = load(RULES / "LEX010", "old"), load(RULES / "LEX010", "new")
    settings = ReviewSettings(experimental=("com.example.*",))
    assert compare(old, new, settings).counts == {"error": 0, "warning": 1, "info": 0}
    (document,) = old.items.values()
    marked = type(document)(
        document.kind, document.subject, {**document.value, "stability": "experimental"}, document.source
    )
    review = compare(type(old)("old", {document.key: marked}), new)
    assert review.passed
    assert "experimental" in next(one.message for one in review.findings if one.rule == "LEX010")


def test_an_exception_may_name_one_finding_by_its_fingerprint_or_place() -> None:
    old, new = load(RULES / "LEX010", "old"), load(RULES / "LEX010", "new")
    (finding,) = compare(old, new).findings
    for ignore in (
        Ignore("x", fingerprint=finding.fingerprint),
        Ignore("x", path="$.defs.main.*"),
        Ignore("x", rule="LEX010", subject="com.example.note"),
    ):
        review = compare(old, new, ReviewSettings(ignore=(ignore,)))
        assert (review.findings, review.ignored) == ((), (finding,))
    other = compare(old, new, ReviewSettings(ignore=(Ignore("x", fingerprint="000000000000"),)))
    assert other.findings == (finding,)


def commit(folder: Path, name: str, document: Any) -> None:
    (folder / "lexicons").mkdir(exist_ok=True)
    (folder / "lexicons" / "note.json").write_text(json.dumps(document, indent=2))
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", "add", "."], cwd=folder, check=True, env=env)
    subprocess.run(["git", *who, "commit", "-qm", name], cwd=folder, check=True, env=env)


def test_the_whole_history_is_asked_for_names_that_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    folder = RULES / "LEX015"
    for name in ("history", "old"):
        document = json.loads((folder / f"{name}.json").read_bytes())
        commit(tmp_path, name, document[0] if isinstance(document, list) else document)
    (tmp_path / "lexicons" / "note.json").write_text((folder / "new.json").read_text())

    assert main(["breaking", "--against", "main:lexicons"]) == 0
    assert main(["breaking", "--against", "main:lexicons", "--transitive", "--json"]) == 1
    text = capsys.readouterr().out
    found = json.loads(text[text.index("{") :])["findings"]
    assert {"LEX015", "LEX005"} <= {one["rule"] for one in found}


def test_a_sample_schema_must_read_every_version_that_its_number_promises_to(tmp_path: Path) -> None:
    def frame(version: str, **fields: str) -> dict[str, Any]:
        kind = "ac.foundation.dataset.schemaType#primitive"
        listed = [
            {"name": name, "optional": True, "description": "Deprecated.", "fieldType": {"$type": kind, "primitive": p}}
            for name, p in fields.items()
        ]
        return {"$type": "ac.foundation.dataset.sampleSchema", "name": "Frame", "version": version, "fields": listed}

    versions = [frame("1.0.0", a="int", x="int"), frame("1.1.0", a="int"), frame("1.2.0", a="int", x="str")]
    for i, value in enumerate(versions):
        for side in ("old", "new"):
            (tmp_path / side).mkdir(exist_ok=True)
            if side == "new" or i < 2:
                (tmp_path / side / f"{i}.json").write_text(json.dumps(value))
    old, new = load_documents(str(tmp_path / "old")), load_documents(str(tmp_path / "new"))

    assert compare_history([old], new, ReviewSettings()).passed
    review = compare_history([old], new, ReviewSettings(transitive=True))
    assert [(one.rule, one.level) for one in review.findings if one.level == "error"] == [("SMP11", "error")]
    assert "since 1.0.0" in next(one.message for one in review.findings if one.rule == "SMP11")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["breaking", "."], "--against"),
        (["breaking", ".", "--against", ".", "--policy", "kind"], "is no policy"),
        (["breaking", "nowhere", "--against", "."], "nowhere"),
        (["diff", "."], "NEW"),
    ],
)
def test_a_wrong_call_has_the_status_2_and_says_what_is_missing(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as error:
        status = int(str(error.code))
    assert status == 2
    assert said in capsys.readouterr().err


def test_a_report_may_go_to_a_file(
    sides: Callable[[str], tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = sides("LEX010")
    assert main(["breaking", new, "--against", old, "--format", "sarif", "-o", "report.sarif"]) == 1
    assert capsys.readouterr().out == ""
    assert json.loads((tmp_path / "report.sarif").read_bytes())["version"] == "2.1.0"


def test_findings_name_the_file_and_the_line_that_a_reader_looks_for() -> None:
    old, new = load(RULES / "LEX020", "old"), load(RULES / "LEX020", "new")
    (finding,) = compare(old, new).findings
    assert isinstance(finding, Finding)
    line = json.dumps(next(iter(new.items.values())).value, indent=2).splitlines()[finding.line - 1]
    assert (finding.file, line.strip()) == ("new/0.json", '"maxLength": 200')


def test_fingerprints_stay_when_files_move_and_go_when_values_change() -> None:
    old, new = load(RULES / "LEX020", "old"), load(RULES / "LEX020", "new")
    (first,) = compare(old, new).findings
    moved = {key: type(one)(one.kind, one.subject, one.value, type(one.source)("elsewhere.json", one.source.raw))
             for key, one in new.items.items()}  # fmt: skip
    (second,) = compare(old, type(new)("new", moved)).findings
    assert first.fingerprint == second.fingerprint
    (back,) = compare(new, old).findings
    assert back.fingerprint != first.fingerprint
