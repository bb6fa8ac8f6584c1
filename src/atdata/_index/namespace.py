"""The classes that ``load_schema`` has loaded, as attributes of ``index.types``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["SchemaNamespace"]


class SchemaNamespace:
    """Loaded sample classes by name: ``index.types.ImageSample``.

    It iterates over names; ``in`` takes a name or a class.

    >>> types = SchemaNamespace()
    >>> types._add(int)
    >>> types.int, list(types), len(types), "str" in types
    (<class 'int'>, ['int'], 1, False)
    """

    def __init__(self) -> None:
        self._loaded: dict[str, type[Any]] = {}

    def _add(self, cls: type[Any]) -> None:
        self._loaded[cls.__name__] = cls

    def __getattr__(self, name: str) -> Any:
        loaded = self.__dict__.get("_loaded", {})
        if name in loaded:
            return loaded[name]
        there = ", ".join(loaded) or "none yet"
        raise AttributeError(f"no schema {name!a} is loaded (loaded: {there}); call index.load_schema(ref) first")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._loaded})

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._loaded))

    def __len__(self) -> int:
        return len(self._loaded)

    def __contains__(self, item: object) -> bool:
        return item in self._loaded or item in self._loaded.values()

    def __repr__(self) -> str:
        return f"SchemaNamespace({', '.join(self._loaded)})"
