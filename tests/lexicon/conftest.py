"""The interop vectors, and a package of modules in exactly the form that `atdata-gen` writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def interop() -> Callable[[str], Any]:
    """Load a vector: JSON parsed, text as its lines without comments."""

    def load(name: str) -> Any:
        text = (HERE.parent / "interop" / name).read_text(encoding="utf-8")
        if name.endswith(".json"):
            return json.loads(text)
        return [line for line in text.split("\n") if line and not line.startswith("#")]

    return load


@pytest.fixture(scope="session")
def generated() -> Callable[[str], ModuleType]:
    """Import a module of the fixture package, such as `com.example.post`."""
    name = "fixture_pkg"
    if name not in sys.modules:
        folder = HERE / name
        spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(module)
    return lambda module: import_module(f"{name}.{module}")
