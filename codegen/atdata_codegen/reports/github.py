"""A review as GitHub workflow commands, which become annotations on the changed lines of a pull request."""

from __future__ import annotations

from typing import Final

from atdata_codegen.findings import Finding, Level, Review
from atdata_codegen.reports.common import bounded, breaks_of, defused, ordered, verdict

__all__ = ["render"]

_COMMANDS: Final[dict[Level, str]] = {"error": "error", "warning": "warning", "info": "notice"}


def render(review: Review) -> str:
    """One command a finding, then the account as a notice.

    >>> print(render(Review("lint", (), 1)), end="")
    ::notice title=Schema lint::1 document checked: nothing to report
    """
    lines = [_command(finding) for finding in ordered(review.findings)]
    title = {"lint": "Schema lint", "diff": "Schema diff", "breaking": "Schema review"}[review.tool]
    lines.append(f"::notice title={_property(title)}::{_data(verdict(review))}")
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    properties = [f"title={_property(f'{bounded(finding.rule, 80)} {bounded(finding.subject, 300)}')}"]
    if finding.file:
        properties = [f"file={_property(bounded(finding.file))}", f"line={max(1, finding.line)}", *properties]
    parts = [f"{finding.place}: {finding.message}"]
    if finding.breaks:
        parts.append(f"Breaks: {'; '.join(breaks_of(finding))}.")
    if finding.fix:
        parts.append(f"Fix: {finding.fix}")
    text = _data("\n".join(bounded(part) for part in parts))
    return f"::{_COMMANDS[finding.level]} {','.join(properties)}::{text}"


def _data(text: str) -> str:
    """Escaped as the runner unescapes it; the old form of commands, found anywhere in a line, is taken apart."""
    return defused(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
