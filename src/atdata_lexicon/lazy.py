"""Packages whose submodules load on first use (PEP 562), so that importing a large tree costs what is used."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

__all__ = ["lazy_names", "lazy_submodules"]


def lazy_submodules(package: str, names: tuple[str, ...]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of ``package``, which import one of ``names`` when it is first asked for.

    >>> get, names = lazy_submodules("email", ("message",))
    >>> get("message").__name__
    'email.message'
    """
    return lazy_names(package, {name: "" for name in names})


def lazy_names(package: str, homes: dict[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """As :func:`lazy_submodules`, for names that live in a submodule: ``{"Name": "module"}``; ``""`` is a submodule."""

    def get(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if not home:
            return import_module(f"{package}.{name}")
        return getattr(import_module(f"{package}.{home}"), name)

    def names() -> list[str]:
        import sys

        return sorted({*sys.modules[package].__dict__, *homes})

    return get, names
