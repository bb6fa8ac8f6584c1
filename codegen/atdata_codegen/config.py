"""Settings of a run: what a user may write in ``[tool.atdata-gen]``, and what the generator receives."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from atdata_codegen.files import read_file
from atdata_codegen.names import is_identifier
from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["MODELS", "Include", "Settings", "load_settings", "nearest_pyproject", "read_table"]

MODELS = ("dataclass", "pydantic", "msgspec", "typeddict")
_LARGEST = 1 << 24
_KEYS = ("package", "output", "include", "strict", "templates", "models", "lint", "breaking")


@dataclass(frozen=True, slots=True)
class Include:
    """Documents that may be referred to; ``package`` is where their generated modules can be imported from."""

    folder: str
    package: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything one run of the generator needs to know."""

    inputs: tuple[str, ...]
    output: str
    package: str = ""
    include: tuple[Include, ...] = ()
    strict: bool = False
    templates: str = ""
    models: str = "dataclass"

    @property
    def root(self) -> str:
        """The folder of the generated package."""
        return os.path.join(self.output, *self.package.split(".")) if self.package else self.output


def nearest_pyproject(path: str) -> str | None:
    """The pyproject.toml nearest above ``path``, whatever the working directory is."""
    folder = os.path.abspath(path)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    while True:
        candidate = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def load_settings(inputs: Sequence[str], options: Mapping[str, Any]) -> Settings:
    """The settings of a run: options given by hand first, then the project's file, then defaults.

    Paths in the file are relative to the file. Raises :class:`ProblemError` for settings that mean nothing.
    """
    file = nearest_pyproject(inputs[0]) if inputs else None
    table = read_table(file) if file else {}
    base = os.path.dirname(file) if file else ""
    if file:
        _check(table, file)

    def pick(key: str, default: Any) -> Any:
        given = options.get(key)
        return given if given not in (None, (), []) else table.get(key, default)

    def located(key: str) -> str:
        given = options.get(key)
        if given:
            return str(given)
        return os.path.join(base, table[key]) if key in table else ""

    include = tuple(options.get("include") or ()) or tuple(os.path.join(base, x) for x in table.get("include", ()))
    settings = Settings(
        inputs=tuple(inputs),
        output=located("output"),
        package=str(pick("package", "")),
        include=tuple(_include(item) for item in include),
        strict=bool(pick("strict", False)),
        templates=located("templates"),
        models=str(pick("models", "dataclass")),
    )
    if not settings.output:
        raise _refuse(file or "", "output", "is not set", "give -o FOLDER, or output in [tool.atdata-gen]")
    for key, paths in (
        ("output", [settings.output]),
        ("templates", [settings.templates]),
        ("include", [i.folder for i in settings.include]),
    ):
        if any("\0" in path for path in paths):
            raise _refuse(file or "", key, "holds a character that no path can hold", "correct the path")
    if settings.package and not all(is_identifier(part) for part in settings.package.split(".")):
        raise _refuse(file or "", "package", f"is no package name: {clean(settings.package, 60)}", "use a dotted name")
    if settings.models not in MODELS:
        raise _refuse(file or "", "models", f"is none of {', '.join(MODELS)}", "choose one of them")
    if settings.templates and not Path(settings.templates).is_dir():
        raise _refuse(file or "", "templates", f"is no folder: {clean(settings.templates)}", "give a folder")
    return replace(settings, output=os.path.normpath(settings.output))


def _include(text: str) -> Include:
    folder, _, package = text.partition("=")
    if package and not all(is_identifier(part) for part in package.split(".")):
        raise _refuse("", "include", f"names no package: {clean(package, 60)}", "use FOLDER=package.name")
    return Include(folder, package)


def read_table(file: str) -> dict[str, Any]:
    """What stands in ``[tool.atdata-gen]`` of a pyproject.toml; nothing where the table is missing."""
    try:
        raw = read_file(file, _LARGEST)
    except OSError as error:
        raise _refuse(file, "", f"cannot be read: {error.strerror}", "mend the file, or its rights") from error
    if b"atdata-gen" not in raw:
        return {}  # spares the parser, which costs more than everything else of a run with nothing to do
    import tomllib

    try:
        table = tomllib.loads(raw.decode("utf-8")).get("tool", {}).get("atdata-gen", {})
    except (ValueError, AttributeError, RecursionError) as error:
        raise _refuse(file, "", f"cannot be read: {clean(str(error), 300)}", "mend the file") from error
    if not isinstance(table, dict):
        raise _refuse(file, "", "is no table", "write [tool.atdata-gen]")
    return table


def _check(table: Mapping[str, Any], file: str) -> None:
    problems: list[Problem] = []
    for key, value in table.items():
        path = ("tool", "atdata-gen", key)
        if key not in _KEYS:
            problems.append(Problem(path, "is no setting", f"use one of {', '.join(_KEYS)}", file=file, line=1))
        elif key == "strict" and not isinstance(value, bool):
            problems.append(Problem(path, "must be true or false", file=file, line=1))
        elif key == "include" and not (isinstance(value, list) and all(isinstance(x, str) for x in value)):
            problems.append(Problem(path, "must be a list of folders", file=file, line=1))
        elif key in ("lint", "breaking") and not isinstance(value, dict):
            problems.append(Problem(path, "must be a table", file=file, line=1))
        elif key in ("package", "output", "templates", "models") and not isinstance(value, str):
            problems.append(Problem(path, "must be a string", file=file, line=1))
    if problems:
        raise ProblemError(problems, file)


def _refuse(file: str, key: str, message: str, hint: str) -> ProblemError:
    return ProblemError(
        [Problem(("tool", "atdata-gen", key), message, hint, file=file, line=1 if file else 0)], "settings"
    )
