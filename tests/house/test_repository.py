"""What lies in the repository is fit to be read by anyone, anywhere."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "codegen", "templates", "tools", "benchmarks", "examples")
TEXT = {".py", ".pyi", ".md", ".toml", ".jinja", ".json", ".txt", ".yml", ".yaml", ".cfg", ".sh", ""}

#: Paths of one machine, and package registries other than by their ordinary clients.
FOREIGN = {
    "a path of one machine": re.compile(r"(?<![\w./$~-])/(?:home|root|Users|work|opt|mnt|private)/[\w.]+/"),
    "a package index": re.compile(r"--(?:extra-)?index-url|\b(?:pypi|npmjs)\.\w+/simple"),
}

#: Other people's words: vectors and bad input, kept as they were given.
GIVEN = ("tests/interop/", "tests/hostile/cases/")


@cache
def committed() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False, timeout=60)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for root in SOURCES for path in sorted((ROOT / root).rglob("*.py"))]


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    own = re.compile(rf"{re.escape(str(ROOT))}\b|{re.escape(str(Path.home()))}/")
    found = []
    for path in committed():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix not in TEXT or (name.startswith(GIVEN) and path.suffix != ".py"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for what, pattern in {**FOREIGN, "this checkout": own}.items():
            found += [f"{name}: {what}: {match.group()}" for match in pattern.finditer(text)]

    assert not found


def test_no_committed_file_was_left_by_a_run() -> None:
    left = (".tar", "-manifest.json", ".db", ".parquet", ".orig", ".rej")
    names = [path.relative_to(ROOT).as_posix() for path in committed()]

    assert not [name for name in names if name.endswith(left)]


def test_no_module_is_longer_than_a_sitting() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in sources()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }

    assert not long, f"split what is over 400 lines: {long}"


def test_every_module_has_its_annotations_unevaluated() -> None:
    missing = []
    for path in [*sources(), *sorted((ROOT / "tests").rglob("*.py"))]:
        if path.relative_to(ROOT).as_posix().startswith(GIVEN):
            continue
        body = ast.parse(path.read_bytes()).body
        code = [node for node in body if not isinstance(node, ast.Expr)]
        if code and "from __future__ import annotations" not in [ast.unparse(node) for node in code]:
            missing.append(path.relative_to(ROOT).as_posix())

    assert not missing


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_bytes()))
    ]

    assert not silent


def test_every_function_of_ours_is_annotated() -> None:
    bare = []
    for path in sources():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                open_ones = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
                if open_ones or node.returns is None:
                    bare.append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}")

    assert not bare


def test_each_package_is_marked_as_typed() -> None:
    for root in ("src", "codegen", "templates"):
        for package in (path for path in (ROOT / root).iterdir() if (path / "__init__.py").exists()):
            assert (package / "py.typed").exists(), package.name


def test_each_module_that_the_architecture_names_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = {name.rstrip("/") for name in re.findall(r"`([\w./]+(?:\.py|/))`", text)}
    roots = ("src", "codegen", "templates", "generated", "lexicons", "tests")
    there = [f"/{root}{suffix}" for root in roots for suffix in ("", *_below(ROOT / root))]
    gone = [name for name in named if not any(place.endswith(f"/{name}") for place in there)]

    assert len(named) > 50
    assert not gone


def _below(root: Path) -> list[str]:
    return [f"/{path.relative_to(root).as_posix()}" for path in root.rglob("*") if "__pycache__" not in path.parts]


def test_ci_runs_the_readme_test_command_and_nothing_cleverer() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")

    assert os.access(script, os.X_OK)
    assert re.search(r"^CI=true exec make test$", text, re.M)
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_make_help_lists_every_target_on_one_screen() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.M)
    assert phony
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    lines = done.stdout.splitlines()

    assert [line.split()[1] for line in lines] == phony[1].split()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 100
