"""Lint, fix and format on real documents, on random ones, and on those that somebody made to hurt."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.fmt import format_document
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.lint import rules
from atdata_codegen.lint.fix import fix
from atdata_codegen.lint.rule import RULES
from atdata_codegen.lint.run import lint
from atdata_codegen.lint.settings import LintSettings
from atdata_codegen.sources import Source
from hypothesis import given, settings
from hypothesis import strategies as st

Command = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
ALL = LintSettings(RULES)
FIXES = {name for name, rule in RULES.items() if rule.fixes}

assert rules  # importing it has entered the rules


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    found = ROOT.parent / "shared" / "corpus" / "lexicons"
    if not found.is_dir():
        pytest.skip(f"the corpus of public Lexicons is not there: {os.path.relpath(found, ROOT)}")
    return Path(shutil.copytree(found, tmp_path / "corpus"))


def meaning(value: Any) -> Any:
    """What a Lexicon says, however its references and required lists are written: inline objects in their place."""
    document, _ = parse_document(value)
    nsid = value["id"]

    def plain(node: Any, seen: tuple[str, ...] = ()) -> Any:
        if isinstance(node, list):
            return [plain(item, seen) for item in node]
        if isinstance(node, str):
            text = node.removesuffix("#main") if "." in node else node
            return nsid + text if text.startswith("#") else text
        if not isinstance(node, dict):
            return node
        if node.get("type") == "ref" and set(node) == {"type", "ref"}:
            home, _, name = str(plain(node["ref"])).partition("#")
            target = value["defs"].get(name) if home == nsid else None
            if isinstance(target, dict) and target.get("type") == "object" and name not in seen:
                return plain(target, (*seen, name))
        found = {key: plain(inner, seen) for key, inner in node.items()}
        for key in ("required", "nullable"):
            if isinstance(found.get(key), list):
                found[key] = sorted(set(found[key]))
        return found

    main = value["defs"].get("main")
    return document is None, plain(main) if main is not None else None


def test_real_documents_are_linted_fixed_and_formatted(corpus: Path, atdata_gen: Command) -> None:
    for folder in sorted(corpus.iterdir()):
        before = {path: json.loads(path.read_bytes()) for path in folder.rglob("*.json")}
        lexicons = {path for path, value in before.items() if isinstance(value, dict) and "lexicon" in value}

        first = atdata_gen("lint", folder, "--json", "--level", "info", "--select", "all")
        fixed = atdata_gen("lint", folder, "--json", "--level", "info", "--select", "all", "--fix")

        counts, after = Counter(first.rules), Counter(fixed.rules)
        assert counts["lexicon-schema"] == (1 if folder.name.startswith("bluesky") else 0)
        assert not FIXES & set(after) - {"known-string-local-ref"}, "a local reference that leads nowhere stays"
        assert after - counts == Counter(), "no edit breaks another rule"
        for path in lexicons:
            revised = {k: v for k, v in before[path].items() if k != "revision"}
            assert meaning(json.loads(path.read_bytes())) == meaning(revised), path
        assert atdata_gen("fmt", folder).status == 0
        once = {path: path.read_bytes() for path in before}
        assert atdata_gen("fmt", folder).out.endswith(" 0 changed\n")
        assert once == {path: path.read_bytes() for path in before}


_KEYS = re.findall(
    r"\S+",
    "type defs main properties required nullable items refs ref record key enum knownValues default const minimum "
    "maximum maxLength maxGraphemes input output schema encoding message errors name permissions format $lint pattern "
    "parameters accept fields fieldType $type dtype shape version mapping rules labels optional",
)
_TEXTS = re.findall(
    r"\S+",
    "object record string array ref union query params token blob #main #part a.b.c a.b.c#main a.b.c#part integer did "
    "handle uint8 <f4 h 1.0.0 unlimited-string ac.foundation.dataset.schemaType#ndarray",
)
_values = st.recursive(
    st.sampled_from(_TEXTS) | st.integers(-3, 1 << 60) | st.booleans() | st.none() | st.floats(-2, 2),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=6),
    max_leaves=25,
)
_tops = st.sampled_from(
    [
        {"lexicon": 1, "id": "a.b.c"},
        {"$type": "ac.foundation.dataset.sampleSchema", "name": "A", "version": "1.0.0"},
        {"$type": "ac.foundation.dataset.lens", "name": "a"},
    ]
)


@settings(max_examples=150, deadline=None)
@given(_tops, st.dictionaries(st.sampled_from(_KEYS), _values, max_size=6), st.sampled_from([None, 1, "\t"]))
def test_any_json_is_linted_and_fixed_without_a_crash(top: dict[str, Any], more: dict[str, Any], indent: Any) -> None:
    source = Source("a/b/c.json", json.dumps({**more, **top}, indent=indent).encode())

    lint([source], ALL)
    fixed, count = fix([source], ALL)
    again, more_edits = fix(fixed, ALL)

    assert (again[0].raw, more_edits) == (fixed[0].raw, 0)
    assert count or fixed[0].raw == source.raw
    assert json.loads(format_document(json.loads(fixed[0].raw))) == json.loads(fixed[0].raw)


def _hostile() -> dict[str, Any]:
    many = [f"p{i}" for i in range(4000)]
    text, thing = {"type": "string"}, {"type": "object"}
    deep: dict[str, Any] = {"type": "object", "properties": {}}
    for _ in range(100):
        deep = {"type": "object", "properties": {"a": deep}}

    def document(**defs: Any) -> dict[str, Any]:
        return {"lexicon": 1, "id": "com.example.hostile", "defs": defs}

    def chain(i: int) -> dict[str, Any]:
        return {"type": "object", "required": ["n"], "properties": {"n": {"type": "ref", "ref": f"#d{i}"}}}

    return {
        "many fields": document(main={**thing, "required": many[::-1], "properties": dict.fromkeys(many, text)}),
        "many to mend": document(main={**thing, "properties": {name: {**thing, "pattern": 1} for name in many[:1500]}}),
        "many that are missing": document(main={**thing, "required": many, "properties": {}}),
        "the same many times": document(main={"type": "object", "required": ["a"] * 50_000, "properties": {"a": text}}),
        "deep": document(main=deep),
        "a circle of definitions": document(**{f"d{i}": chain((i + 1) % 3000) for i in range(3000)}),
        "long names": document(main={**thing, "properties": {"x" * 100_000: {"type": "object", "y" * 9000: 1}}}),
        "escapes": document(main={"type": "string", "\x1b[31m": 1, "knownValues": ["\u202e", "\x00"]}),
    }


@pytest.mark.parametrize("what", sorted(_hostile()))
def test_hostile_documents_end_soon(what: str) -> None:
    source = Source("com/example/hostile.json", json.dumps(_hostile()[what]).encode())
    begun = time.process_time()

    review = lint([source], ALL)
    fixed, _ = fix([source], ALL)

    assert not FIXES & {finding.rule for finding in lint(fixed, ALL).findings}
    assert time.process_time() - begun < 20, "seconds, where a fraction of one is usual"
    assert all(finding.message.isprintable() and len(finding.message) < 1000 for finding in review.findings)
    assert len(review.findings) < 200 * len(RULES)
