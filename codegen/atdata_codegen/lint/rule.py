"""What a rule is, and the table that all rules enter themselves in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from atdata_codegen.findings import Level
from atdata_codegen.lexicon.fields import Path
from atdata_codegen.lint.documents import Doc, Site
from atdata_codegen.lint.edit import Op

__all__ = ["RULES", "Check", "Hit", "Rule", "document_rule", "once", "site_rule"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule is broken: what is wrong, what to do, and the edits that do it where that is safe."""

    path: Path
    message: str
    fix: str = ""
    ops: tuple[Op, ...] = ()


Check = Callable[[Any], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    ``on`` names the kinds of document, or with ``sites`` the Lexicon types, that it looks at. ``wrong`` breaks the rule
    and ``right`` does not; ``within`` says what they are a piece of. Rules not ``usual`` are asked for by name.
    """

    id: str
    level: Level
    description: str
    within: str
    wrong: Any
    right: Any
    check: Check
    on: frozenset[str]
    sites: bool
    fixes: bool = False
    usual: bool = True


RULES: Final[dict[str, Rule]] = {}


def site_rule(
    id: str,
    level: Level,
    on: str,
    description: str,
    within: str,
    wrong: Any,
    right: Any,
    *,
    fixes: bool = False,
    usual: bool = True,
) -> Callable[[Callable[[Site], Iterator[Hit]]], Callable[[Site], Iterator[Hit]]]:
    """Enter a rule that looks at typed objects of the Lexicon types ``on``; ``*`` is all of them."""

    def enter(check: Callable[[Site], Iterator[Hit]]) -> Callable[[Site], Iterator[Hit]]:
        _enter(Rule(id, level, description, within, wrong, right, check, frozenset(on.split()), True, fixes, usual))
        return check

    return enter


def document_rule(
    id: str,
    level: Level,
    on: str,
    description: str,
    within: str,
    wrong: Any,
    right: Any,
    *,
    fixes: bool = False,
    usual: bool = True,
) -> Callable[[Callable[[Doc], Iterator[Hit]]], Callable[[Doc], Iterator[Hit]]]:
    """Enter a rule that looks at whole documents of the kinds ``on``: lexicon, sample, lens, broken or other."""

    def enter(check: Callable[[Doc], Iterator[Hit]]) -> Callable[[Doc], Iterator[Hit]]:
        _enter(Rule(id, level, description, within, wrong, right, check, frozenset(on.split()), False, fixes, usual))
        return check

    return enter


def _enter(rule: Rule) -> None:
    if rule.id in RULES:
        raise ValueError(f"two rules are called {rule.id}")
    RULES[rule.id] = rule


def once(values: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """Each value once, and those that stood more often; 1 and true are two values."""
    seen: dict[tuple[type, Any], int] = {}
    unique: list[Any] = []
    double: list[Any] = []
    for value in values:
        key = (type(value), value if isinstance(value, str | int | float | bool) else repr(value))
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 1:
            unique.append(value)
        elif seen[key] == 2:
            double.append(value)
    return unique, double
