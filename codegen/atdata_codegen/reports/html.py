"""A review as one HTML page that needs no network and no script: the browser folds, filters and draws it."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any, Final

from atdata_codegen.findings import ABSENT, Finding, Review
from atdata_codegen.problems import counted
from atdata_codegen.reports.common import (
    LEVELS,
    TITLES,
    bounded,
    breaks_of,
    bump_of,
    ordered,
    value_text,
    verdict,
)
from atdata_codegen.reports.svg import graph_svg
from atdata_codegen.templating import default_renderer

__all__ = ["render"]

_MOST: Final = 2000
_PATCH_LINES: Final = 5000


def render(review: Review) -> str:
    """The page as text in UTF-8."""
    return default_renderer().render("review.html.jinja", _page(review))


def _page(review: Review) -> dict[str, Any]:
    counts = review.counts
    findings = ordered(review.findings)
    groups = [
        {"subject": bounded(subject, 400), "findings": [_finding(finding) for finding in group]}
        for subject, group in groupby(sorted(findings[:_MOST], key=lambda f: f.subject), key=lambda f: f.subject)
    ]
    tiles = [
        {"kind": level, "number": counts[level], "word": word}
        for level, word in zip(LEVELS, ("errors", "warnings", "for information"), strict=True)
    ]
    tiles.append({"kind": "plain", "number": review.documents, "word": "documents"})
    if review.ignored:
        tiles.append({"kind": "plain", "number": len(review.ignored), "word": "ignored"})
    if bump_of(review):
        tiles.append({"kind": "plain", "number": bump_of(review), "word": "next version"})
    return {
        "title": TITLES[review.tool],
        "headline": _headline(review),
        "state": "bad" if counts["error"] else "fair" if counts["warning"] else "good",
        "verdict": verdict(review),
        "tiles": tiles,
        "levels": [level for level in LEVELS if counts[level]],
        "groups": groups,
        "left": max(0, len(findings) - _MOST),
        "svg": graph_svg(review.graph),
        "patch": _patch(review.patch),
    }


def _headline(review: Review) -> str:
    counts = review.counts
    if review.tool == "breaking" and counts["error"]:
        return counted(counts["error"], "breaking change")
    if counts["error"]:
        return counted(counts["error"], "error")
    if counts["warning"]:
        return counted(counts["warning"], "warning")
    return "Nothing broken" if review.tool != "lint" else "All clean"


def _finding(finding: Finding) -> dict[str, Any]:
    changed = finding.old is not ABSENT or finding.new is not ABSENT
    witness = finding.witness
    return {
        "level": finding.level,
        "rule": bounded(finding.rule, 80),
        "place": finding.place,
        "file": f"{bounded(finding.file, 400)}:{finding.line}" if finding.file else "",
        "message": bounded(finding.message),
        "breaks": breaks_of(finding),
        "changed": changed,
        "old": value_text(finding.old, 600),
        "new": value_text(finding.new, 600),
        "fix": bounded(finding.fix),
        "fingerprint": finding.fingerprint,
        "witness": None
        if witness is None
        else {
            "kind": witness.kind,
            "value": _pretty(witness.value),
            "valid": witness.valid,
            "other": "new" if witness.valid == "old" else "old",
            "refusal": bounded(witness.refusal, 600),
        },
    }


def _pretty(value: Any) -> str:
    """JSON on several lines, each fit to be shown."""
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    lines = text[:20_000].split("\n")
    return "\n".join(bounded(line, 400) for line in lines[:200])


def _patch(patch: str) -> list[dict[str, str]]:
    kinds = {"+": "plus", "-": "minus", "@": "hunk"}
    lines = patch.splitlines()
    shown = [
        {"kind": "head" if line.startswith(("+++", "---")) else kinds.get(line[:1], "same"), "text": bounded(line, 400)}
        for line in lines[:_PATCH_LINES]
    ]
    if len(lines) > _PATCH_LINES:
        shown.append({"kind": "hunk", "text": f"... {len(lines) - _PATCH_LINES} more lines"})
    return shown
