"""Packages whose classes load on first use (PEP 562)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_classes"]


def lazy_classes(
    package: str,
    classes: Mapping[str, str | tuple[str, str]],
    modules: Iterable[str],
    *,
    within: str | None = None,
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package: each class from the module named for it, and the modules.

    A class that has another name in its module is given as the module and that name. ``within`` is the package that
    holds the modules, when it is another one. Checkers must not see ``__getattr__``, or they find no misspelt name.
    """
    known = frozenset(modules)

    def load(name: str) -> Any:
        place = classes.get(name)
        if place is not None:
            module, attribute = (place, name) if isinstance(place, str) else place
            value = getattr(import_module(f"{within or package}.{module}"), attribute)
            setattr(sys.modules[package], name, value)
            return value
        if name in known:
            return import_module(f"{package}.{name}")
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *classes, *known})

    return load, names
