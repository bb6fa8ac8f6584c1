"""Whom a change breaks: data is read later than it was written, requests and answers pass between old and new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from atdata_codegen.findings import Break, Bump
from atdata_codegen.review.changes import Change, Checks
from atdata_codegen.review.lexicons.roles import Mode
from atdata_codegen.review.table import RULES

__all__ = ["MODE_CHECKS", "settle"]

#: Rules that see a change of data as one of a request, an answer, or a parameter.
MODE_CHECKS: Checks[Change] = Checks()

_BOUNDS: Final = frozenset({"LEX020", "LEX021", "LEX022", "LEX023", "LEX024", "LEX025", "LEX027"})
_WHOLE: Final = frozenset({"LEX014", "LEX015", "LEX035", "LEX038"})
_REMOVED: Final = frozenset({"LEX012", "LEX013", "LEX051"})
_LETTER: Final = {"params": "request", "input": "request", "output": "answer"}


@MODE_CHECKS.rule("LEX052", "params")
def parameter_bound(change: Change) -> Iterator[Change]:
    """Inverted: clients write parameters."""
    if change.rule in _BOUNDS:
        yield replace(change, rule="LEX052", bump="major" if change.tight else "minor")


@MODE_CHECKS.rule("LEX053", "input")
def input_asks_for_more(change: Change) -> Iterator[Change]:
    """What old clients send is refused."""
    if change.tight and not change.loose and change.rule not in _WHOLE:
        yield replace(change, rule="LEX053")


@MODE_CHECKS.rule("LEX054", "output")
def output_promises_less(change: Change) -> Iterator[Change]:
    """Old clients do not understand the answer."""
    if change.loose and not change.tight and change.rule not in _WHOLE:
        yield replace(change, rule="LEX054", bump=change.bump or "major")


def settle(change: Change, mode: Mode, checks: Checks[Change] = MODE_CHECKS) -> tuple[Change, frozenset[Break], Bump]:
    """The change as its mode sees it, what it breaks there, and the bump that it asks for."""
    seen = next(iter(checks.run(mode, change)), change)
    breaks: set[Break] = set()
    tight, loose = seen.tight, seen.loose
    if (tight and mode == "data") or (loose and mode in ("output", "both")):
        breaks.add("readers")
    if (tight and mode != "data") or (loose and mode == "data"):
        breaks.add("writers")
    if seen.source:
        breaks.add("source")
    if seen.silent:
        breaks.add("silent")
    bump = seen.bump or RULES[seen.rule].bump
    if mode in ("input", "params") and loose and not tight and seen.rule not in _REMOVED and bump == "major":
        bump = "minor"
    return seen, frozenset(breaks), bump
