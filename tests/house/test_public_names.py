"""What is public is a decision: `__all__` lists it, in order, and nothing else is visible."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import typing
from types import ModuleType

import pytest

#: What users import from: most load their names on use, from modules that are named in a table.
DOORS = [
    "atdata", "atdata.atmosphere", "atdata.lens", "atdata.local", "atdata.media", "atdata.promote", "atdata.sample",
    "atdata.testing", "atdata_lexicon",
]  # fmt: skip

#: What a lazy package needs for itself.
TOOLS = {"annotations", *typing.__all__}


def order(name: str) -> tuple[int, str]:
    """Constants, classes, then the rest, each by name: the order that ruff keeps."""
    kind = 0 if re.fullmatch(r"[A-Z][A-Z0-9_]+", name) else 1 if name[0].isupper() else 2
    return kind, name


@pytest.mark.parametrize("package", ["atdata", "atdata_lexicon"])
def test_all_is_sorted_and_has_no_name_twice(package: str) -> None:
    names = list(importlib.import_module(package).__all__)

    assert names == sorted(set(names), key=order)


@pytest.mark.parametrize("package", DOORS)
def test_every_public_name_is_there(package: str) -> None:
    module = importlib.import_module(package)

    for name in module.__all__:
        assert getattr(module, name) is not None, name


@pytest.mark.parametrize("package", ["atdata", "atdata_lexicon"])
def test_nothing_is_visible_that_is_not_public(package: str) -> None:
    """Asked in a fresh interpreter, for submodules show up on a package once someone imports them."""
    code = f"import {package}; print(*(n for n in dir({package}) if not n.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    module = importlib.import_module(package)
    visible = {
        name
        for name in done.stdout.split()
        if name in module.__all__ or not (name in TOOLS or isinstance(getattr(module, name), ModuleType))
    }

    assert visible == set(module.__all__)
