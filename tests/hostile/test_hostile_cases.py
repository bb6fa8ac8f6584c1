"""The corpus of bad input, case by case and as a whole, and proof that its runner sees what it looks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ADAPTER = HERE / "adapter.py"
RUNNER = HERE / "case_runner.py"
LIMITS = {"seconds": 10, "rss_mb": 400}


def run(folder: Path, cache: Path, adapter: Path = ADAPTER) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(folder), str(adapter)],
        capture_output=True, text=True, check=False, timeout=900,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def book(folder: Path, cases: dict[str, tuple[str, bytes, str]]) -> Path:
    """A folder of cases: name to kind, bytes and expectation."""
    (folder / "schemas").mkdir()
    listed = []
    for name, (kind, raw, expect) in cases.items():
        (folder / "schemas" / f"{name}.json").write_bytes(raw)
        listed.append(
            {"id": name, "file": f"schemas/{name}.json", "kind": kind, "cls": name, "expect": expect, "limits": LIMITS}
        )
    marker = folder / "marker"
    (folder / "schema_expectations.json").write_text(
        json.dumps({"marker_dir": str(marker), "cases": listed}), encoding="utf-8"
    )
    return folder


@pytest.mark.slow
def test_every_case_ends_as_expected(tmp_path: Path) -> None:
    result = run(HERE / "cases", tmp_path)

    assert result["cases"] > 200
    assert result["wrong"] == {}


@pytest.mark.slow
def test_the_corpus_passes_its_own_runner() -> None:
    """At full scale all of it; else what is too large to lie in this repository, for the rest is tested above."""
    folder = HERE.parents[2] / "shared" / "corpus" / "hostile"
    if not folder.is_dir():
        pytest.skip("the corpus of bad input is not beside this checkout; its small cases are tested above")
    ours = {case["id"] for case in json.loads((HERE / "cases" / "schema_expectations.json").read_bytes())["cases"]}
    theirs = [case["id"] for case in json.loads((folder / "given" / "schema_expectations.json").read_bytes())["cases"]]
    wanted = [case for case in theirs if case not in ours or int(os.environ.get("ATDATA_SCALE", "1")) > 1]
    done = subprocess.run(
        [sys.executable, "runner/run_schemas.py", "given", "--adapter", str(ADAPTER), "--only", ",".join(wanted)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert f"'pass': {len(wanted)}" in done.stdout


def sample(**changes: Any) -> bytes:
    document = {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": "Sample",
        "version": "1.0.0",
        "fields": [{"name": "x", "fieldType": {"$type": "#primitive", "primitive": "str"}}],
        "createdAt": "2026-01-01T00:00:00Z",
    }
    return json.dumps(document | changes).encode()


def lexicon(main: Any) -> bytes:
    return json.dumps({"lexicon": 1, "id": "com.example.thing", "defs": {"main": main}}).encode()


def test_bombs_are_refused_within_their_limits(tmp_path: Path) -> None:
    deep: Any = {"type": "string"}
    for _ in range(110):
        deep = {"type": "array", "items": deep}
    chain = {
        f"d{i}": {"type": "object", "properties": {"n": {"type": "ref", "ref": f"#d{i + 1}"}}} for i in range(5000)
    }
    chain["d5000"] = {"type": "object", "properties": {}}
    union = {"type": "union", "refs": [f"org.x.y#d{i}" for i in range(5000)]}
    cases = {
        "lexicon brackets": ("lexicon", b"[" * 900_000, "reject"),
        "lexicon objects": ("lexicon", b'{"a":' * 200_000, "reject"),
        "lexicon too large": ("lexicon", lexicon({"type": "string", "description": "x" * (1 << 20)}), "reject"),
        "lexicon quotes": ("lexicon", b'"\\' * 500_000, "reject"),
        "lexicon deep items": ("lexicon", lexicon({"type": "object", "properties": {"x": deep}}), "either"),
        "lexicon chain": (
            "lexicon", json.dumps({"lexicon": 1, "id": "com.example.c", "defs": chain}).encode(), "either"
        ),
        "lexicon union": ("lexicon", lexicon({"type": "object", "properties": {"x": union}}), "reject"),
        "lexicon digits": ("lexicon", b'{"lexicon": ' + b"1" * 500_000 + b"}", "reject"),
        "lexicon float": ("lexicon", lexicon({"type": "integer", "maximum": 1e308}), "reject"),
        "lexicon dots": (
            "lexicon", json.dumps({"lexicon": 1, "id": "a" + ".a" * 200_000, "defs": {"main": {}}}).encode(), "reject"
        ),
        "lexicon fields": (
            "lexicon", lexicon({"type": "object", "properties": {f"f{i}": {"type": "string"} for i in range(20_000)}}),
            "either",
        ),
        "record too large": ("record", sample(description="x" * (2 << 20)), "reject"),
        "record version": ("record", sample(version="1." * 100_000), "reject"),
        "record name": ("record", sample(name="A" * 500_000), "reject"),
        "raw brackets": ("raw", b"[" * 900_000, "reject"),
    }  # fmt: skip

    assert run(book(tmp_path, cases), tmp_path)["wrong"] == {}


BAD_ADAPTER = """
from __future__ import annotations

import os
import subprocess


def decode(raw, kind, outdir):
    {body}


def clear(error):
    return isinstance(error, ValueError) and not isinstance(error, UnicodeError)
"""


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("return {'source': 'x = 1'}", None),
        ("raise ValueError('no')", "refuse"),
        ("raise KeyError('no')", "crash"),
        ("raise ValueError('\\x1b[31m')", "raw message"),
        ("raise ValueError('x' * 5000)", "long message"),
        ("return {'source': 'x = \"\\u202e\"'}", "raw source"),
        ("os.system('true'); return {}", "code ran"),
        ("subprocess.run(['true']); raise ValueError('no')", "code ran"),
        ("open(os.path.join(outdir, '..', 'x'), 'w').close(); return {}", "wrote outside"),
        ("open(os.path.join(os.environ['MARKER'], 'x'), 'w').close(); return {}", "code ran"),
        ("return {'source': 'y' * (1 << 34)}", "oom"),
        ("os._exit(9)", "died"),
        ("while True: pass", "died"),
    ],
)
def test_the_runner_sees_a_reader_that_is_wrong(
    body: str, outcome: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKER", str(tmp_path / "marker"))
    monkeypatch.setitem(LIMITS, "seconds", 1)
    adapter = tmp_path / "adapter.py"
    adapter.write_text(BAD_ADAPTER.format(body=body), encoding="utf-8")
    result = run(book(tmp_path, {"case": ("lexicon", b"{}", "accept")}), tmp_path, adapter)

    assert [text.split(": ")[1].split(",")[0] for text in result["wrong"].values()] == ([outcome] if outcome else [])
