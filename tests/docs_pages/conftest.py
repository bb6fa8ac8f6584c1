"""The pages are followed in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that relative paths lead to."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
