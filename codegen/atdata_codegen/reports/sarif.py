"""A review as SARIF 2.1.0, which code scanning and editors read."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final
from urllib.parse import quote

from atdata_codegen.findings import Finding, Level, Review
from atdata_codegen.reports.common import bounded, breaks_of, ordered, value_text

__all__ = ["render"]

_LEVELS: Final[dict[Level, str]] = {"error": "error", "warning": "warning", "info": "note"}


def render(review: Review) -> str:
    """One run; what was ignored is there too, as suppressed."""
    findings = [(finding, False) for finding in ordered(review.findings)]
    findings += [(finding, True) for finding in ordered(review.ignored)]
    rules = sorted({finding.rule for finding, _ in findings})
    numbers = {rule: number for number, rule in enumerate(rules)}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "atdata-gen",
                        "semanticVersion": _version(),
                        "rules": _descriptors(review.tool, rules),
                    }
                },
                "automationDetails": {"id": f"atdata-gen/{review.tool}/"},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, numbers[finding.rule], ignored) for finding, ignored in findings],
            }
        ],
    }
    return json.dumps(log, indent=1) + "\n"


def _descriptors(tool: str, rules: list[str]) -> list[dict[str, Any]]:
    """What a rule is about, in the words of its table; code scanning shows them beside a result."""
    words = _lint_words() if tool == "lint" else _review_words()
    made = []
    for rule in rules:
        short, full, remedy = words.get(rule, (rule, rule, ""))
        texts = {"shortDescription": short, "fullDescription": full, "help": remedy or full}
        entries = {key: {"text": _escaped(text)} for key, text in texts.items()}
        made.append({"id": bounded(rule, 80), **entries})
    return made


def _lint_words() -> dict[str, tuple[str, str, str]]:
    from atdata_codegen.lint import rules as _rules  # noqa: F401  # enters the rules in their table
    from atdata_codegen.lint.rule import RULES

    return {rule.id: (rule.description, rule.description, "") for rule in RULES.values()}


def _review_words() -> dict[str, tuple[str, str, str]]:
    from atdata_codegen.review.table import RULES

    return {rule.id: (rule.title, f"{rule.title}: {rule.reason}", rule.fix) for rule in RULES.values()}


def _version() -> str:
    try:
        return version("atdata")
    except PackageNotFoundError:
        return "0.0.0"


def _result(finding: Finding, rule: int, ignored: bool) -> dict[str, Any]:
    name = bounded(f"{finding.subject}:{finding.place}")
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name}]}
    if finding.file:
        uri = quote(bounded(finding.file).removeprefix("./"), safe="/-._~")
        location["physicalLocation"] = {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": max(1, finding.line)},
        }
    result: dict[str, Any] = {
        "ruleId": bounded(finding.rule, 80),
        "ruleIndex": rule,
        "level": _LEVELS[finding.level],
        "message": {"text": _message(finding)},
        "locations": [location],
        "partialFingerprints": {"atdata/v1": finding.fingerprint},
        "properties": {
            "breaks": sorted(finding.breaks),
            "bump": finding.bump,
            "old": value_text(finding.old, 400),
            "new": value_text(finding.new, 400),
        },
    }
    if ignored:
        result["suppressions"] = [{"kind": "external"}]
    return result


def _message(finding: Finding) -> str:
    parts = [finding.message]
    if finding.breaks:
        parts.append(f"Breaks: {'; '.join(breaks_of(finding))}.")
    if finding.fix:
        parts.append(f"Fix: {finding.fix}")
    return _escaped(" ".join(parts))


def _escaped(text: str) -> str:
    """Plain text. A pair of brackets would be a link, and braces a placeholder, so both are escaped as SARIF says."""
    return (
        bounded(text)
        .replace("\\", "\\\\")
        .replace("[", "\\[")
        .replace("]", "\\]")
        .replace("{", "{{")
        .replace("}", "}}")
    )
