"""Policies: which breaks are errors. Each one holds all that the one before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from atdata_codegen.documents import Kind
from atdata_codegen.findings import Break, Bump, Level
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_codegen.review.table import DOCS

__all__ = ["ALIASES", "POLICIES", "Policy", "default_policy", "effective_bump", "level_of", "parse_policy"]

Policy: TypeAlias = Literal["stored", "exchange", "python", "strict", "forward"]

#: What a policy is for, in the order in which they grow; `forward` stands beside them.
POLICIES: Final[Mapping[Policy, str]] = {
    "stored": "data that is stored stays readable",
    "exchange": "and those who still have the old schema read new data",
    "python": "and Python code that uses the generated classes works as before",
    "strict": "and nothing changes silently: defaults, order, descriptions",
    "forward": "those who still have the old schema read new data",
}

#: The names that schema registries use.
ALIASES: Final[Mapping[str, Policy]] = {"backward": "stored", "forward": "forward", "full": "exchange"}

_SELECTS: Final[Mapping[Policy, frozenset[Break]]] = {
    "stored": frozenset({"readers"}),
    "forward": frozenset({"writers"}),
    "exchange": frozenset({"readers", "writers"}),
    "python": frozenset({"readers", "writers", "source"}),
    "strict": frozenset({"readers", "writers", "source", "silent"}),
}
#: Stored bytes stay valid and mean something else: no policy lets that pass.
_ALWAYS: Final = frozenset({"SMP27", "SMP36", "SMP50", "SMP51", "SMP52"})
#: Breaks no data, and yet needs consent.
_CONSENT: Final = frozenset({"LEX060"})
#: Asked for less when nobody with the old schema has to read new data.
_MINOR_BACKWARD: Final = frozenset({"LEX017", "LEX018", "LEX025", "SMP15"})


def parse_policy(text: str) -> tuple[Policy, bool]:
    """The policy that ``text`` names, and whether every earlier version counts.

    >>> parse_policy("exchange"), parse_policy("backward-transitive")
    (('exchange', False), ('stored', True))
    """
    name = text.removesuffix("-transitive")
    for policy in POLICIES:
        if name == policy:
            return policy, name != text
    if name in ALIASES:
        return ALIASES[name], name != text
    known = ", ".join([*POLICIES, *(alias for alias in ALIASES if alias not in POLICIES)])
    raise ProblemError(
        [Problem((), f"{clean(text, 60)} is no policy", f"use one of {known}, with -transitive if you like")], "policy"
    )


def default_policy(kind: Kind) -> Policy:
    """Records cannot be written anew, and others read them; shards are read by those who upgrade."""
    return "exchange" if kind == "lexicon" else "stored"


def level_of(rule: str, breaks: frozenset[Break], policy: Policy) -> Level:
    """How a finding of ``rule`` that breaks ``breaks`` counts."""
    if rule in _ALWAYS or breaks & _SELECTS[policy]:
        return "error"
    if rule in _CONSENT and policy != "stored":
        return "error"
    if rule in DOCS and policy == "strict":
        return "error"
    return "warning" if breaks or rule in _CONSENT else "info"


def effective_bump(rule: str, bump: Bump, policy: Policy) -> Bump:
    """The bump that a rule asks for under a policy."""
    lenient = "writers" not in _SELECTS[policy]
    return "minor" if bump == "major" and lenient and rule in _MINOR_BACKWARD else bump
