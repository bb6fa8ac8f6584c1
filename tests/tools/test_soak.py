"""The soak runs tests that exist, keeps what has passed, and tells how each scenario ended."""

from __future__ import annotations

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

TESTS = """
import os

def test_it_holds(record_property):
    record_property("cases", 5)
    record_property("way", "one")

def test_it_holds_too(record_property):
    record_property("cases", 7)
    record_property("way", "other")
    assert os.environ["ATDATA_SCALE"] != "13"
"""


@pytest.fixture
def soak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, with two scenarios of its own."""
    spec = spec_from_file_location("soak", ROOT / "tools" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    tests = tmp_path / "test_something.py"
    tests.write_text(TESTS)
    made = {name: module.Scenario(f"what {name} shows", (str(tests),)) for name in ("one", "two")}
    monkeypatch.setattr(module, "SCENARIOS", made)
    monkeypatch.setattr(module, "code", lambda name: f"code of {name}")
    return module


def run(soak: ModuleType, monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["soak.py", "--folder", str(folder), *arguments])
    status: int = soak.main()
    return status


def test_the_tests_of_every_scenario_exist() -> None:
    spec = spec_from_file_location("soak", ROOT / "tools" / "soak.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)

    for scenario in module.SCENARIOS.values():
        for test in scenario.tests:
            file, _, name = test.partition("::")
            assert not name or f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), test
            assert (ROOT / file).is_file(), test


def test_what_has_passed_is_kept_and_not_run_again(
    soak: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(soak, monkeypatch, tmp_path, "one", "--scale", "13") == 1
    assert "| **failed** | 1, 1 failed |" in (tmp_path / "soak.md").read_text()
    assert run(soak, monkeypatch, tmp_path, "one") == 0
    results = json.loads((tmp_path / "soak.json").read_text())

    assert results["one"]["outcome"] == "passed"
    assert results["one"]["scale"] == 20
    assert results["one"]["measured"] == {"cases": "12", "way": "one / other"}
    assert "`two`: what two shows | not run |" in (tmp_path / "soak.md").read_text()
    capsys.readouterr()
    assert run(soak, monkeypatch, tmp_path) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("== ")] == [
        "== two: what two shows"
    ]


def test_a_scenario_that_is_none_is_refused(
    soak: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(soak, monkeypatch, tmp_path, "three")

    assert caught.value.code == 2
    assert "no scenario is called three; there are: one, two" in capsys.readouterr().err
