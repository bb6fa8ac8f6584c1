"""`atdata-gen lint` as its users call it: files, settings, exceptions, fixes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.lexicon.parse import parse_document

Command = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
POST = {
    "lexicon": 1,
    "id": "com.example.post",
    "defs": {
        "main": {
            "type": "record",
            "description": "A post.",
            "key": "tid",
            "record": {
                "type": "object",
                "required": ["text", "text"],
                "properties": {
                    "text": {"type": "string", "maxLength": 300, "pattern": "a+"},
                    "place": {"type": "object", "properties": {"at": {"type": "object", "properties": {}}}},
                    "parts": {"type": "array", "maxLength": 3, "items": {"type": "object", "properties": {}}},
                    "tone": {"type": "string", "maxLength": 99, "knownValues": ["#warm", "#cold"]},
                },
            },
        },
        "warm": {"type": "token", "description": "Warm."},
    },
}


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2) + "\n", encoding="utf-8")
    return path


def test_without_arguments_the_folder_lexicons_is_checked(home: Path, atdata_gen: Command) -> None:
    write(home / "lexicons/com/example/post.json", POST)

    done = atdata_gen("lint")

    assert done.status == 0
    line = (home / "lexicons/com/example/post.json").read_text().split("pattern")[0].count("\n") + 1
    assert f"lexicons/com/example/post.json:{line} $.defs.main.record.properties.text.pattern: warning" in done.out
    assert "[ineffective-key]" in done.out


def test_a_folder_that_is_not_there_is_a_wrong_call(home: Path, atdata_gen: Command) -> None:
    done = atdata_gen("lint")

    assert done.status == 2
    assert "lexicons: is not there" in done.err


def test_errors_make_the_status_1_and_warnings_when_asked(home: Path, atdata_gen: Command) -> None:
    file = write(home / "com/example/post.json", POST)
    assert atdata_gen("lint", file, "--fail-on", "warning").status == 1

    write(file, {**POST, "lexicon": 2})

    assert atdata_gen("lint", file).status == 1


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"lexicon": 1}', '{"lexicon": 1, "id": 3, "defs": []}', '{"id": "a", "defs": {"main": 1}}',
     '{"lexicon": 1, "id": "com.example.a", "defs": {"main": {"type": ["x"], "properties": [], "required": {"a": 1}}}}',
     '{"$type": "ac.foundation.dataset.sampleSchema", "fields": [1, {"name": [], "fieldType": {"$type": {}}}]}',
     '{"$type": "ac.foundation.dataset.sampleSchema", "name": {}, "version": [], "fields": {"a": 1}}',
     '{"$type": "ac.foundation.dataset.lens", "name": 1, "mapping": []}', '{"lexicon": 1, "$lint": 3, "defs": {}}',
     "\ufeff{}", '{"a": NaN}', "[" * 5000],
)  # fmt: skip
def test_no_file_is_too_broken_to_be_reported(text: str, home: Path, atdata_gen: Command) -> None:
    write(home / "a.json", text)

    done = atdata_gen("lint", "a.json", "--json", "--level", "info", "--select", "all")

    assert done.status in (0, 1)
    assert done.rules


def test_a_broken_document_still_shows_everything_else_that_is_wrong(home: Path, atdata_gen: Command) -> None:
    broken = json.loads(json.dumps(POST))
    broken["defs"]["main"]["key"] = "nonsense"
    broken["defs"]["main"]["record"]["properties"]["odd"] = {"type": "float"}
    broken["defs"]["main"]["record"]["properties"]["text"]["maxLength"] = "many"
    write(home / "com/example/post.json", broken)

    done = atdata_gen("lint", ".", "--json")

    assert {"lexicon-schema", "unknown-type", "ineffective-key", "duplicate-entries", "inline-object"} <= {*done.rules}
    assert sum(rule == "lexicon-schema" for rule in done.rules) == 2, "the key and the length; the type has its rule"


def test_a_single_file_sees_the_rest_of_its_tree(home: Path, atdata_gen: Command) -> None:
    node = {"type": "object", "properties": {"a": {"type": "ref", "ref": "com.example.defs#part"}}}
    file = write(home / "lexicons/com/example/a.json", {"lexicon": 1, "id": "com.example.a", "defs": {"main": node}})
    write(home / "lexicons/com/example/defs.json",
          {"lexicon": 1, "id": "com.example.defs", "defs": {"part": {"type": "object", "properties": {}}}})  # fmt: skip

    assert atdata_gen("lint", file, "--json").rules == []

    file.write_text(file.read_text().replace("#part", "#prat"))
    assert atdata_gen("lint", file, "--json").rules == ["unresolved-ref"]


def test_our_own_schemas_pass(atdata_gen: Command) -> None:
    assert atdata_gen("lint", ROOT / "lexicons", "--json").rules == []


def test_a_single_lens_sees_the_schemas_of_its_tree(home: Path, atdata_gen: Command) -> None:
    atdata_gen("new", "Photo", "--field", "n:int")
    address = "atdata://local/sampleSchema/Photo@1.0.0"
    lens = {"$type": "ac.foundation.dataset.lens", "name": "same", "sourceSchema": address, "targetSchema": address}
    write(home / "lexicons/lenses/same.json", lens)

    assert atdata_gen("lint", "lexicons/lenses/same.json", "--json").rules == []


def test_included_documents_are_referred_to_and_not_reported(home: Path, atdata_gen: Command) -> None:
    node = {"type": "object", "properties": {"a": {"type": "ref", "ref": "com.vendor.thing"}}}
    write(home / "lexicons/com/example/a.json", {"lexicon": 1, "id": "com.example.a", "defs": {"main": node}})
    write(home / "vendor/com/vendor/thing.json",
          {"lexicon": 1, "id": "com.vendor.thing", "defs": {"main": {"type": "object", "pattern": 1}}})  # fmt: skip

    assert atdata_gen("lint", "--json").rules == ["unknown-document"]
    assert atdata_gen("lint", "--json", "--include", "vendor").rules == []
    (home / "pyproject.toml").write_text('[tool.atdata-gen]\ninclude = ["vendor=vendored.models"]\n')
    assert atdata_gen("lint", "--json").rules == []


# Exceptions -----------------------------------------------------------------------------------------------------


def test_settings_select_ignore_and_raise_rules(home: Path, atdata_gen: Command) -> None:
    write(home / "lexicons/com/example/post.json", POST)
    (home / "pyproject.toml").write_text(
        """
[tool.atdata-gen.lint]
extend = ["missing-field-description"]
levels = { "inline-object" = "error", "missing-field-description" = "warning" }
ignore = { "ineffective-key" = "kept for an editor of ours" }
[tool.atdata-gen.lint.per-path]
"lexicons/com/example/*" = { "duplicate-entries" = "generated by a tool that repeats itself" }
"""
    )

    done = atdata_gen("lint", "lexicons", "--json")

    assert done.status == 1
    assert "ineffective-key" not in done.rules
    assert "duplicate-entries" not in done.rules
    assert "missing-field-description" in done.rules
    assert {f["level"] for f in done.json["findings"] if f["rule"] == "inline-object"} == {"error"}
    assert "generated by a tool that repeats itself" in done.out


def test_the_settings_and_the_exception_of_the_documentation_count(home: Path, atdata_gen: Command) -> None:
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    (home / "pyproject.toml").write_text(page.split("```toml\n")[1].partition("```")[0])
    field = json.loads(page.split("```json\n")[1].partition("```")[0])
    record = {"type": "object", "properties": {"a": field}}
    main = {"type": "record", "description": "A.", "key": "tid", "record": record}
    write(home / "com/example/a.json", {"lexicon": 1, "id": "com.example.a", "defs": {"main": main}})

    done = atdata_gen("lint", ".", "--json")

    assert [finding["rule"] for finding in done.json["ignored"]] == ["unlimited-string"]
    assert done.rules == [], "and the exception is needed"


@pytest.mark.parametrize(
    ("text", "what"),
    [('ignore = ["inline-object"]', "must give a reason"), ('ignore = { "inline-object" = " " }', "has no reason"),
     ('ignore = { "inline-objekt" = "x" }', "did you mean inline-object?"), ('levels = { "inline-object" = "bad" }',
     "is no level"), ('select = "all"', "must be a list"), ('selct = []', "is no setting"),
     ('per-path = { "a" = ["inline-object"] }', "must give a reason")],
)  # fmt: skip
def test_settings_that_mean_nothing_are_wrong_calls(text: str, what: str, home: Path, atdata_gen: Command) -> None:
    write(home / "lexicons/a.json", POST)
    (home / "pyproject.toml").write_text(f"[tool.atdata-gen.lint]\n{text}\n")

    done = atdata_gen("lint")

    assert done.status == 2
    assert what in done.err


def test_an_exception_in_a_document_counts_for_what_lies_in_it(home: Path, atdata_gen: Command) -> None:
    document = json.loads(json.dumps(POST))
    properties = document["defs"]["main"]["record"]["properties"]
    properties["text"]["$lint"] = {"ineffective-key": "our editor reads the pattern"}
    properties["tone"]["pattern"] = "b"
    write(home / "com/example/post.json", document)

    done = atdata_gen("lint", ".", "--json", "--select", "ineffective-key,unused-ignore,ignore-reason")

    assert [f["path"][-2:] for f in done.json["findings"]] == [["tone", "pattern"]]
    assert [f["rule"] for f in done.json["ignored"]] == ["ineffective-key"]
    assert parse_document(document)[0] is not None, "the generator takes the document as before"
    assert not [p for p in parse_document(document)[1] if "$lint" in p.message]


# Fixes ------------------------------------------------------------------------------------------------------------


def test_fix_mends_in_place_and_keeps_the_style(home: Path, atdata_gen: Command) -> None:
    text = json.dumps(POST, indent="\t").replace("\n", "\r\n")
    file = write(home / "com/example/post.json", "")
    file.write_bytes(text.encode())
    os.chmod(file, 0o640)

    done = atdata_gen("lint", ".", "--fix", "--json")

    after = file.read_bytes().decode()
    assert " edits in 1 file\n" in done.err
    assert not {"inline-object", "ineffective-key", "duplicate-entries"} & set(done.rules)
    assert after.count("\n") == after.count("\r\n")
    assert "\r\n\t\t\t" in after
    assert os.stat(file).st_mode & 0o777 == 0o640
    document = json.loads(after)
    record = document["defs"]["main"]["record"]
    assert record["required"] == ["text"]
    assert record["properties"]["place"] == {"type": "ref", "ref": "#place"}
    assert document["defs"]["place"]["properties"]["at"] == {"type": "ref", "ref": "#at"}
    assert record["properties"]["parts"]["items"] == {"type": "ref", "ref": "#part"}
    assert record["properties"]["tone"]["knownValues"] == ["com.example.post#warm", "#cold"], "cold is no token here"
    assert parse_document(document)[0] is not None
    assert atdata_gen("lint", ".", "--fix").err.startswith("0 edits in 0 files")


def test_fix_touches_only_the_lines_it_must(home: Path, atdata_gen: Command) -> None:
    text = """{
  "lexicon": 1,   "id": "com.example.odd",
  "defs": { "main": { "type": "object",
      "properties": {
        "a": { "type": "integer", "multipleOf": 2 },
        "b": { "pattern": "x", "type": "string" },
        "c": {"type": "ref", "ref": "com.example.odd#part"}
      } },
    "part": {"type": "object", "properties": {}} }
}"""
    file = write(home / "com/example/odd.json", text)

    atdata_gen("lint", file, "--fix")

    assert file.read_text() == text.replace(', "multipleOf": 2', "").replace('"pattern": "x", ', "").replace(
        "com.example.odd#part", "#part"
    )


def test_what_speaks_to_people_is_not_dropped(home: Path, atdata_gen: Command) -> None:
    number = {"type": "integer", "examples": [1], "pattern": "1"}
    main = {"type": "object", "title": "A", "properties": {"n": number}}
    document = {"$schema": "https://example.com/x", "lexicon": 1, "id": "com.example.a", "defs": {"main": main}}
    file = write(home / "com/example/a.json", document)

    done = atdata_gen("lint", ".", "--fix", "--json")

    assert sorted(done.rules) == ["ineffective-key", "ineffective-key", "ineffective-top-key"]
    assert file.read_text() == json.dumps(document, indent=2).replace(',\n          "pattern": "1"', "") + "\n"


def test_rules_and_single_rules_are_explained(atdata_gen: Command) -> None:
    assert "# inline-object (warning)" in atdata_gen("lint", "--explain", "inline-object").out
    assert atdata_gen("lint", "--rules").out.startswith("# Rules of")
    assert atdata_gen("lint", "--explain", "nonsense").status == 2
    assert atdata_gen("lint", "--select", "nonsense", ".").status == 2
