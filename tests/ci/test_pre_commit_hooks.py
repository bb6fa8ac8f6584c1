"""The hooks of .pre-commit-hooks.yaml, each run as pre-commit runs it: in a repository, on what is staged."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
Make = Callable[..., dict[str, Any]]


def run(hook: dict[str, Any], folder: Path, files: list[str]) -> subprocess.CompletedProcess[str]:
    """What pre-commit does with a hook once its environment is made; it does nothing where no file matches."""
    mine = [file for file in files if re.search(hook["files"], file)]
    assert mine
    program, *rest = shlex.split(hook["entry"])
    assert program == "atdata-gen"
    names = mine if hook.get("pass_filenames", True) else []
    command = [sys.executable, "-m", "atdata_codegen.cli", *rest, *hook.get("args", []), *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_every_hook_has_what_pre_commit_asks_for() -> None:
    assert set(HOOKS) == {"atdata-fmt", "atdata-lint", "atdata-generate", "atdata-breaking"}
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert {"id", "name", "entry", "files", "description"} <= set(hook)
        re.compile(hook["files"])


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_a_hook_passes_what_is_right(hook: str, checkout: Any, make_lexicon: Make) -> None:
    name = "lexicons/com/example/entry.json"
    checkout.write(name, make_lexicon(x={"type": "string", "maxLength": 64}, y={"type": "boolean"}))
    run(HOOKS["atdata-fmt"], checkout.folder, [name])
    generate = [sys.executable, "-m", "atdata_codegen.cli", "lexicons", "-o", "generated"]
    subprocess.run(generate, cwd=checkout.folder, check=True, timeout=60, capture_output=True)
    done = run(HOOKS[hook], checkout.folder, [name])

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("hook", "change"),
    [
        ("atdata-lint", {"x": {"type": "string", "maxLength": 64, "default": "x" * 65}}),
        ("atdata-generate", {"x": {"type": "string", "maxLength": 64}}),
        ("atdata-breaking", {"x": {"type": "integer"}}),
    ],
)
def test_a_hook_stops_what_is_wrong(hook: str, change: dict[str, Any], checkout: Any, make_lexicon: Make) -> None:
    name = "lexicons/com/example/entry.json"
    checkout.write(name, make_lexicon(**change))
    checkout.git("add", "-A")
    done = run(HOOKS[hook], checkout.folder, [name])

    assert done.returncode == 1, done.stdout + done.stderr


def test_the_formatter_changes_the_file_which_stops_the_commit(checkout: Any) -> None:
    path = checkout.folder / "lexicons" / "com" / "example" / "entry.json"
    before = path.read_bytes()
    path.write_bytes(before.replace(b'  "', b'      "'))
    run(HOOKS["atdata-fmt"], checkout.folder, ["lexicons/com/example/entry.json"])

    assert path.read_bytes() != before.replace(b'  "', b'      "')
