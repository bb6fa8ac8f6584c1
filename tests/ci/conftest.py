"""A project in a real git repository with a remote, as a pull request finds it on a runner."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
}  # fmt: skip


class Checkout:
    """A clone whose branch ``topic`` goes to ``main``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", *arguments], cwd=self.folder, env={**os.environ, **ENVIRONMENT},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def write(self, name: str, document: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")


def lexicon(**properties: Any) -> dict[str, Any]:
    described = {name: {**node, "description": "x"} for name, node in properties.items()}
    record = {"type": "object", "properties": described}
    main = {"type": "record", "key": "tid", "description": "x", "record": record}
    return {"lexicon": 1, "id": "com.example.entry", "description": "x", "defs": {"main": main}}


@pytest.fixture
def make_lexicon() -> Callable[..., dict[str, Any]]:
    return lexicon


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    if shutil.which("git") is None:
        if os.environ.get("CI"):
            pytest.fail("git is required in CI")
        pytest.skip("git was not found")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git")], check=True, timeout=60)
    folder = tmp_path / "work"
    subprocess.run(["git", "clone", "-q", str(tmp_path / "remote.git"), str(folder)], check=True, timeout=60,
                   capture_output=True)  # fmt: skip
    made = Checkout(folder)
    made.git("switch", "-q", "-c", "main")
    made.write("lexicons/com/example/entry.json", lexicon(x={"type": "string", "maxLength": 64}))
    made.commit()
    made.git("push", "-q", "origin", "main")
    made.git("switch", "-q", "-c", "topic")
    return made
