"""Every problem of every document is told at once, with file, line, path, and what to do."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest


def document(nsid: str, **defs: dict[str, Any]) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": defs}


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


GOOD = document("com.example.good", main=obj(x={"type": "string"}))

TWO = """{
  "lexicon": 1,
  "id": "com.example.bad",
  "defs": {
    "main": {
      "type": "object",
      "required": ["nope"],
      "properties": {
        "a": {"type": "string", "maxLength": "ten"},
        "b": {"type": "nothing"},
        "c": {
          "type": "array",
          "items": {"type": "union", "refs": ["#x", 5], "closed": true}
        }
      }
    }
  }
}
"""


def test_all_problems_of_all_files_are_reported_together(project: Any) -> None:
    project.write(GOOD)
    (project.lexicons / "bad.json").write_text(TWO, encoding="utf-8")
    (project.lexicons / "worse.json").write_text('{"lexicon": 1,\n "id": "no"}', encoding="utf-8")
    (project.lexicons / "text.json").write_text("{\n]", encoding="utf-8")
    run = project.run()

    lines = {line.removeprefix(f"{project.lexicons}{os.sep}").split(": error: ")[0] for line in run.err.splitlines()}
    assert run.status == 1
    assert lines == {
        "bad.json:7 $.defs.main.required",
        "bad.json:9 $.defs.main.properties.a.maxLength",
        "bad.json:10 $.defs.main.properties.b.type",
        "bad.json:13 $.defs.main.properties.c.items.refs[0]",
        "bad.json:13 $.defs.main.properties.c.items.refs[1]",
        "worse.json:2 $.id",
        "worse.json:1 $",
        "text.json:2 $",
    }
    files = [line.partition(".json")[0] for line in run.err.splitlines()]
    assert len(files) == 8
    assert files == sorted(files)


def test_one_invalid_document_does_not_stop_the_others(project: Any) -> None:
    project.write(GOOD, document("com.example.bad", main={"type": "nothing at all"}))
    run = project.run()

    assert run.status == 1
    assert run.out.rstrip().endswith("s)")
    assert "1 error" in run.out
    assert project.module("com.example.good").Good(x="1").x == "1"
    assert "bad" not in "".join(project.files())


def test_a_document_that_became_invalid_is_reported_by_every_run(project: Any) -> None:
    project.write(GOOD, document("com.example.bad", main={"type": "x y"}))
    first, second = project.run(), project.run()

    assert (first.status, second.status) == (1, 1)
    assert first.err == second.err


WRONG = {
    "a closed union of nothing": {"type": "union", "refs": [], "closed": True},
    "a default of another type": {"type": "string", "default": 5},
    "a default beside a constant": {"type": "string", "default": "a", "const": "a"},
    "limits the wrong way round": {"type": "string", "minLength": 5, "maxLength": 4},
    "a range the wrong way round": {"type": "integer", "minimum": 5, "maximum": 4},
    "a negative length": {"type": "bytes", "maxLength": -1},
    "an array of nothing": {"type": "array"},
    "a reference that is none": {"type": "ref", "ref": "../a"},
    "a reference that is a URL": {"type": "ref", "ref": "file:///etc/passwd"},
    "a required field that is not there": {"type": "object", "required": ["x"], "properties": {}},
    "a reserved name": {"type": "object", "properties": {"$type": {"type": "string"}}},
    "an integer that is none": {"type": "integer", "maximum": 1.5},
    "a truth that is none": {"type": "boolean", "default": 1},
    "a list that is none": {"type": "string", "enum": "a"},
    "a type that is none": {"type": ["string", "null"]},
    "no type at all": {},
    "no object at all": 5,
}


@pytest.mark.parametrize("node", WRONG.values(), ids=WRONG)
def test_what_the_specification_forbids_is_refused(node: Any, project: Any) -> None:
    project.write(document("com.example.bad", main=obj(x=node)))
    run = project.run()

    assert run.status == 1
    assert "$.defs.main.properties.x" in run.err
    assert len(run.err.splitlines()) == 1


def test_the_report_as_json_says_the_same(project: Any) -> None:
    project.write(GOOD)
    (project.lexicons / "bad.json").write_text(TWO, encoding="utf-8")
    run = project.run("--format", "json")
    report = json.loads(run.out)

    assert run.status == 1
    assert run.err == ""
    first = next(p for p in report["problems"] if p["path"] == "$.defs.main.properties.b.type")
    assert first["file"].endswith("bad.json")
    assert (first["line"], first["severity"]) == (10, "error")
    assert all(first[key] for key in ("message", "hint", "code"))
    assert report["documents"] == 2
    assert report["wrote"] is True
    assert "com/example/good.py" in report["missing"]


def test_two_documents_of_one_id_are_an_error_that_names_both(project: Any) -> None:
    project.write(GOOD, GOOD | {"description": "another"}, folder="lexicons/a")
    project.write(GOOD)
    (project.lexicons / "z.json").write_text(json.dumps(GOOD | {"revision": 2}), encoding="utf-8")
    run = project.run()

    assert run.status == 1
    assert "has the id com.example.good, which" in run.err


def test_identical_copies_of_a_document_are_one(project: Any) -> None:
    project.write(GOOD)
    project.write(GOOD, folder="lexicons/copy")
    run = project.run()

    assert (run.status, run.err) == (0, "")


def test_a_document_is_known_by_its_id_and_not_by_its_file(project: Any) -> None:
    (project.lexicons / "deep").mkdir()
    (project.lexicons / "deep" / "any name.json").write_text(json.dumps(GOOD), encoding="utf-8")
    assert project.run().status == 0

    assert project.module("com.example.good").NSID == "com.example.good"


def test_json_that_is_no_lexicon_is_left_out_with_a_warning(project: Any) -> None:
    project.write(GOOD)
    (project.lexicons / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    (project.lexicons / "list.json").write_text("[1]", encoding="utf-8")
    (project.lexicons / "README.md").write_text("{", encoding="utf-8")
    run = project.run()

    assert run.status == 0
    assert run.err.count("warning: is neither a Lexicon nor a sample schema nor a lens, and was left out") == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b'{"lexicon": 1' + b"0" * 5000 + b"}", "digits"),
        (b'{"lexicon": NaN}', "not JSON"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"", "not JSON"),
        (b"[" * 300 + b"]" * 300, "nested more than 256"),
        (b"[" * 600_000, "nested more than 256"),
        (b'{"a":' * 150_000, "nested more than 256"),
        (b" " * (1 << 20) + b"{}", "the limit is 1,048,576"),
        (b'{"lexicon": 1} x', "not JSON"),
        (b'"\\', "not JSON"),
    ],
    ids=["duplicate", "digits", "nan", "utf16", "bom", "empty", "deep", "bomb", "objects", "huge", "trailing", "open"],
)
def test_bytes_that_are_no_acceptable_json_are_refused_by_name(project: Any, text: bytes, words: str) -> None:
    project.write(GOOD)
    (project.lexicons / "bad.json").write_bytes(text)
    run = project.run()

    assert run.status == 1
    assert "bad.json:" in run.err
    assert words in run.err
    assert len(run.err) < 1000
    assert (project.output / "com" / "example" / "good.py").exists()


def test_deeply_nested_types_are_refused_or_generated_but_never_a_traceback(project: Any) -> None:
    for depth in (10, 31, 60, 120, 240):
        node: dict[str, Any] = {"type": "string"}
        for _ in range(depth):
            node = {"type": "array", "items": node}
        project.write(document(f"com.example.deep{depth}", main=obj(x=node)))
    inner: dict[str, Any] = {"type": "string"}
    for _ in range(80):
        inner = obj(x=inner)
    project.write(document("com.example.objects", main=inner))
    run = project.run()

    assert run.status in (0, 1)
    assert "Traceback" not in run.err
    assert (project.output / "com" / "example" / "deep31.py").exists()


def test_a_large_document_is_generated(project: Any) -> None:
    fields = {f"field{i}": {"type": "string", "description": "x" * 100} for i in range(4000)}
    project.generate(document("com.example.large", main=obj(**fields)))

    assert len(project.module("com.example.large").Large.__slots__) == 4000


def test_the_number_of_problems_of_one_document_is_bounded(project: Any) -> None:
    fields = {f"f{i}": {"type": "nothing"} for i in range(3000)}
    project.write(document("com.example.large", main=obj(**fields)))
    run = project.run()

    assert run.status == 1
    assert 1 < len(run.err.splitlines()) <= 200


def test_what_a_terminal_would_obey_is_shown_escaped(project: Any) -> None:
    name = "bad\x1b[31m\nfile\u202e.json"
    (project.lexicons / name).write_text(
        json.dumps({"lexicon": 1, "id": "\x1b[2J\u202e\r\n", "defs": {"\x1b[0m": {"type": "\x07"}}}), encoding="utf-8"
    )
    run = project.run()

    assert run.status == 1
    assert all(char.isprintable() for line in run.err.split("\n") for char in line)
    assert all(line == "" or line.startswith(str(project.lexicons)) for line in run.err.split("\n"))


def test_an_empty_folder_is_an_empty_package(project: Any) -> None:
    run = project.run()

    assert run.status == 0
    assert run.out.startswith("0 documents read")
    assert project.module("").__all__ == []


def test_a_folder_that_is_not_there_is_named(project: Any) -> None:
    run = project.run(inputs=(str(project.folder / "nowhere"),))

    assert run.status == 2
    assert "nowhere" in run.err
    assert "is not there" in run.err
    assert not project.output.exists()


def test_single_files_and_several_folders_are_inputs(project: Any) -> None:
    project.write(GOOD)
    project.write(document("com.other.thing", main=obj()), folder="more")
    file = next(project.lexicons.iterdir())
    run = project.run(inputs=(str(file), str(project.folder / "more"), str(file)))

    assert run.status == 0
    assert run.out.startswith("2 documents read")


def test_the_last_line_accounts_for_the_run(project: Any) -> None:
    project.write(GOOD)
    first, second = project.run(), project.run()

    assert first.out.startswith("1 document read, 8 files written, 0 unchanged, 0 removed (")
    assert second.out.startswith("1 document read, 0 files written, 8 unchanged, 0 removed (")
    assert project.run("--quiet").out == ""


def test_a_folder_without_schemas_is_said_to_be_empty(project: Any) -> None:
    done = project.run()

    assert done.status == 0
    assert f"{project.lexicons}: warning: holds no .json file" in done.err


def test_a_path_that_is_not_there_is_named_alone(project: Any) -> None:
    done = project.run(inputs=("nowhere",))

    assert done.status == 2
    assert "nowhere: is not there" in done.err
    assert ":0" not in done.err
