"""A review as one JSON object, for programs; ``schemas/review.schema.json`` of ``atdata_templates`` describes it."""

from __future__ import annotations

import json
from typing import Any

from atdata_codegen.findings import ABSENT, Finding, Review
from atdata_codegen.reports.common import ordered

__all__ = ["render"]


def render(review: Review) -> str:
    """JSON text in ASCII; a value that is not there has no key, and one that is null is null."""
    return json.dumps(_review(review), indent=1, ensure_ascii=True, default=repr) + "\n"


def _review(review: Review) -> dict[str, Any]:
    return {
        "format": 1,
        "tool": review.tool,
        "passed": review.passed,
        "old": review.old,
        "new": review.new,
        "policy": review.policy,
        "bump": review.bump,
        "documents": review.documents,
        "counts": review.counts,
        "findings": [_finding(finding) for finding in ordered(review.findings)],
        "ignored": [_finding(finding) for finding in ordered(review.ignored)],
        **({"patch": review.patch} if review.patch else {}),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "rule": finding.rule,
        "level": finding.level,
        "fingerprint": finding.fingerprint,
        "subject": finding.subject,
        "path": list(finding.path),
        "place": finding.place,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "fix": finding.fix,
        "breaks": sorted(finding.breaks),
        "bump": finding.bump,
    }
    if finding.old is not ABSENT:
        found["old"] = finding.old
    if finding.new is not ABSENT:
        found["new"] = finding.new
    if finding.witness is not None:
        witness = finding.witness
        found["witness"] = {
            "kind": witness.kind, "value": witness.value, "valid": witness.valid, "refusal": witness.refusal,
        }  # fmt: skip
    return found
