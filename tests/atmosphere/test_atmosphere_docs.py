"""The page of documentation is true: its code runs, as it stands there, on a real server."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from atdata.atmosphere import set_network
from atdata.lens import LensNetwork

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "atmosphere.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(
    pds: Any, someone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"https://pds.example.com": pds.url, "alice.example.com": someone.handle, '"app-password"': '"hunter2pass"'}
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("page_of_the_docs")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    before = dict(LensNetwork()._registry)
    usual = set_network(pds.network)
    try:
        for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S), 1):
            for name, own in names.items():
                block = block.replace(name, own)
            exec(compile(block, f"<block {number} of the page>", "exec"), module.__dict__)
    finally:
        set_network(usual)
        LensNetwork()._registry.clear()
        LensNetwork()._registry.update(before)
    said = capsys.readouterr().out

    assert said.startswith(f"{someone.handle} {someone.did}\n")
    assert "(32, 8, 8) cat" in said
    assert "external ['https://data.example.com/images-{000..099}.tar'] None" in said
    assert f"label_only at://{someone.did}/" in said
    assert "ImageSample 100" in said
    assert "['squares', 'images']\n['1.0.0']\n['label_only']" in said
    assert "{'text': 'hello', '$type': 'com.example.note'}" in said
    assert "302" in said


def test_the_table_of_errors_is_that_of_the_module() -> None:
    import builtins

    import atdata.atmosphere as door

    rows = re.findall(r"^\| `(\w+Error)` \| `(\w+)` \|", PAGE, re.M)
    assert len(rows) == 9
    for name, built_in in rows:
        kind = getattr(door, name)
        assert issubclass(kind, door.AtmosphereError)
        assert issubclass(kind, getattr(builtins, built_in))
