"""Settings of a review: ``[tool.atdata-gen.breaking]``, where each exception carries its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from atdata_codegen.findings import Finding
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.review.policy import Policy, parse_policy

__all__ = ["Ignore", "ReviewSettings", "parse_settings"]

_KEYS: Final = ("policy", "transitive", "ignore", "experimental")
_WHERE: Final = ("fingerprint", "rule", "subject", "path")


@dataclass(frozen=True, slots=True)
class Ignore:
    """Findings that are accepted, and why. What is not given matches everything; subject and path may hold ``*``."""

    reason: str
    fingerprint: str = ""
    rule: str = ""
    subject: str = ""
    path: str = ""

    def matches(self, finding: Finding) -> bool:
        """Whether ``finding`` is meant."""
        return (
            self.fingerprint in ("", finding.fingerprint)
            and self.rule in ("", finding.rule)
            and (not self.subject or fnmatchcase(finding.subject, self.subject))
            and (not self.path or fnmatchcase(finding.place, _pattern(self.path)))
        )


def _pattern(path: str) -> str:
    """A path with ``*`` in it; brackets stand for themselves."""
    return path.replace("[", "[[]")


@dataclass(frozen=True, slots=True)
class ReviewSettings:
    """How findings are judged. Without ``policy`` Lexicons have `exchange` and sample schemas `stored`."""

    policy: Policy | None = None
    transitive: bool = False
    ignore: tuple[Ignore, ...] = ()
    experimental: tuple[str, ...] = ()

    def is_experimental(self, subject: str) -> bool:
        """Whether ``subject`` is among the names that may still change."""
        return any(fnmatchcase(subject, pattern) for pattern in self.experimental)

    def reason(self, finding: Finding) -> str:
        """Why ``finding`` is accepted; empty where it is not."""
        return next((one.reason for one in self.ignore if one.matches(finding)), "")


def parse_settings(table: Mapping[str, Any], file: str = "") -> ReviewSettings:  # Any: TOML
    """The settings of ``[tool.atdata-gen.breaking]``; raises ProblemError with everything that means nothing.

    >>> parse_settings({"policy": "full-transitive"})
    ReviewSettings(policy='exchange', transitive=True, ignore=(), experimental=())
    """
    problems: list[Problem] = []

    def bad(key: str | int, message: str, hint: str = "") -> None:
        path = ("tool", "atdata-gen", "breaking", key)
        problems.append(Problem(path, message, hint, file=file, line=1 if file else 0))

    for key in table:
        if key not in _KEYS:
            bad(key, "is no setting", f"use one of {', '.join(_KEYS)}")
    policy: Policy | None = None
    transitive = table.get("transitive", False)
    if not isinstance(transitive, bool):
        bad("transitive", "must be true or false")
    given = table.get("policy", "")
    if not isinstance(given, str):
        bad("policy", "must be a string")
    elif given:
        policy, every = parse_policy(given)
        transitive = transitive or every
    experimental = table.get("experimental", [])
    if not isinstance(experimental, list) or not all(isinstance(one, str) for one in experimental):
        bad("experimental", "must be a list of names, which may hold *")
        experimental = []
    listed = table.get("ignore", [])
    if not isinstance(listed, list):
        bad("ignore", "must be a list of tables", '{rule = "...", subject = "...", reason = "..."}')
        listed = []
    ignores = _ignores(listed, bad)
    if problems:
        raise ProblemError(problems, file or "settings")
    return ReviewSettings(policy, bool(transitive), ignores, tuple(experimental))


def _ignores(listed: Sequence[Any], bad: Any) -> tuple[Ignore, ...]:
    found: list[Ignore] = []
    for number, one in enumerate(listed):
        texts = isinstance(one, dict) and all(isinstance(value, str) for value in one.values())
        if not texts or any(key not in (*_WHERE, "reason") for key in one):
            bad("ignore", f"entry {number}: must be a table of {', '.join(_WHERE)} and reason, all of them text")
        elif not one.get("reason", "").strip():
            bad("ignore", f"entry {number}: has no reason", "say why it is accepted")
        elif not any(one.get(key) for key in _WHERE):
            bad("ignore", f"entry {number}: would ignore everything", f"give one of {', '.join(_WHERE)}")
        else:
            found.append(Ignore(**one))
    return tuple(found)
