"""The wheel holds what the repository promises: five packages, templates, types and stubs."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "atdata": "src",
    "atdata_lexicon": "src",
    "atdata_codegen": "codegen",
    "atdata_templates": "templates",
    "atdata_generated": "generated",
}


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    if not importlib.util.find_spec("hatchling"):
        pytest.skip("hatchling is not installed: pip install -e '.[test]'")
    out = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out)]
    command = [sys.executable, "-m", "pip", "wheel", ".", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_holds_every_file_of_a_package(package: str, contents: set[str]) -> None:
    root = ROOT / PACKAGES[package]
    files = {
        path.relative_to(root).as_posix()
        for path in (root / package).rglob("*")
        if path.is_file()
        and not any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(root).parts)
    }

    assert files
    assert files <= contents


def test_the_wheel_holds_templates_and_types(contents: set[str]) -> None:
    assert any(name.startswith("atdata_templates/") and name.endswith(".jinja") for name in contents)
    assert {f"{package}/py.typed" for package in PACKAGES} <= contents
    assert any(name.startswith("atdata_generated/") and name.endswith(".pyi") for name in contents)


def test_the_wheel_holds_nothing_else(contents: set[str]) -> None:
    roots = {name.split("/")[0] for name in contents}

    assert {root for root in roots if not root.endswith(".dist-info")} == set(PACKAGES)
    assert not [name for name in contents if "__pycache__" in name or ".atdata-gen" in name]
