"""Record models in the styles of other libraries: they import, they check, and no text of strangers runs in them."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from atdata_codegen.audit import AuditError, compile_checked
from atdata_codegen.cli import main
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.styles import STYLE_MODULES, render_style
from atdata_codegen.styles.names import class_names
from atdata_codegen.styles.tokens import Tokens
from atdata_codegen.templating import default_renderer

ROOT = Path(__file__).resolve().parents[2]
INTEROP = ROOT / "tests" / "interop" / "lexicon"
CORPUS = ROOT.parent / "shared" / "corpus"
BLUESKY = CORPUS / "lexicons" / "bluesky-social+atproto" / "lexicons"
HOSTILE = CORPUS / "hostile" / "given" / "schemas"
MARKER = Path("/tmp/atdata_corpus_marker")
STYLES = tuple(STYLE_MODULES)
CID = "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq"

Generate = Callable[..., Path]


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generate]:
    """Generates documents or folders into a fresh package that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def run(style: str, *sources: Any) -> Path:
        inputs = []
        for i, source in enumerate(sources):
            file = tmp_path / "in" / f"{i}.json"
            if not isinstance(source, Path):
                file.parent.mkdir(exist_ok=True)
                file.write_text(json.dumps(source), encoding="utf-8")
            inputs.append(str(source if isinstance(source, Path) else file))
        out = tmp_path / f"made_{style}"
        assert main([*inputs, "-o", str(out), "--package", "", "--models", style, "-q"]) == 0
        return out

    yield run
    for name in set(sys.modules) - before:
        if name.startswith("made_"):
            del sys.modules[name]


def load(out: Path, module: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(f"{out.name}.{module}")


def record(**properties: Any) -> dict[str, Any]:
    """A Lexicon whose record has these properties."""
    body = {"type": "object", "properties": properties}
    return {"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "record", "key": "any", "record": body}}}


def cases(word: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((INTEROP / f"record-data-{word}.json").read_text(encoding="utf-8"))
    return found


# What the models do ------------------------------------------------------------------------------------------


def test_pydantic_takes_the_official_records_and_gives_them_back(generate: Generate) -> None:
    out = generate("pydantic", INTEROP / "catalog")
    models, checks = load(out, "models"), load(out, "checks")
    for case in cases("valid"):
        assert checks.to_record(models.Record.model_validate(case["data"])) == case["data"], case["name"]


def test_pydantic_refuses_the_official_invalid_records_but_for_what_its_header_names(generate: Generate) -> None:
    models = load(generate("pydantic", INTEROP / "catalog"), "models")
    accepted = set()
    for case in cases("invalid"):
        try:
            models.Record.model_validate(case["data"])
        except ValueError:
            continue
        accepted.add(case["name"])

    assert accepted == {"invalid non-nullable string field", "open union missing $type"}


@pytest.mark.parametrize("style", STYLES)
def test_validate_takes_and_refuses_all_official_records(generate: Generate, style: str) -> None:
    validation = load(generate(style, INTEROP / "catalog"), "validation")
    for case in cases("valid"):
        validation.validate("example.lexicon.record", case["data"])
    for case in cases("invalid"):
        with pytest.raises(ValueError, match=r"example\.lexicon\.record has"):
            validation.validate("example.lexicon.record", case["data"])


def test_msgspec_structs_hold_the_official_records_and_are_validated(generate: Generate) -> None:
    import msgspec

    out = generate("msgspec", INTEROP / "catalog")
    models, validation = load(out, "models"), load(out, "validation")
    for case in cases("valid"):
        made = msgspec.convert(case["data"], models.Record)
        validation.validate("example.lexicon.record", made)
    with pytest.raises(ValueError, match=r"\$\.integer"):
        validation.validate("example.lexicon.record", models.Record(integer="3"))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"integer": "3"}, models.Record)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("\u00e9" * 10, True), ("\u00e9" * 11, False), ("\U0001f468\u200d\U0001f469\u200d\U0001f467", True)],
)
def test_pydantic_counts_bytes_and_graphemes_as_lexicon_does(generate: Generate, text: str, fits: bool) -> None:
    models = load(generate("pydantic", record(x={"type": "string", "maxLength": 20, "maxGraphemes": 10})), "models")
    try:
        models.Thing(x=text)
    except ValueError:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    ("node", "good", "bad"),
    [
        ({"type": "integer"}, [3], [3.0, "3", True]),
        ({"type": "boolean"}, [True, False], [1, "true"]),
        ({"type": "string", "format": "did"}, ["did:web:a.b"], ["did:", 3]),
        ({"type": "array", "items": {"type": "integer", "minimum": 2}}, [[2]], [[1], ["2"]]),
        ({"type": "bytes", "maxLength": 2}, [{"$bytes": "aGk"}], [{"$bytes": "aGlq"}, {"$bytes": "a-"}, "aGk"]),
        ({"type": "cid-link"}, [{"$link": CID}], [{"$link": "x"}, CID]),
        (
            {"type": "blob", "accept": ["image/*"], "maxSize": 9},
            [
                {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 9},
                {"cid": CID, "mimeType": "image/png"},
            ],
            [
                {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 10},
                {"$type": "blob", "ref": {"$link": CID}, "mimeType": "text/plain", "size": 1},
                {"$type": "blob", "ref": {"$link": "x"}, "mimeType": "image/png", "size": 1},
            ],
        ),
        ({"type": "unknown"}, [{}, {"a": [1]}], [{"a": 0.5}, [], {"$bytes": "aGk"}]),
        (
            {"type": "union", "refs": ["com.example.thing"]},
            [{"$type": "com.example.other", "x": 1}, {"$type": "com.example.thing"}],
            [{"x": 1}, {"$type": "com.example.thing", "x": 7}, {"$type": "com.example.other#main"}, []],
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_pydantic_checks_what_the_lexicon_asks(
    generate: Generate, node: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    out = generate("pydantic", record(x=node))
    models, checks = load(out, "models"), load(out, "checks")
    for value in good:
        data = {"$type": "com.example.thing", "x": value}
        assert checks.to_record(models.Thing.model_validate(data)) == data
    for value in bad:
        with pytest.raises(ValueError, match="validation error"):
            models.Thing.model_validate({"x": value})


def test_pydantic_keeps_unknown_fields_and_tells_absent_from_null(generate: Generate) -> None:
    document = record(a={"type": "integer"}, b={"type": "integer"})
    document["defs"]["main"]["record"]["nullable"] = ["a"]
    out = generate("pydantic", document)
    models, checks = load(out, "models"), load(out, "checks")
    data = {"$type": "com.example.thing", "a": None, "more": [{"x": 1}]}

    assert checks.to_record(models.Thing.model_validate(data)) == data
    assert checks.to_record(models.Thing(b=0)) == {"$type": "com.example.thing", "b": 0}


def test_what_calls_take_and_give_is_validated_by_a_path(generate: Generate) -> None:
    validation = load(generate("typeddict", INTEROP / "catalog"), "validation")

    validation.validate("example.lexicon.query#main/output/schema", {"a": 1})
    with pytest.raises(ValueError, match=r"\$\.a"):
        validation.validate("example.lexicon.query#main/output/schema", {"a": "1"})


# Names ---------------------------------------------------------------------------------------------------------


def test_classes_of_one_name_all_get_a_longer_one() -> None:
    made = {}
    for nsid in ("com.one.post", "com.two.post", "com.one.like", "com.one.defs"):
        defs = {"main": {"type": "object"}} if nsid != "com.one.defs" else {"view": {"type": "object"}}
        made[nsid] = parse_document({"lexicon": 1, "id": nsid, "defs": defs})[0]
    documents = {nsid: document for nsid, document in made.items() if document is not None}

    assert class_names(documents) == {
        ("com.one.post", "main"): "OnePost",
        ("com.two.post", "main"): "TwoPost",
        ("com.one.like", "main"): "Like",
        ("com.one.defs", "view"): "View",
    }
    assert class_names(documents) == class_names(dict(reversed(documents.items())))


ODD = (
    "str", "int", "int_", "list", "dict", "bool", "object", "Any", "Field", "fieldType", "field_type", "createdAt",
    "created_at", "model_fields", "model_config", "model_post_init", "copy", "json", "schema", "validate", "to_record",
    "from", "class", "None", "_x", "__class__", "__init__", "a-b", "a.b", "a:b", "9", "-", "_", "self", "mro", "field",
    "metadata", "cls", "super", "type", "type_", "Literal", "__slots__", "__annotations__", "True",
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_odd_names_of_fields_and_definitions_lose_nothing(generate: Generate, style: str) -> None:
    document = record(**{name: {"type": "array", "items": {"type": "integer"}} for name in ODD})
    for name in ("BaseModel", "struct", "any", "literal", "9", "a_b", "aB", "str", "none", "thing", "field", "blob"):
        document["defs"][name] = {"type": "object", "properties": {"x": {"type": "blob"}}}
    out = generate(style, document)
    models = load(out, "models")
    data = {"$type": "com.example.thing", **{name: [i] for i, name in enumerate(ODD)}}
    cls = models.Thing

    if style == "pydantic":
        assert load(out, "checks").to_record(cls.model_validate(data)) == data
    elif style == "msgspec":
        import msgspec

        assert msgspec.to_builtins(msgspec.convert(data, cls)) == data
    else:
        assert cls.__annotations__.keys() == data.keys()
    assert len(models.__all__) >= 13


# Hostile input --------------------------------------------------------------------------------------------------

EVIL = (
    '"""\nraise SystemExit\n"""', "'''\nraise SystemExit\n'''", "ends with \\", 'ends with "',
    "\\\"\"\"\nraise SystemExit",
    "a\rraise SystemExit", "a\u2028raise SystemExit\u0085", "{{ 7*7 }} {% raise %}",
    "@0@ '@1@' \"@2@\" \"\"\"@3@\"\"\"",
    "#\n# type: ignore\nraise SystemExit", "\x00\x1b[31m", "\ud7ff\U0010ffff\u202e", "%s {x} $x", "\\N{BULLET} \\x41",
)  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_texts_of_strangers_stay_texts(generate: Generate, style: str) -> None:
    properties: dict[str, Any] = {}
    for i, text in enumerate(EVIL):
        properties[f"a{i}"] = {"type": "string", "description": text, "default": text}
        properties[f"b{i}"] = {"type": "string", "description": text, "enum": [text, "b"]}
        properties[f"c{i}"] = {"type": "string", "description": text, "const": text}
        properties[f"d{i}"] = {"type": "string", "knownValues": [text]}
        properties[f"e{i}"] = {"type": "blob", "accept": [text]}
    document = record(**properties)
    document["description"] = "\n".join(EVIL)
    for i, text in enumerate(EVIL):
        document["defs"][f"x{i}"] = {"type": "object", "description": text, "properties": {}}
    out = generate(style, document)
    models = load(out, "models")
    data = {"$type": "com.example.thing"}
    data |= {f"b{i}": text for i, text in enumerate(EVIL)} | {f"c{i}": text for i, text in enumerate(EVIL)}

    assert (out / "models.py").read_bytes().isascii()
    if style == "pydantic":
        made = models.Thing.model_validate(data)
        assert load(out, "checks").to_record(made) == data
        assert [getattr(made, f"a{i}") for i in range(len(EVIL))] == list(EVIL)
        assert models.Thing.model_fields["b5"].description == EVIL[5]
        with pytest.raises(ValueError, match="validation error"):
            models.Thing.model_validate({"b0": "c"})
    elif style == "msgspec":
        import msgspec

        made = msgspec.convert(data, models.Thing)
        assert [getattr(made, f"a{i}") for i in range(len(EVIL))] == list(EVIL)


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize("style", STYLES)
def test_no_hostile_lexicon_gets_to_run(style: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    there = set(MARKER.iterdir()) if MARKER.exists() else set()
    seen = 0
    for file in sorted(HOSTILE.glob("*_lex-*.json")):
        document, _ = parse_document(json.loads(file.read_text(encoding="utf-8")))
        if document is not None and len(document.defs) < 500:
            seen += 1
            for name, text in render_style({document.id: document}, style, default_renderer()).items():
                compile_checked(text, name)
                assert text.isascii()

    assert seen >= 20
    assert (set(MARKER.iterdir()) if MARKER.exists() else set()) == there
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["'@0@'", "@0@", '"""@1@"""', "\\", "'", "\n"])
def test_what_looks_like_a_token_is_a_text_like_any_other(text: str) -> None:
    tokens = Tokens()
    value, doc = tokens.add(text), tokens.add(text)
    space: dict[str, Any] = {}

    exec(tokens.restore(f'class X:\n    """\n    {doc}\n    """\n    x = "{value}"\n'), space)

    assert space["X"].x == text


def test_a_token_outside_of_a_literal_is_refused() -> None:
    tokens = Tokens()

    with pytest.raises(AuditError, match="hold a text"):
        tokens.restore(f"x = {tokens.add('1')}")


# The command -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_the_command_checks_updates_and_removes_a_style(tmp_path: Path, style: str) -> None:
    out = tmp_path / "out"
    arguments = [str(INTEROP / "catalog"), "-o", str(out), "--package", "", "-q"]

    assert main([*arguments, "--models", style, "--check"]) == 1
    assert main([*arguments, "--models", style]) == 0
    assert main([*arguments, "--models", style, "--check"]) == 0
    assert {path.stem for path in out.glob("*.py")} == {"__init__", *STYLE_MODULES[style]}
    stamp = (out / "models.py").stat().st_mtime_ns
    assert main([*arguments, "--models", style]) == 0
    assert (out / "models.py").stat().st_mtime_ns == stamp
    assert main(arguments) == 0
    assert not (out / "models.py").exists()


def test_samples_stand_beside_a_style(generate: Generate) -> None:
    out = generate("pydantic", INTEROP / "catalog", ROOT / "lexicons" / "samples" / "image_sample.json")

    assert (out / "samples" / "ImageSample_1_0_0.py").exists()
    assert (out / "models.py").exists()


def test_samples_alone_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datamodel_code_generator", None)
    arguments = [str(ROOT / "lexicons" / "samples"), "-o", str(tmp_path / "x"), "-q"]

    assert main([*arguments, "--models", "pydantic"]) == 0


def test_without_the_library_the_command_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "datamodel_code_generator", None)
    out = tmp_path / "out"

    assert main([str(INTEROP / "catalog"), "-o", str(out), "--models", "pydantic"]) == 2
    assert "pip install 'atdata[gen]'" in capsys.readouterr().err
    assert not (out / "models.py").exists()


def test_the_default_style_loads_neither_library(tmp_path: Path) -> None:
    code = (
        "import sys; from atdata_codegen.cli import main; "
        f"main([{str(ROOT / 'lexicons')!r}, '-o', {str(tmp_path / 'x')!r}, '-q']); "
        "print(*(n for n in ('datamodel_code_generator', 'jsonschema', 'pydantic') if n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == []


def test_the_order_of_documents_changes_nothing() -> None:
    documents = {}
    for path in sorted((INTEROP / "catalog").glob("*.json")):
        document, _ = parse_document(json.loads(path.read_text(encoding="utf-8")))
        assert document is not None
        documents[document.id] = document
    for style in STYLES:
        first = render_style(documents, style, default_renderer())

        assert first == render_style(dict(reversed(documents.items())), style, default_renderer())


@pytest.mark.slow
@pytest.mark.skipif(not BLUESKY.is_dir(), reason="the corpus is not here")
@pytest.mark.parametrize("style", STYLES)
def test_the_bluesky_lexicons_import_and_are_clean_under_mypy(generate: Generate, style: str) -> None:
    out = generate(style, BLUESKY)
    models = load(out, "models")

    assert len(models.__all__) > 900
    for name in models.__all__:
        if style == "pydantic":
            getattr(models, name).model_rebuild(force=True)
        elif style == "msgspec":
            import msgspec

            msgspec.json.Decoder(getattr(models, name))
    if style == "pydantic":
        post = models.FeedPost if hasattr(models, "FeedPost") else models.Post
        post(text="hi", created_at="2026-01-31T12:00:00Z")
        with pytest.raises(ValueError, match="graphemes"):
            post(text="x" * 301, created_at="2026-01-31T12:00:00Z")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "-p", out.name]
    done = subprocess.run(command, cwd=out.parent, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stdout[-2000:]
