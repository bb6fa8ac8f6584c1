"""Settings of lint: which rules count, how much, and where they are left alone for a reason."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, cast

from atdata_codegen.config import nearest_pyproject, read_table
from atdata_codegen.findings import Level
from atdata_codegen.lint.rule import Rule
from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["LintSettings", "load_lint_settings"]

_KEYS = ("select", "extend", "ignore", "levels", "per-path")
_LEVELS = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class LintSettings:
    """What counts. ``ignore`` and each of ``per_path`` (a pattern, then rules) give the reason of every exception."""

    rules: Mapping[str, Rule]
    levels: Mapping[str, Level] = field(default_factory=dict)
    ignore: Mapping[str, str] = field(default_factory=dict)
    per_path: tuple[tuple[str, Mapping[str, str]], ...] = ()
    base: str = ""
    include: tuple[str, ...] = ()

    def reason(self, rule: str, file: str) -> str:
        """Why ``rule`` is left alone in ``file``; empty where it is not."""
        if rule in self.ignore:
            return self.ignore[rule]
        if self.per_path:
            place = os.path.relpath(file, self.base or ".").replace(os.sep, "/")
            for pattern, rules in self.per_path:
                if rule in rules and (fnmatchcase(place, pattern) or place.startswith(f"{pattern.rstrip('/')}/")):
                    return rules[rule]
        return ""

    def level(self, rule: Rule) -> Level:
        """The level that findings of ``rule`` have."""
        return self.levels.get(rule.id, rule.level)


def load_lint_settings(
    paths: Sequence[str],
    table: Mapping[str, Rule],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    include: Sequence[str] = (),
) -> LintSettings:
    """The settings for ``paths``: what is asked for on the command line, then ``[tool.atdata-gen.lint]``.

    Raises :class:`ProblemError` for a rule that does not exist, and for an exception without a reason.
    """
    file = nearest_pyproject(paths[0]) if paths else None
    whole = read_table(file) if file else {}
    found = whole.get("lint", {})
    base = os.path.dirname(file) if file else ""
    problems = list(_problems(found, table)) if isinstance(found, dict) else [(("lint",), "must be a table", "")]
    for name in (*select, *ignore):
        if name not in table and name != "all":
            problems.append((("lint",), f"{clean(name, 60)!r} is no rule", _near(name, table)))
    if problems:
        where = file or ""
        raise ProblemError(
            [Problem(("tool", "atdata-gen", *p), m, h, file=where, line=1 if where else 0) for p, m, h in problems],
            "settings",
        )
    chosen = set(select or found.get("select", ())) or {rule.id for rule in table.values() if rule.usual}
    chosen |= set() if select else set(found.get("extend", ()))
    if "all" in chosen:
        chosen = set(table)
    given = whole.get("include", []) if isinstance(whole.get("include", []), list) else []
    folders = [os.path.join(base, str(item).partition("=")[0]) for item in given]
    return LintSettings(
        {name: rule for name, rule in table.items() if name in chosen and name not in ignore},
        cast("dict[str, Level]", found.get("levels", {})),
        found.get("ignore", {}),
        tuple(found.get("per-path", {}).items()),
        base,
        (*include, *folders),
    )


def _problems(found: dict[str, Any], table: Mapping[str, Rule]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    for key, value in found.items():
        path = ("lint", key)
        if key not in _KEYS:
            yield path, "is no setting", f"use one of {', '.join(_KEYS)}"
        elif key in ("select", "extend"):
            if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
                yield path, "must be a list of rules", ""
                continue
            for name in value:
                if name not in table and name != "all":
                    yield path, f"{clean(name, 60)!r} is no rule", _near(name, table)
        elif key == "levels":
            yield from _levels(value, path, table)
        elif key == "ignore":
            yield from _reasons(value, path, table)
        elif not isinstance(value, dict):
            yield path, "must be a table of patterns", '"vendor/*" = { "rule" = "why" }'
        else:
            for pattern, rules in value.items():
                yield from _reasons(rules, (*path, pattern), table)


def _levels(value: Any, path: tuple[str, ...], table: Mapping[str, Rule]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if not isinstance(value, dict):
        yield path, "must be a table", '"inline-object" = "error"'
        return
    for name, level in value.items():
        if name not in table:
            yield (*path, name), "is no rule", _near(name, table)
        elif level not in _LEVELS:
            yield (*path, name), f"is no level: {clean(level, 40)}", f"use one of {', '.join(_LEVELS)}"


def _reasons(
    value: Any, path: tuple[str, ...], table: Mapping[str, Rule]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    if not isinstance(value, dict):
        yield path, "must give a reason for each rule", '"unlimited-string" = "the server cuts it"'
        return
    for name, reason in value.items():
        if name not in table:
            yield (*path, name), "is no rule", _near(name, table)
        elif not isinstance(reason, str) or not reason.strip():
            yield (*path, name), "has no reason", "say why the rule is left alone"


def _near(name: object, table: Mapping[str, Rule]) -> str:
    near = get_close_matches(str(name)[:60], table, 1)
    return f"did you mean {near[0]}?" if near else "atdata-gen lint --rules lists them"
