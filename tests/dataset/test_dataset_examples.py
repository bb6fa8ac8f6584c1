"""The examples in docstrings run."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

PACKAGES = ("atdata._dataset", "atdata._decoding", "atdata._order")
MODULES = [
    f"{package}.{found.name}"
    for package in PACKAGES
    for found in pkgutil.iter_modules(import_module(package).__path__)
    if found.name != "_torch"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS)

    assert not failed
