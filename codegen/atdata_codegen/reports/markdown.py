"""A review as a comment on a pull request: a verdict, a table, details to unfold, all within the size GitHub takes."""

from __future__ import annotations

import re
from typing import Final

from atdata_codegen.findings import ABSENT, Finding, Level, Review
from atdata_codegen.reports.common import (
    TITLES,
    bounded,
    breaks_of,
    bump_of,
    defused,
    ordered,
    value_text,
    verdict,
)

__all__ = ["LIMIT", "MARKER", "render"]

#: By this line the comment of an earlier run is found again.
MARKER: Final = "<!-- atdata-gen review -->"

#: GitHub refuses comments of more than 65,536 characters; GitLab takes many more.
LIMIT: Final = 60_000
_PATCH_LIMIT: Final = 20_000
_ROWS: Final = 50

_MARKS: Final[dict[Level, str]] = {"error": "🔴", "warning": "🟡", "info": "🔵"}
#: What GitHub makes a mention or a link to an issue of, even in text that is no markup.
_MEANT = re.compile(r"(?<![A-Za-z0-9_])@(?=[A-Za-z0-9])|#(?=[0-9])|\bGH(?=-[0-9])", re.I)
_SPECIAL = re.compile(r"[\\`*_\[\]|~$]|^[-+#=]")


def render(review: Review) -> str:
    """Markdown for GitHub and GitLab, at most ``LIMIT`` characters."""
    counts = review.counts
    mark = "❌" if counts["error"] else "⚠️" if counts["warning"] else "✅"
    head = [MARKER, f"### {mark} {TITLES[review.tool]}", "", escaped(verdict(review)) + "."]
    if bump_of(review):
        head += ["", f"The next version must be a **{bump_of(review)}** one."]
    findings = ordered(review.findings)
    if findings:
        head += ["", "| | rule | where | what |", "|---|---|---|---|"]
        head += [_row(finding) for finding in findings[:_ROWS]]
        if len(findings) > _ROWS:
            head.append(f"| | | | and {len(findings) - _ROWS} more |")
    text = "\n".join(head) + "\n"
    patch = _patch(review.patch, _PATCH_LIMIT) if review.patch else ""
    room = LIMIT - len(text) - len(patch) - 200
    return defused(text + _details(findings, room) + patch)


def escaped(text: str) -> str:
    r"""Text that means nothing to a Markdown reader: no markup, no HTML, no link, nobody and no issue mentioned.

    >>> print(escaped("<b>*[x](y)"))
    &lt;b&gt;\*\[x\](y)
    """
    text = bounded(text)
    text = _SPECIAL.sub(lambda match: "\\" + match.group(), text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An invisible space keeps what stands there readable, and GitHub from making a link or a mention of it.
    text = _MEANT.sub(lambda match: match.group() + "\u200b", text.replace("://", ":\u200b//"))
    return re.sub(r"(?i)\bwww\.", lambda match: match.group()[:3] + "\u200b.", text)


def code(text: str, limit: int = 200, *, cell: bool = False) -> str:
    r"""A code span that holds ``text`` whatever backticks are in it; in a ``cell`` of a table, bars are escaped too.

    >>> print(code("a`b|c"), code("a|b", cell=True))
    ``a`b|c`` `a\|b`
    """
    text = bounded(text, limit) or " "
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    span = f"{fence}{space}{text}{space}{fence}"
    return span.replace("|", "\\|") if cell else span


def _row(finding: Finding) -> str:
    where = code(f"{finding.subject} {finding.place}", cell=True)
    rule, message = code(finding.rule, 80, cell=True), escaped(bounded(finding.message, 300))
    return f"| {_MARKS[finding.level]} | {rule} | {where} | {message} |"


def _details(findings: list[Finding], room: int) -> str:
    blocks: list[str] = []
    for number, finding in enumerate(findings):
        block = "\n".join(_block(finding)) + "\n"
        room -= len(block)
        if room < 0:
            left = len(findings) - number
            blocks.append(f"\n{left} more did not fit here; run `atdata-gen` for the whole list.\n")
            break
        blocks.append(block)
    if not blocks:
        return ""
    return f"\n<details>\n<summary>Details</summary>\n\n{''.join(blocks)}\n</details>\n"


def _block(finding: Finding) -> list[str]:
    where = f", {code(f'{finding.file}:{finding.line}')}" if finding.file else ""
    lines = [f"\n#### {_MARKS[finding.level]} {code(finding.rule, 80)} {code(finding.subject)}{where}", ""]
    lines += [f"{code(finding.place, 700)}: {escaped(finding.message)}", ""]
    if finding.old is not ABSENT or finding.new is not ABSENT:
        lines.append(f"- {code(value_text(finding.old))} → {code(value_text(finding.new))}")
    if finding.breaks:
        lines.append(f"- breaks: {'; '.join(breaks_of(finding))}")
    if finding.witness is not None:
        witness = finding.witness
        other = "new" if witness.valid == "old" else "old"
        lines.append(f"- example, valid under the {witness.valid} schema: {code(value_text(witness.value, 600), 600)}")
        lines.append(f"  - the {other} one says: {escaped(bounded(witness.refusal, 300))}")
    if finding.fix:
        lines.append(f"- **fix**: {escaped(finding.fix)}")
    lines.append(f"- fingerprint {code(finding.fingerprint)}")
    return lines


def _patch(patch: str, limit: int) -> str:
    """A diff to unfold; the fence is longer than any in it."""
    shown: list[str] = []
    for line in patch.splitlines():
        line = line if line.startswith(("+", "-", "@", " ")) else f" {line}"
        line = bounded(line.replace("\t", "    "), 400)
        line = line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line  # no command to a runner
        limit -= len(line) + 1
        if limit < 0:
            shown.append("... cut here")
            break
        shown.append(line)
    text = "\n".join(shown)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"\n<details>\n<summary>Generated code</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>\n"
