"""docs/coverage.md has a line for every promise, and tells the truth about it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IDS = (ROOT / "tests" / "house" / "coverage_ids.txt").read_text(encoding="utf-8").split("\n")[:-1]
ROWS = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8"), re.M)


def exists(test: str) -> bool:
    """Whether ``tests/file.py::name`` or ``tests/file.py::Class::name`` is a test."""
    file, *names = test.split("::")
    path = ROOT / file
    if not (file.startswith("tests/") and path.is_file() and names):
        return False
    node: ast.AST = ast.parse(path.read_bytes())
    for name in names:
        found = [
            inner
            for inner in ast.iter_child_nodes(node)
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and inner.name == name
        ]
        if not found:
            return False
        node = found[0]
    return True


def test_every_promise_of_the_documentation_has_its_line() -> None:
    assert [name for name, _ in ROWS] == IDS


def test_a_promise_that_is_done_names_a_test_that_exists() -> None:
    wrong = [
        f"{name}: {status}"
        for name, status in ROWS
        if status.startswith("done: ") and not all(map(exists, status.removeprefix("done: ").split(", ")))
    ]

    assert not wrong


def test_every_promise_is_done_or_open() -> None:
    assert [status for _, status in ROWS if not re.fullmatch(r"done: \S.*|open: [a-z ]+", status)] == []
