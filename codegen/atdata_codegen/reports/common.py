"""What every report says in the same words: order, values, verdict; and strings of strangers made harmless."""

from __future__ import annotations

import json
from typing import Any, Final

from atdata_codegen.findings import ABSENT, BUMPS, Break, Finding, Level, Review
from atdata_codegen.problems import counted, shown_path

__all__ = [
    "BREAKS",
    "LEVELS",
    "TITLES",
    "bounded",
    "breaks_of",
    "bump_of",
    "defused",
    "ordered",
    "value_text",
    "verdict",
]

#: Worst first.
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "info")

#: What is broken, in the words of somebody who reads a report.
BREAKS: Final[dict[Break, str]] = {
    "readers": "old data no longer reads",
    "writers": "old readers refuse new data",
    "source": "Python code must change",
    "silent": "stored data changes its meaning",
}

TITLES: Final = {"lint": "Schema lint", "diff": "Schema changes", "breaking": "Breaking schema changes"}

_MAX_MESSAGE = 2000


def bounded(text: str, limit: int = _MAX_MESSAGE) -> str:
    """Text of a stranger on one line: what does not print is escaped, and what is too long is cut.

    >>> bounded("a\\x1b[31m\\nb", 20)
    'a\\\\x1b[31m\\\\nb'
    """
    shown = shown_path(text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def defused(line: str) -> str:
    """A line without the marks by which a CI runner finds commands to itself anywhere in what a job prints.

    >>> defused("##[warning]x")
    '#\\\\x23[warning]x'
    """
    return line.replace("##[", "#\\x23[").replace("##vso[", "#\\x23vso[")


def value_text(value: Any, limit: int = 120) -> str:
    """A value as bounded JSON on one line; ``absent`` for none.

    >>> value_text({"type": "string"}), value_text(ABSENT)
    ('{"type": "string"}', 'absent')
    """
    if value is ABSENT:
        return "absent"
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return bounded(text, limit)


def ordered(findings: tuple[Finding, ...]) -> list[Finding]:
    """Worst first, then by document and place, whatever order the rules ran in."""
    return sorted(findings, key=lambda f: (LEVELS.index(f.level), f.subject, f.file, f.line, f.place, f.rule))


def breaks_of(finding: Finding) -> list[str]:
    """The words for what a finding breaks, in a fixed order."""
    return [words for key, words in BREAKS.items() if key in finding.breaks]


def bump_of(review: Review) -> str:
    """The version step that a review asks for, empty where there is none to ask for."""
    return review.bump if review.tool != "lint" and review.bump != BUMPS[0] else ""


def verdict(review: Review) -> str:
    """The whole review in one line."""
    counts = review.counts
    parts = [counted(counts["error"], "error"), counted(counts["warning"], "warning")]
    if counts["info"]:
        parts.append(f"{counts['info']} for information")
    if review.ignored:
        parts.append(f"{len(review.ignored)} ignored")
    text = f"{counted(review.documents, 'document')} checked"
    if review.old:
        text += f", {bounded(review.new, 200)} against {bounded(review.old, 200)}"
    if review.policy:
        text += f" under the policy {bounded(review.policy, 60)}"
    text += ": " + (", ".join(parts) if review.findings or review.ignored else "nothing to report")
    if bump_of(review):
        text += f"; the next version is a {bump_of(review)} one"
    return text
