"""A review as JUnit XML, which every CI system shows: a suite for each document, a failed test for each error."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

from atdata_codegen.findings import Finding, Review
from atdata_codegen.reports.common import bounded, breaks_of, ordered, value_text, verdict

__all__ = ["render"]


def render(review: Review) -> str:
    """XML text; a review that found nothing is one test that passed, and what is no error passes with a note."""
    findings = sorted(ordered(review.findings), key=lambda finding: finding.subject)
    total, failed = len(findings) + len(review.ignored), review.counts["error"]
    counts = f'tests="{total or 1}" failures="{failed}" errors="0" skipped="{len(review.ignored)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="atdata-gen {review.tool}" {counts}>',
    ]
    if not total:
        lines += [
            f'  <testsuite name="atdata-gen {review.tool}" tests="1" failures="0" errors="0" skipped="0">',
            f'    <testcase classname="atdata-gen" name={_attribute(verdict(review))}/>',
            "  </testsuite>",
        ]
    for subject, group in groupby(findings, key=lambda finding: finding.subject):
        lines.extend(_suite(bounded(subject, 400), list(group)))
    if review.ignored:
        count = len(review.ignored)
        lines.append(f'  <testsuite name="ignored" tests="{count}" failures="0" errors="0" skipped="{count}">')
        for finding in ordered(review.ignored):
            lines += [f"    <testcase {_names(finding)}>", '      <skipped message="ignored"/>', "    </testcase>"]
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "".join(f"{line}\n" for line in lines)


def _suite(subject: str, findings: list[Finding]) -> Iterator[str]:
    failed = sum(finding.level == "error" for finding in findings)
    counts = f'tests="{len(findings)}" failures="{failed}" errors="0" skipped="0"'
    yield f"  <testsuite name={_attribute(subject)} {counts}>"
    for finding in findings:
        yield f"    <testcase {_names(finding)}>"
        text = escape("\n".join(_details(finding)))
        if finding.level == "error":
            message = _attribute(bounded(finding.message))
            yield f"      <failure type={_attribute(bounded(finding.rule, 80))} message={message}>{text}</failure>"
        else:
            yield f"      <system-out>{finding.level}: {text}</system-out>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _names(finding: Finding) -> str:
    name = f"{bounded(finding.rule, 80)} {finding.place}"
    text = f"classname={_attribute(bounded(finding.subject, 400))} name={_attribute(bounded(name))}"
    if finding.file:
        text += f' file={_attribute(bounded(finding.file, 400))} line="{max(1, finding.line)}"'
    return text


def _details(finding: Finding) -> Iterator[str]:
    yield bounded(finding.message)
    yield f"old: {value_text(finding.old, 400)}"
    yield f"new: {value_text(finding.new, 400)}"
    if finding.breaks:
        yield f"breaks: {'; '.join(breaks_of(finding))}"
    if finding.witness is not None:
        yield f"example: {value_text(finding.witness.value, 400)}"
    if finding.fix:
        yield f"fix: {bounded(finding.fix)}"
    yield f"fingerprint: {finding.fingerprint}"


def _attribute(text: str) -> str:
    return quoteattr(text)
