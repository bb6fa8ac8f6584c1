"""Reading one JSON object of a Lexicon: each key taken once, checked, and what is left over reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata_codegen.problems import Problem, clean

__all__ = ["LINT_KEY", "Path", "Problems", "Reader"]

Path = tuple["str | int", ...]

#: Where a document says which rules of lint to leave alone; every tool ignores keys that begin with `$`.
LINT_KEY = "$lint"

_MISSING = object()
#: No integer of a document may be beyond 64 bits.
_LIMIT = 1 << 63


class Problems:
    """Collects the problems of one document, and the references that it makes.

    There is a bound on errors and one on warnings, so that no number of warnings hides what is wrong.
    """

    MOST = 200

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self.refs: list[tuple[Path, str, str]] = []
        self.errors = 0
        self.warnings = 0
        self.objects = 0

    def error(self, path: Path, message: str, hint: str = "", code: str = "invalid") -> None:
        self.errors += 1
        if self.errors <= self.MOST:
            self.found.append(Problem(path, message, hint, "error", code))

    def warning(self, path: Path, message: str, hint: str = "", code: str = "unusual") -> None:
        self.warnings += 1
        if self.warnings <= self.MOST:
            self.found.append(Problem(path, message, hint, "warning", code))


class Reader:
    """One object of the document: ``take_*`` methods give checked values or None, and remember what was read."""

    __slots__ = ("_read", "node", "path", "problems")

    def __init__(self, node: Mapping[str, Any], path: Path, problems: Problems) -> None:
        self.node = node
        self.path = path
        self.problems = problems
        self._read = 0

    def _get(self, key: str) -> Any:
        value = self.node.get(key, _MISSING)
        if value is not _MISSING:
            self._read += 1
        return value

    def skip(self, *keys: str) -> None:
        """Say that ``keys`` are known, without reading them here."""
        for key in keys:
            self._get(key)

    def error(self, key: str, message: str, hint: str = "") -> None:
        self.problems.error((*self.path, key), message, hint)

    def text(self, key: str, required: bool = False) -> str | None:
        value = self._get(key)
        if value.__class__ is str:
            return value
        if value is not _MISSING:
            self.error(key, f"must be a string, not {_kind(value)}")
        elif required:
            self.problems.error(self.path, f"has no {key!r}", f'add "{key}"')
        return None

    def boolean(self, key: str) -> bool | None:
        value = self._get(key)
        if value is _MISSING:
            return None
        if value.__class__ is bool:
            return value
        self.error(key, f"must be true or false, not {_kind(value)}")
        return None

    def integer(self, key: str, least: int = -_LIMIT) -> int | None:
        value = self._get(key)
        if value is _MISSING:
            return None
        if value.__class__ is not int:
            self.error(key, f"must be an integer, not {_kind(value)}")
            return None
        if value < least or not -_LIMIT <= value < _LIMIT:
            self.error(key, f"is out of range: {value}", f"use at least {least}" if value < least else "use 64 bits")
            return None
        return value

    def sizes(self, low: str, high: str) -> tuple[int | None, int | None]:
        """A pair of bounds of one quantity, the lower one not above the upper one."""
        least, most = self.integer(low, 0), self.integer(high, 0)
        if least is not None and most is not None and least > most:
            self.error(low, f"is {least}, above {high} which is {most}", "swap them")
        return least, most

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self._get(key)
        if value is _MISSING:
            return None
        if value.__class__ is not list or any(item.__class__ is not str for item in value):
            self.error(key, "must be a list of strings")
            return None
        return tuple(value)

    def integers(self, key: str) -> tuple[int, ...] | None:
        value = self._get(key)
        if value is _MISSING:
            return None
        if value.__class__ is not list or any(
            item.__class__ is not int or not -_LIMIT <= item < _LIMIT for item in value
        ):
            self.error(key, "must be a list of integers of 64 bits")
            return None
        return tuple(value)

    def mapping(self, key: str, required: bool = False) -> Mapping[str, Any] | None:
        value = self._get(key)
        if value.__class__ is dict:
            return value
        if value is not _MISSING:
            self.error(key, f"must be an object, not {_kind(value)}")
        elif required:
            self.problems.error(self.path, f"has no {key!r}", f'add "{key}": {{...}}')
        return None

    def items(self, key: str, required: bool = False) -> list[Any] | None:
        value = self._get(key)
        if value.__class__ is list:
            return value
        if value is not _MISSING:
            self.error(key, f"must be a list, not {_kind(value)}")
        elif required:
            self.problems.error(self.path, f"has no {key!r}", f'add "{key}": [...]')
        return None

    def finish(self, known: frozenset[str]) -> None:
        """Warn of keys that mean nothing here; everybody ignores them, so they are a mistake or an extension."""
        if self._read < len(self.node):
            for key in self.node:
                if key not in known and key != LINT_KEY:
                    self.problems.warning(
                        (*self.path, key),
                        f"{clean(key, 40)!r} means nothing here",
                        "no tool reads it: remove it, or say it in the description",
                        "unexpected-field",
                    )


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {dict: "an object", list: "a list", str: "a string", bool: "true or false", int: "an integer"}.get(
        type(value), "a number with a fraction"
    )
