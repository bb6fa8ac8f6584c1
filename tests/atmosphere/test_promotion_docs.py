"""The page on promotion is true: its code runs, as it stands there, on a real server."""

from __future__ import annotations

import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from atdata.atmosphere import using_network

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "promotion.md").read_text(encoding="utf-8")


def test_the_code_of_the_page_runs(
    pds: Any, someone: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"https://pds.example.com": pds.url, "alice.example.com": someone.handle, "app-password": someone.password}
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("page_on_promotion")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with using_network(pds.network):
        for number, block in enumerate(re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S), 1):
            for name, own in names.items():
                block = block.replace(name, own)
            exec(compile(block, f"<block {number} of the page>", "exec"), module.__dict__)
    said = capsys.readouterr().out

    plan = re.search(r"^```\n(Promotion.*?)^```$", PAGE, re.M | re.S)
    assert plan
    printed = re.sub(r"did:plc:\w+|'[^']*data--[^']*'|experiment-2024-\w+", "", said)
    assert re.sub(r"did:plc:\.\.\.|'[^']*data--[^']*'|experiment-2024-\.\.\.", "", plan[1]) in printed
    assert "experiment-2024 Calibrated CC-BY-4.0 {'lab': 302, 'rate': 0.5}" in said
    assert "(32, 8) s0" in said
    assert "publish the schema first: there is no schema Unknown" in said
    assert "the entry 'empty' has no data URLs" in said
