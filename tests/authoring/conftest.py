"""The command run in this process, in a project of the test's own."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from atdata_codegen.cli import main


@dataclass(frozen=True)
class Run:
    """What one call of the command did, as its user sees it."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rules(self) -> list[str]:
        """The rules that a JSON report names."""
        return [finding["rule"] for finding in self.json["findings"]]


def run(*arguments: str | Path) -> Run:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
    return Run(status, out.getvalue(), err.getvalue())


@pytest.fixture
def atdata_gen() -> Callable[..., Run]:
    return run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project that is the working directory, with no index in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ATDATA_INDEX", raising=False)
    (tmp_path / "pyproject.toml").write_text("")
    return tmp_path
