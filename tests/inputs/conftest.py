"""A real git repository in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        environment = {
            **os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
        }  # fmt: skip
        command = ["git", "-c", "commit.gpgsign=false", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, document: Any) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2), encoding="utf-8")
        return path

    def commit(self, tag: str = "") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change", "--allow-empty")
        if tag:
            self.git("tag", "-a", "-m", tag, tag)
        return self.git("rev-parse", "HEAD")


def lexicon(nsid: str, **properties: Any) -> dict[str, Any]:
    record = {"type": "object", "required": [], "properties": properties}
    return {"lexicon": 1, "id": nsid, "defs": {"main": {"type": "record", "key": "tid", "record": record}}}


@pytest.fixture
def make_lexicon() -> Callable[..., dict[str, Any]]:
    return lexicon


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """An empty repository, which is the working directory too."""
    if shutil.which("git") is None:
        if os.environ.get("CI"):
            pytest.fail("git is required in CI")
        pytest.skip("git was not found")
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return Repository(folder)
