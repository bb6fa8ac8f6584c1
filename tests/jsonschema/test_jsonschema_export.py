"""Exported JSON Schemas: valid themselves, and never stricter than the Lexicon they came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main
from atdata_codegen.jsonschema.documents import bundle
from atdata_codegen.jsonschema.export import Export, export
from atdata_codegen.jsonschema.files import text_of
from atdata_codegen.jsonschema.metaschema import schema_problems, validator
from atdata_codegen.sources import read_sources

from atdata_lexicon.catalog import DictCatalog
from atdata_lexicon.validation import validate_at

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop" / "lexicon"
CORPUS = ROOT.parent / "shared" / "corpus" / "lexicons"

#: What the official vectors refuse and JSON Schema cannot say: lengths in bytes and graphemes, blob types, tags.
BEYOND = {
    "string too short (graphemes)",
    "string too long (graphemes)",
    "blob wrong type",
    "invalid string format language",
}


def export_of(*paths: Path) -> Export:
    return export(read_sources([str(path) for path in paths]))


def one(tmp_path: Path, node: dict[str, Any], nsid: str = "com.example.thing") -> dict[str, Any]:
    """The schema of one definition, as exported."""
    document = {"lexicon": 1, "id": nsid, "defs": {"thing": node}}
    file = tmp_path / "thing.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    made = export_of(file)
    assert not [problem for problem in made.problems if problem.severity == "error"]
    found: dict[str, Any] = made.schemas[f"{nsid}.json"]["$defs"]["thing"]
    return found


@pytest.fixture(scope="module")
def interop() -> Export:
    return export_of(INTEROP / "catalog")


def test_our_own_schemas_are_json_schemas() -> None:
    made = export_of(ROOT / "lexicons")

    assert len(made.schemas) >= 14
    assert not made.problems
    assert list(schema_problems(made.schemas)) == []
    assert list(schema_problems({"bundle": bundle(made.schemas)})) == []


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_document_of_the_corpus_is_exported_to_a_json_schema() -> None:
    made = export_of(CORPUS / "bluesky-social+atproto" / "lexicons")

    assert len(made.schemas) == 402
    assert list(schema_problems(made.schemas)) == []


def test_the_official_valid_records_are_valid(interop: Export) -> None:
    check = validator(interop.schemas["example.lexicon.record.json"], interop.schemas)
    for case in json.loads((INTEROP / "record-data-valid.json").read_text(encoding="utf-8")):
        assert [error.message for error in check.iter_errors(case["data"])] == [], case["name"]


def test_the_official_invalid_records_are_invalid_but_for_what_json_schema_cannot_say(interop: Export) -> None:
    check = validator(interop.schemas["example.lexicon.record.json"], interop.schemas)
    cases = json.loads((INTEROP / "record-data-invalid.json").read_text(encoding="utf-8"))

    accepted = {case["name"] for case in cases if check.is_valid(case["data"])}

    assert sorted(accepted) == sorted(BEYOND)


@pytest.mark.parametrize("name", ["at-identifier", "at-uri", "cid", "datetime", "did", "handle", "nsid", "uri"])
def test_a_format_never_refuses_what_the_lexicon_accepts(tmp_path: Path, name: str) -> None:
    check = validator(one(tmp_path, {"type": "string", "format": name}))
    spelled = name.replace("at-", "at").replace("-", "")
    folder = ROOT / "tests" / "interop" / "syntax"
    lines = (folder / f"{spelled}_syntax_valid.txt").read_text(encoding="utf-8").splitlines()
    valid = [line for line in lines if line and not line.startswith("#")]

    assert valid
    assert [text for text in valid if not check.is_valid(text)] == []


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"maxLength": 10}, {"maxLength": 10}),
        ({"minLength": 9}, {"minLength": 3}),
        ({"minGraphemes": 4}, {"minLength": 4}),
        ({"minLength": 40, "minGraphemes": 4}, {"minLength": 10}),
        ({"maxGraphemes": 4}, {}),
    ],
)
def test_lengths_in_code_points_follow_from_those_in_bytes_and_graphemes(
    tmp_path: Path, node: dict[str, int], expected: dict[str, int]
) -> None:
    schema = one(tmp_path, {"type": "string", **node})

    assert {key: schema[key] for key in ("minLength", "maxLength") if key in schema} == expected
    assert schema["x-lexicon"] == node


@pytest.mark.parametrize("text", ["aaa", "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 3, "e\u0301" * 3, "\r\n" * 3])
def test_three_graphemes_of_any_kind_meet_the_bounds_of_three_graphemes(tmp_path: Path, text: str) -> None:
    check = validator(one(tmp_path, {"type": "string", "minGraphemes": 3, "maxGraphemes": 3}))

    assert check.is_valid(text)


@pytest.mark.parametrize("padding", ["", "="])
def test_bytes_of_the_longest_and_the_shortest_length_pass(tmp_path: Path, padding: str) -> None:
    check = validator(_whole(tmp_path, {"type": "bytes", "minLength": 2, "maxLength": 2}))

    assert check.is_valid({"$bytes": "aGk" + padding})
    assert not check.is_valid({"$bytes": "aG"})
    assert not check.is_valid({"$bytes": "aGlqag"})
    assert not check.is_valid({"$bytes": "a_k"})


def _whole(tmp_path: Path, node: dict[str, Any]) -> dict[str, Any]:
    one(tmp_path, node)
    schema = export_of(tmp_path / "thing.json").schemas["com.example.thing.json"]
    return {"$ref": "#/$defs/thing", "$defs": schema["$defs"]}


NODE = {
    "type": "object",
    "required": ["a"],
    "nullable": ["b"],
    "properties": {
        "a": {"type": "integer", "minimum": 1, "maximum": 9},
        "b": {"type": "boolean"},
        "c": {"type": "array", "maxLength": 2, "items": {"type": "cid-link"}},
        "d": {"type": "union", "refs": ["#thing", "com.example.absent"]},
        "e": {"type": "union", "closed": True, "refs": ["#thing"]},
        "f": {"type": "blob", "maxSize": 10},
        "g": {"type": "unknown"},
        "h": {"type": "ref", "ref": "com.example.absent"},
    },
}
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"
TAG = "com.example.thing#thing"


@pytest.mark.parametrize(
    "data",
    [
        {"a": 1},
        {"a": 1, "b": None},
        {"a": 1, "b": False, "more": []},
        {"a": None},
        {"b": True},
        {"a": 10},
        {"a": 1, "c": [{"$link": CID}]},
        {"a": 1, "c": [None]},
        {"a": 1, "c": [{"$link": CID, "x": 1}]},
        {"a": 1, "c": [{"$link": CID}] * 3},
        {"a": 1, "d": {"$type": TAG, "a": 2}},
        {"a": 1, "d": {"$type": TAG, "a": 20}},
        {"a": 1, "d": {"$type": "com.example.other", "a": 20}},
        {"a": 1, "d": {"$type": "com.example.absent", "a": 20}},
        {"a": 1, "d": {"$type": "com.example.other#main"}},
        {"a": 1, "d": {"a": 1}},
        {"a": 1, "e": {"$type": TAG, "a": 2}},
        {"a": 1, "e": {"$type": "com.example.other", "a": 2}},
        {"a": 1, "f": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b", "size": 10}},
        {"a": 1, "f": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b", "size": 11}},
        {"a": 1, "f": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b"}},
        {"a": 1, "f": {"cid": CID, "mimeType": "a/b"}},
        {"a": 1, "f": {}},
        {"a": 1, "g": {}},
        {"a": 1, "g": {"$bytes": "aGk"}},
        {"a": 1, "g": {"$type": "blob", "ref": {"$link": CID}, "mimeType": "a/b", "size": 1}},
        {"a": 1, "h": [1]},
        {"a": 1, "h": None},
    ],
)
def test_the_schema_and_the_validator_agree(tmp_path: Path, data: dict[str, Any]) -> None:
    check = validator(_whole(tmp_path, NODE))
    catalog = DictCatalog([{"lexicon": 1, "id": "com.example.thing", "defs": {"thing": NODE}}])

    assert check.is_valid(data) == (not validate_at(catalog, "com.example.thing", "/thing", data))


def test_a_call_is_described_and_its_parts_are_definitions(interop: Export) -> None:
    schema = interop.schemas["example.lexicon.query.json"]

    assert "$ref" not in schema
    assert schema["$defs"]["main"]["x-lexicon"]["type"] == "query"
    assert schema["$defs"]["main.parameters"]["type"] == "object"
    assert schema["$defs"]["main.output"]["type"] == "object"


def test_references_between_files_resolve_in_a_folder_and_in_a_bundle() -> None:
    made = export_of(ROOT / "lexicons" / "ac")
    name = "ac.foundation.dataset.sampleSchema.json"
    field = {"name": "x", "fieldType": {"$type": "ac.foundation.dataset.schemaType#ndarray"}}
    record = {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": "X",
        "version": "1.0.0",
        "createdAt": "2026-01-31T12:00:00Z",
        "fields": [field],
    }
    whole = {**bundle(made.schemas), "$ref": f"{name}#/$defs/main"}

    for check in (validator(made.schemas[name], made.schemas), validator(whole)):
        assert [error.json_path for error in check.iter_errors(record)] == ["$.fields[0].fieldType"]
        field["fieldType"]["dtype"] = "uint8"  # type: ignore[index]
        assert check.is_valid(record)
        del field["fieldType"]["dtype"]  # type: ignore[attr-defined]


def test_a_sample_is_an_object_whose_arrays_are_nested_lists() -> None:
    made = export_of(ROOT / "lexicons" / "samples")
    schema = made.schemas["SegmentationSample-1.0.0.json"]
    check = validator(schema)
    sample = {"image": [[[0, 1, 255]]], "mask": [[3]], "city": "Ulm", "instances": None}

    assert check.is_valid(sample)
    assert not check.is_valid({**sample, "image": [[[0, 1]]]})
    assert not check.is_valid({**sample, "mask": [[256]]})
    assert not check.is_valid({"image": sample["image"], "mask": sample["mask"]})
    assert schema["properties"]["image"]["x-dtype"] == "uint8"
    assert schema["properties"]["image"]["x-shape"] == "h w 3"


def test_nested_samples_refer_to_their_own_file() -> None:
    made = export_of(ROOT / "lexicons" / "samples")
    text = json.dumps(made.schemas["MultimodalSample-1.0.0.json"])

    assert '"$ref": "BoundingBox-1.0.0.json"' in text


def test_an_export_is_ascii_and_the_same_every_time() -> None:
    first, second = (export_of(ROOT / "lexicons").schemas for _ in range(2))

    assert [text_of(schema) for schema in first.values()] == [text_of(schema) for schema in second.values()]
    assert all(text_of(schema).isascii() for schema in first.values())


def test_the_command_writes_checks_and_removes_what_nothing_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, whole = tmp_path / "out", tmp_path / "all.json"
    arguments = ["jsonschema", str(ROOT / "lexicons" / "ac"), "-o", str(out), "--bundle", str(whole)]

    assert main([*arguments, "--check"]) == 1
    assert not out.exists()
    assert main(arguments) == 0
    assert main([*arguments, "--check"]) == 0
    orphan = out / "com.example.gone.json"
    orphan.write_bytes((out / "ac.foundation.dataset.lens.json").read_bytes())
    mine = out / "mine.json"
    mine.write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert main([*arguments, "--check"]) == 1
    assert f"orphan: {orphan}" in capsys.readouterr().out
    assert main(arguments) == 0
    assert not orphan.exists()
    assert mine.exists()


def test_the_command_overwrites_no_file_of_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ac.foundation.dataset.lens.json"
    file.write_text('{"mine": true}', encoding="utf-8")

    assert main(["jsonschema", str(ROOT / "lexicons" / "ac"), "-o", str(tmp_path)]) == 2
    assert "was not written by atdata-gen" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == '{"mine": true}'


def test_an_invalid_document_is_reported_and_the_others_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"lexicon": 1, "id": "com.example.good", "defs": {"a": {"type": "string"}}}
    (tmp_path / "good.json").write_text(json.dumps(good), encoding="utf-8")
    (tmp_path / "bad.json").write_text(json.dumps({**good, "defs": {"a": {"type": "float"}}}), encoding="utf-8")

    assert main(["jsonschema", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "float" in capsys.readouterr().err
    assert (tmp_path / "out" / "com.example.good.json").exists()


def test_without_the_package_the_check_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jsonschema", None)

    assert main(["jsonschema", str(ROOT / "lexicons" / "ac"), "-o", str(tmp_path)]) == 0
    assert main(["jsonschema", str(ROOT / "lexicons" / "ac"), "-o", str(tmp_path), "--check"]) == 2
    assert "pip install 'atdata[gen]'" in capsys.readouterr().err
