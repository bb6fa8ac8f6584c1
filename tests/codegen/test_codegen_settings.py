"""Settings: from the pyproject.toml nearest above the schemas, options by hand first, nothing unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DOCUMENT = {
    "lexicon": 1,
    "id": "com.example.thing",
    "defs": {"main": {"type": "object", "properties": {"x": {"type": "ref", "ref": "org.lib.part"}}}},
}
PART = {"lexicon": 1, "id": "org.lib.part", "defs": {"main": {"type": "object", "properties": {}}}}


def configure(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.atdata-gen]\n{text}\n", encoding="utf-8")


def test_settings_come_from_the_project_of_the_schemas_and_not_of_the_working_directory(
    project: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    configure(elsewhere, 'output = "wrong"')
    configure(project.folder, 'output = "right"\npackage = "made.here"')
    project.write(DOCUMENT)
    monkeypatch.chdir(elsewhere)
    run = project.run(output=False)

    assert run.status == 0, run.err
    assert (project.folder / "right" / "made" / "here" / "com" / "example" / "thing.py").exists()
    assert not (elsewhere / "wrong").exists()


def test_the_nearest_project_above_the_schemas_counts(project: Any) -> None:
    configure(project.folder, 'output = "far"')
    project.write(DOCUMENT, folder="lexicons/sub/deep")
    configure(project.lexicons / "sub", 'output = "near"')
    run = project.run(inputs=(str(project.lexicons / "sub" / "deep"),), output=False)

    assert run.status == 0
    assert (project.lexicons / "sub" / "near" / "com").is_dir()


def test_options_come_before_settings(project: Any) -> None:
    configure(project.folder, 'output = "settings"\npackage = "settings"\ninclude = ["nowhere"]')
    project.write(DOCUMENT)
    project.write(PART, folder="library")
    run = project.run("--package", "option", "--include", str(project.folder / "library"))

    assert run.status == 0, run.err
    assert (project.output / "option" / "com").is_dir()
    assert not (project.folder / "settings").exists()


def test_a_package_makes_the_output_a_source_root(project: Any) -> None:
    project.write(DOCUMENT)
    assert project.run("--package", "a.b").status == 0

    assert {path.name for path in project.output.iterdir()} == {"a"}
    assert (project.output / "a" / "b" / "com" / "example" / "thing.py").exists()
    assert (project.output / "a" / "b" / "py.typed").exists()


def test_without_a_package_the_output_is_the_package(project: Any) -> None:
    project.write(DOCUMENT)
    assert project.run().status == 0

    assert (project.output / "__init__.py").exists()
    assert (project.output / "py.typed").exists()


def test_settings_include_folders_relative_to_their_file(project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(project.folder, 'include = ["library=lib.package"]\nstrict = true')
    project.write(DOCUMENT)
    project.write(PART, folder="library")
    monkeypatch.chdir("/")
    run = project.run()

    assert run.status == 0, run.err
    assert "from lib.package.org.lib.part import Part" in (project.output / "com/example/thing.py").read_text("ascii")


def test_strict_may_be_a_setting(project: Any) -> None:
    configure(project.folder, "strict = true")
    project.write(DOCUMENT)

    assert project.run().status == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("outptu = 'x'", "outptu"),
        ("strict = 'yes'", "must be true or false"),
        ("include = 'library'", "must be a list of folders"),
        ("include = [1]", "must be a list of folders"),
        ("output = 5", "must be a string"),
        ("package = 'a b'", "is no package name"),
        ("package = 'a.class'", "is no package name"),
        ("package = '../a'", "is no package name"),
        ("models = 'attrs'", "is none of"),
        ("templates = 'nowhere'", "is no folder"),
        ("include = ['x=a-b']", "names no package"),
        ("strict = ", "cannot be read"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(project: Any, text: str, words: str) -> None:
    configure(project.folder, text)
    project.write(DOCUMENT)
    run = project.run()

    assert run.status == 2
    assert words in run.err
    assert "pyproject.toml" in run.err or "include" in run.err
    assert not project.output.exists()


def test_settings_that_are_no_table_are_refused(project: Any) -> None:
    (project.folder / "pyproject.toml").write_text("[tool]\natdata-gen = 5\n", encoding="utf-8")
    project.write(DOCUMENT)

    assert project.run().status == 2


def test_no_output_is_said_to_be_missing(project: Any) -> None:
    project.write(DOCUMENT)
    run = project.run(output=False)

    assert run.status == 2
    assert "output" in run.err
    assert "-o" in run.err


def test_templates_of_the_user_take_the_place_of_ours(project: Any) -> None:
    import atdata_templates

    ours = Path(atdata_templates.__file__).with_name("record_module.py.jinja").read_text(encoding="utf-8")
    folder = project.folder / "templates"
    folder.mkdir()
    (folder / "record_module.py.jinja").write_text(ours + "\nHOUSE = 'style'\n", encoding="utf-8")
    project.write(DOCUMENT)
    run = project.run("--templates", str(folder))

    assert run.status == 0, run.err
    assert project.module("com.example.thing").HOUSE == "style"
    (folder / "record_module.py.jinja").write_text(ours + "\nHOUSE = 'new style'\n", encoding="utf-8")
    assert "1 file written" in project.run("--templates", str(folder)).out


def test_a_template_must_write_python_in_ascii(project: Any) -> None:
    folder = project.folder / "templates"
    folder.mkdir()
    project.write(DOCUMENT)
    for text in ("x = 'é'", "x = (", "x = 1\0"):
        (folder / "record_module.py.jinja").write_text("{{ m.header }}\n" + text + "\n", encoding="utf-8")
        first, second = (project.run("--templates", str(folder)) for _ in range(2))

        assert (first.status, second.status) == (1, 1)
        assert "com.example.thing.json:1 $: error: " in first.err
        assert first.err == second.err
        assert not (project.output / "com" / "example" / "thing.py").exists()
    project.write(PART)
    third = project.run("--templates", str(folder))
    assert "com.example.thing.json:1 $: error: " in third.err, "also when another document changed"


def test_an_undefined_name_in_a_template_is_an_error_and_not_a_traceback(project: Any) -> None:
    folder = project.folder / "templates"
    folder.mkdir()
    project.write(DOCUMENT)
    for text in ("{{ m.header }}\n{{ nothing }}\n", "{% if %}", "{{ m.header.x.y }}", "{{ 1/0 }}"):
        (folder / "record_module.py.jinja").write_text(text, encoding="utf-8")
        run = project.run("--templates", str(folder))
        assert run.status == 2
        assert "record_module.py.jinja:" in run.err
        assert str(folder) in run.err


def test_watching_and_only_looking_do_not_go_together(project: Any) -> None:
    project.write(DOCUMENT)

    assert project.run("--watch", "--check").status == 2
    assert project.run("--watch", "--dry-run").status == 2
    assert not project.output.exists()


def test_a_report_of_a_wrong_call_is_json_when_json_was_asked_for(project: Any) -> None:
    project.write(DOCUMENT)
    run = project.run("--format", "json", inputs=(str(project.folder / "nowhere"),))

    assert run.status == 2
    assert not run.out or json.loads(run.out)
