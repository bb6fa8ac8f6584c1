"""Strings of strangers in every slot of a Lexicon: never code, always data, exactly as they came."""

from __future__ import annotations

import ast
import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from atdata_codegen.audit import audit
from atdata_codegen.build import build
from atdata_codegen.config import Settings
from atdata_codegen.generate import generate
from atdata_codegen.sources import Source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atdata_lexicon.record import Record

SCALE = int(os.environ.get("ATDATA_SCALE", "1"))
SETTINGS = settings(
    max_examples=300 * SCALE,
    deadline=None,
    report_multiple_bugs=False,
    derandomize=SCALE == 1,
    suppress_health_check=list(HealthCheck),
)

#: What has ended literals, comments, docstrings, templates and lines in other people's generators.
ATTACKS = [
    '"', "'", '"""', "'''", '""""', '\\', '\\"', '\\"""', '"""\nimport os\n"""', "'\nimport os\n'", "\n", "\r", "\r\n",
    "\x0b", "\x0c", "\x00", "\x85", "\u2028", "\u2029", "\u202e", "\ufeff", "\ud800", "\udfff", "\U000e0041", "\x1b[2J",
    "{{ 7*191 }}", "{% raw %}", "{# x #}", "{{ m.__class__ }}", "%s", "{0.__class__}", "${x}", "#{x}", "`id`", "$(id)",
    "__import__('os').system('true')", "x: eval('1')", "]\n\nimport os #", ") or eval('1') or (", "\\N{BULLET}",
    "\\x41", "\\u0041", "\\", "a\\", "\\\\", "\\'", "# coding: rot13", "-*- coding: utf-7 -*-", "class", "None",
    "__class__", "", " ", "a b", "../../etc/passwd", "/etc/passwd", "C:\\x", "file:///etc/passwd", "os.path", "e\u0301",
    "\uff45val",
    "\U0001d41e\U0001d42f\U0001d41a\U0001d425", "\u0131", "\u212a", "a" * 300,
]  # fmt: skip
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(alphabet=st.characters(), max_size=12),
    st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=4).map("".join),
    st.text(alphabet="\"'\\\n\r#{}%()[]:;, abx", max_size=14),
).map(lambda text: json.loads(json.dumps(text)))  # halves of a pair that stand side by side are one character in JSON
name = st.one_of(st.sampled_from(["main", "post", "Post", "class", "eval", "from", "self", "9"]), hostile)
good_name = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)


def strings(values: Any) -> Any:
    """A string definition with ``values`` in every slot that takes text."""
    return st.fixed_dictionaries(
        {"type": st.just("string")},
        optional={
            "description": values,
            "format": st.one_of(values, st.just("datetime")),
            "default": values,
            "enum": st.lists(values, max_size=3),
            "knownValues": st.lists(values, max_size=3),
        },
    )


def types(values: Any, names: Any) -> Any:
    leaf = st.one_of(
        strings(values),
        st.fixed_dictionaries({"type": st.just("string"), "const": values}),
        st.fixed_dictionaries({"type": st.just("blob"), "accept": st.lists(values, max_size=2)}),
        st.fixed_dictionaries({"type": st.just("unknown"), "description": values}),
        st.fixed_dictionaries({"type": st.just("integer"), "description": values}),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.fixed_dictionaries({"type": st.just("array"), "items": inner, "description": values}),
            st.fixed_dictionaries(
                {
                    "type": st.just("object"),
                    "properties": st.dictionaries(names, inner, max_size=3),
                    "description": values,
                }
            ),
        ),
        max_leaves=6,
    )


def documents(values: Any, names: Any, refs: Any = None) -> Any:
    """Documents whose text is drawn from ``values`` and whose names are drawn from ``names``."""
    one = types(values, names)
    obj = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(names, one, max_size=4), "description": values}
    )
    body = st.fixed_dictionaries({"encoding": values, "description": values}, optional={"schema": obj})
    errors = st.lists(st.fixed_dictionaries({"name": values, "description": values}), max_size=3)
    main = st.one_of(
        st.fixed_dictionaries({"type": st.just("record"), "key": st.just("any"), "record": obj, "description": values}),
        st.fixed_dictionaries({"type": st.just("procedure"), "input": body, "output": body, "errors": errors}),
        st.fixed_dictionaries({"type": st.just("query"), "output": body, "errors": errors, "description": values}),
        st.fixed_dictionaries({"type": st.just("permission-set"), "title": values, "permissions": st.just([])}),
        obj,
    )
    other = st.one_of(obj, one, st.fixed_dictionaries({"type": st.just("token"), "description": values}))
    if refs is not None:
        other = st.one_of(other, st.fixed_dictionaries({"type": st.just("array"), "items": refs}))
    return st.builds(
        lambda description, main, others: {
            "lexicon": 1, "id": "com.example.thing", "description": description, "defs": others | {"main": main}
        },
        values, main, st.dictionaries(names, other, max_size=3),
    )  # fmt: skip


def render(document: Any) -> tuple[dict[str, str], list[Any]]:
    """The text of every file for one document, and the problems; nothing is written."""
    raw = json.dumps(document).encode("utf-8")
    tree = build(Settings(("x",), "out"), [Source("a.json", raw)], [], {})
    files = {name: text for unit in tree.units.values() for name, text in (unit.files or {}).items()}
    return files, tree.problems


def load(text: str, name: str) -> ModuleType:
    """Run a generated module as a module of that name."""
    module = ModuleType(name)
    sys.modules[name] = module
    exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
    return module


def constants(text: str) -> set[str]:
    """Every string constant of a module."""
    return {
        node.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def check_text(files: dict[str, str]) -> None:
    for name, text in files.items():
        assert text.isascii(), name
        assert not any(ord(char) < 32 and char != "\n" for char in text), name
        assert "\x7f" not in text
        audit(text, name)


@SETTINGS
@given(documents(hostile, name))
def test_no_string_in_any_slot_becomes_code(document: dict[str, Any]) -> None:
    files, problems = render(document)
    check_text(files)
    for problem in problems:
        text = str(problem)
        assert text.isprintable() or all(char.isprintable() for char in text.replace("\n", ""))
        assert len(text) < 1200
        assert problem.code != "audit", text
    assert problems or any("thing" in name for name in files)


def slots(node: Any) -> list[str]:
    """Every string of a definition that must be found again in the module: descriptions are shown, not kept."""
    if isinstance(node, list):
        return [text for item in node for text in slots(item)]
    if not isinstance(node, dict):
        return []
    found = [v for k, v in node.items() if isinstance(v, str) and k in ("default", "const")]
    found += [v for k in ("enum", "knownValues") for v in node.get(k, ()) if isinstance(v, str)]
    return found + [text for key, item in node.items() if key not in ("enum", "knownValues") for text in slots(item)]


@SETTINGS
@given(documents(hostile, good_name))
def test_every_value_survives_exactly(document: dict[str, Any]) -> None:
    files, problems = render(document)
    text = files.get("com/example/thing.py")
    if text is None:
        assert any(problem.severity == "error" for problem in problems)
        return
    module = load(text, "atdata_hostile_thing")
    kept = json.loads(module._LEXICON)
    for where, raw in document["defs"].items():
        _same(raw, kept[where])
    for value in slots({k: v for k, v in document["defs"].items()}):
        assert value in constants(text) or value in json.dumps(kept, ensure_ascii=False) or _inside(kept, value)
    for cls in [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Record) and c is not Record]:
        cls.validate_data({})
        made = cls.from_record({})
        assert {k: v for k, v in made.to_record().items() if k != "$type"} == {}


def _same(raw: Any, kept: Any) -> None:
    """What validation reads is what the document says."""
    for key in ("type", "default", "const", "enum", "required", "encoding", "accept"):
        if key in raw:
            assert kept[key] == raw[key]
    for name, inner in raw.get("properties", {}).items():
        _same(inner, kept["properties"][name])
    for key in ("items", "record", "schema", "input", "output"):
        if key in raw:
            _same(raw[key], kept[key])


def _inside(node: Any, value: str) -> bool:
    if isinstance(node, dict):
        return any(_inside(item, value) for item in node.values())
    if isinstance(node, list):
        return value in node or any(_inside(item, value) for item in node)
    return bool(node == value)


@SETTINGS
@given(st.builds(lambda d, v: (d, v), st.dictionaries(good_name, hostile, min_size=1, max_size=4), st.booleans()))
def test_defaults_and_data_come_back_as_they_were(case: tuple[dict[str, str], bool]) -> None:
    values, full = case
    properties = {name: {"type": "string", "default": value} for name, value in values.items()}
    document = {
        "lexicon": 1,
        "id": "com.example.thing",
        "defs": {"main": {"type": "record", "key": "any", "record": {"type": "object", "properties": properties}}},
    }
    files, problems = render(document)
    assert not [p for p in problems if p.severity == "error"]
    thing = load(files["com/example/thing.py"], "atdata_hostile_defaults").Thing

    made = thing.from_record({"$type": "com.example.thing", **(values if full else {})})
    assert sorted(getattr(made, field) for field in thing.__slots__) == sorted(values.values())
    assert made.to_record() == {"$type": "com.example.thing", **(values if full else {})}


@SETTINGS
@given(st.lists(hostile, min_size=1, max_size=8, unique=True))
def test_known_values_and_error_names_are_constants_of_their_value(values: list[str]) -> None:
    short = [value for value in values if 0 < len(value) <= 255]
    main = {
        "type": "query",
        "parameters": {"type": "params", "properties": {"x": {"type": "string", "knownValues": values}}},
        "errors": [{"name": value} for value in short],
    }
    files, problems = render({"lexicon": 1, "id": "com.example.thing", "defs": {"main": main}})
    assert not [p for p in problems if p.severity == "error"]
    module = load(files["com/example/thing.py"], "atdata_hostile_values")

    for cls, expected in ((module.ParamsXValues, values), (getattr(module, "Errors", None), short)):
        if cls is not None:
            assert sorted(v for k, v in vars(cls).items() if not k.startswith("__")) == sorted(expected)


@SETTINGS
@given(hostile, hostile, hostile)
def test_names_that_are_no_names_are_refused_whole(nsid: str, ref: str, definition: str) -> None:
    document = {
        "lexicon": 1,
        "id": nsid,
        "defs": {
            definition: {"type": "object", "properties": {"x": {"type": "ref", "ref": ref}}},
            "main": {"type": "object", "properties": {"x": {"type": "union", "refs": [ref, nsid + ref]}}},
        },
    }
    files, problems = render(document)

    check_text(files)
    assert [p for p in problems if p.severity == "error"]
    assert set(files) == {"__init__.py", "__init__.pyi", "py.typed"}


@settings(parent=SETTINGS, max_examples=1000 * SCALE)
@given(documents(st.text(max_size=6), good_name))
def test_every_generated_schema_parses_imports_and_round_trips(document: dict[str, Any]) -> None:
    files, problems = render(document)
    check_text(files)
    text = files.get("com/example/thing.py")
    if text is None:
        assert any(problem.severity == "error" for problem in problems)
        return
    module = load(text, "atdata_hostile_any")
    data = {"more": [1, None, {"deep": "\u00e9"}], "x": {"$type": "com.example.thing#nothing"}, "a": 5}
    for cls in [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Record) and c is not Record]:
        typed = data | {"$type": "com.example.thing"} if cls._AT == "/main/record" else data
        assert cls.from_record(typed).to_record() == typed


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_no_attack_writes_or_imports_anything_else(attack: str, tmp_path: Path) -> None:
    """The whole command on one document with the attack in all slots at once, imported from the disk."""
    text = {"description": attack}
    field = {"type": "string", **text, "default": attack, "knownValues": [attack], "enum": [attack, "x"]}
    document = {
        "lexicon": 1,
        "id": "com.example.thing",
        **text,
        "defs": {
            "main": {"type": "record", "key": "any", **text, "record": {"type": "object", "properties": {"x": field}}},
            "other": {"type": "token", **text},
        },
    }
    inputs, output = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    (inputs / "a.json").write_text(json.dumps(document), encoding="utf-8")
    result = generate(Settings((str(inputs),), str(output)))
    assert not result.errors, result.problems
    modules = set(sys.modules)
    alarms: list[str] = []
    _alarms.append(alarms)
    spec = spec_from_file_location("atdata_hostile_attack", output / "com" / "example" / "thing.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    made = module.Thing.from_record({"$type": "com.example.thing", "x": attack})
    if not any("\ud800" <= char <= "\udfff" for char in attack):  # half a character is no Unicode text, and invalid
        made.validate()
    _alarms.remove(alarms)

    assert made.x == attack
    assert module.Thing().x == attack
    assert alarms == []
    assert not {"os.path", "subprocess", "pickle"} & (set(sys.modules) - modules)


_alarms: list[list[str]] = []


def _hook(event: str, args: tuple[object, ...]) -> None:
    if _alarms and event.startswith(("os.system", "subprocess.", "os.exec", "socket.", "shutil.", "os.fork")):
        _alarms[-1].append(event)


sys.addaudithook(_hook)
