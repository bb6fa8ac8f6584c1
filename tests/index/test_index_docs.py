"""The examples in docstrings run as they stand."""

from __future__ import annotations

import builtins
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import atdata
import atdata._index
import atdata.local
import atdata.testing

MODULES = ["atdata._uris", "atdata._protocols", "atdata.local"] + [
    f"{package.__name__}.{module.name}"
    for package in (atdata._index, atdata.testing)
    for module in pkgutil.iter_modules(package.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if name.endswith(("redis_storage", "_redis")):
        pytest.importorskip("redis")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert failed == 0


def test_the_examples_of_the_page_on_teams_run_one_after_the_other(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "team.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert len(blocks) > 5
    assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob("*.tar.*"))


def test_the_errors_of_the_page_are_what_it_says() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "team.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+Error`(?:, )?)+) \| `(\w+)` \|", page, re.M)

    assert len(rows) == 7
    for names, base in rows:
        for name in re.findall(r"\w+", names):
            kind = getattr(atdata.local, name)
            assert issubclass(kind, atdata.AtdataError)
            assert issubclass(kind, getattr(builtins, base))
