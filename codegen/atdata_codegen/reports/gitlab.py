"""A review as a GitLab code quality report, which GitLab shows in a merge request."""

from __future__ import annotations

import json
from typing import Final

from atdata_codegen.findings import Level, Review
from atdata_codegen.reports.common import bounded, ordered

__all__ = ["render"]

_SEVERITIES: Final[dict[Level, str]] = {"error": "critical", "warning": "minor", "info": "info"}


def render(review: Review) -> str:
    """A JSON list with one entry a finding; a finding without a file is shown under the name of its document."""
    seen: dict[str, int] = {}
    entries = []
    for finding in ordered(review.findings):
        number = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        text = f"{finding.message} ({finding.place})" + (f" Fix: {finding.fix}" if finding.fix else "")
        entries.append({
            "description": bounded(text),
            "check_name": finding.rule,
            # GitLab shows one entry for each fingerprint.
            "fingerprint": finding.fingerprint if number == 1 else f"{finding.fingerprint}-{number}",
            "severity": _SEVERITIES[finding.level],
            "location": {
                "path": bounded(finding.file or finding.subject).removeprefix("./"),
                "lines": {"begin": max(1, finding.line)},
            },
        })  # fmt: skip
    return json.dumps(entries, indent=1) + "\n"
