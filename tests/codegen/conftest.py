"""A project in a folder of its own: Lexicons in, the command run in this process, generated modules imported."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from atdata_codegen.cli import main

HERE = Path(__file__).parent
_numbers = itertools.count()


@dataclass(frozen=True)
class Run:
    """What one call of the command did, as its user sees it."""

    status: int
    out: str
    err: str


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lexicons = folder / "lexicons"
        self.lexicons.mkdir()
        self.output = folder / f"gen_{os.getpid()}_{next(_numbers)}"

    def write(self, *documents: dict[str, Any], folder: str = "lexicons") -> None:
        """Documents as files named after their id."""
        target = self.folder / folder
        target.mkdir(parents=True, exist_ok=True)
        for document in documents:
            (target / f"{document['id']}.json").write_text(json.dumps(document, indent=1), encoding="utf-8")

    def run(self, *options: str, inputs: tuple[str, ...] = (), output: bool = True) -> Run:
        """The command with ``options``, on the project's folders unless others are given."""
        arguments = [*(inputs or (str(self.lexicons),)), *(["-o", str(self.output)] if output else []), *options]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = main(arguments)
            except SystemExit as stop:
                status = int(stop.code or 0)
        return Run(status, out.getvalue(), err.getvalue())

    def generate(self, *documents: dict[str, Any]) -> None:
        """Write ``documents``, run the command, and insist that all went well."""
        self.write(*documents)
        run = self.run()
        assert run.status == 0, run.err

    def files(self, root: Path | None = None) -> dict[str, bytes]:
        """Everything generated, by path below the output."""
        root = root or self.output
        return {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not {".atdata-gen", "__pycache__"}.intersection(path.relative_to(root).parts)
        }

    def module(self, name: str) -> ModuleType:
        """Import a generated module, such as ``com.example.post``."""
        root = self.output.name
        if root not in sys.modules:
            spec = spec_from_file_location(
                root, self.output / "__init__.py", submodule_search_locations=[str(self.output)]
            )
            assert spec is not None
            assert spec.loader is not None
            package = sys.modules[root] = module_from_spec(spec)
            spec.loader.exec_module(package)
        return import_module(f"{root}.{name}" if name else root)

    def forget(self) -> None:
        """Take the generated modules out of the interpreter."""
        root = self.output.name
        for name in [name for name in sys.modules if name == root or name.startswith(root + ".")]:
            del sys.modules[name]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project(tmp_path)
    yield made
    made.forget()


@pytest.fixture
def new_project(tmp_path: Path) -> Iterator[Callable[[], Project]]:
    """Projects beside each other."""
    made: list[Project] = []

    def make() -> Project:
        folder = tmp_path / f"project{len(made)}"
        folder.mkdir()
        made.append(Project(folder))
        return made[-1]

    yield make
    for one in made:
        one.forget()


def _load(name: str) -> ModuleType:
    spec = spec_from_file_location(f"atdata_tests_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def make_data() -> ModuleType:
    """The maker of valid data for any definition."""
    return _load("make_data")


@pytest.fixture(scope="session")
def scale() -> int:
    """How much work the tests of faults do: 1 for `make test`, 20 for `make soak`."""
    return int(os.environ.get("ATDATA_SCALE", "1"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real Lexicons of public repositories, which lie beside a checkout on the machines that have them."""
    folder = HERE.parents[2] / "shared" / "corpus" / "lexicons"
    if not folder.is_dir():
        pytest.skip(f"the corpus of public Lexicons is not there: {os.path.relpath(folder, HERE.parents[1])}")
    return folder
