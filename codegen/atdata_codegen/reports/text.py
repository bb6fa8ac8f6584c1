"""A review as lines for a terminal: one block a finding, the worst last, and a line that accounts for everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from atdata_codegen.findings import ABSENT, Finding, Level, Review
from atdata_codegen.reports.common import LEVELS, bounded, breaks_of, defused, ordered, value_text, verdict

__all__ = ["render", "render_coloured"]

_Paint: TypeAlias = Callable[[str, str], str]

_COLOURS: Final[dict[Level, str]] = {"error": "1;31", "warning": "33", "info": "36"}


def render(review: Review) -> str:
    """Plain text.

    >>> print(render(Review("lint", (), 3)), end="")
    3 documents checked: nothing to report
    """
    return _render(review, lambda text, code: text)


def render_coloured(review: Review) -> str:
    """The same text with the colours of a terminal."""
    return _render(review, lambda text, code: f"\033[{code}m{text}\033[0m")


def _render(review: Review, paint: _Paint) -> str:
    lines: list[str] = []
    for finding in sorted(ordered(review.findings), key=lambda one: -LEVELS.index(one.level)):
        lines.extend(_block(finding, paint))
    passed = "32" if review.passed else "1;31"
    lines.append(paint(verdict(review), passed))
    return "".join(f"{_no_command(line)}\n" for line in lines)


def _block(finding: Finding, paint: _Paint) -> list[str]:
    where = f"{bounded(finding.file, 300)}:{finding.line}" if finding.file else bounded(finding.subject, 300)
    head = f"{paint(where, '1')} {bounded(finding.place)}"
    level = paint(finding.level, _COLOURS[finding.level])
    lines = [f"{head}: {level}: {bounded(finding.message)} {paint(f'[{bounded(finding.rule, 80)}]', '2')}"]
    if finding.old is not ABSENT or finding.new is not ABSENT:
        old, new = paint(value_text(finding.old), "31"), paint(value_text(finding.new), "32")
        lines.append(f"    {old} -> {new}")
    if finding.breaks:
        lines.append(f"    breaks: {'; '.join(breaks_of(finding))}")
    if finding.witness is not None:
        witness = finding.witness
        other = "new" if witness.valid == "old" else "old"
        lines.append(f"    example: {value_text(witness.value, 400)}")
        says = f"valid under the {witness.valid} schema; the {other} one says: {bounded(witness.refusal, 300)}"
        lines.append(f"             {says}")
    if finding.fix:
        lines.append(f"    fix: {bounded(finding.fix)}")
    lines.append(paint(f"    fingerprint {finding.fingerprint}", "2"))
    return lines


def _no_command(line: str) -> str:
    """A line that no CI runner takes for a command to itself, whoever named the files and wrote the values."""
    line = defused(line)
    return "./" + line if line.lstrip().startswith("::") else line
