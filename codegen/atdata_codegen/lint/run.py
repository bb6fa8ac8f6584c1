"""One run of lint in memory: documents in, findings out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from atdata_codegen.findings import Finding, Review
from atdata_codegen.lint.documents import Doc, read_folder
from atdata_codegen.lint.ignores import UNUSED, Ignores
from atdata_codegen.lint.rule import RULES, Hit, Rule
from atdata_codegen.lint.settings import LintSettings
from atdata_codegen.positions import lines_of
from atdata_codegen.sources import Source

__all__ = ["Found", "judged", "lint"]

#: Most findings of one rule in one document; a document of a stranger may hold millions.
_MOST = 200
#: Rules that pass on what a parser says: they leave out what a rule of its own has said better.
_GENERAL = frozenset({"lexicon-schema", "sample-schema", "lens-document"})


@dataclass(frozen=True, slots=True)
class Found:
    """One broken rule."""

    rule: Rule
    hit: Hit


def lint(sources: Sequence[Source], settings: LintSettings, others: Sequence[Source] = ()) -> Review:
    """What the rules say of ``sources``; ``others`` are documents that they may refer to."""
    folder = read_folder(sources, others)
    findings: list[Finding] = []
    ignored: list[Finding] = []
    for doc in folder.docs:
        kept, left = judged(doc, settings)
        findings += _located(doc, kept, settings)
        ignored += [
            replace(finding, fix=f"left alone: {reason}")
            for finding, reason in zip(
                _located(doc, [f for f, _ in left], settings), [reason for _, reason in left], strict=True
            )
        ]
    return Review("lint", tuple(findings), len(folder.docs), ignored=tuple(ignored))


def judged(doc: Doc, settings: LintSettings) -> tuple[list[Found], list[tuple[Found, str]]]:
    """What counts in one document, and what is left alone with its reason."""
    ignores = Ignores(doc)
    kept: list[Found] = []
    left: list[tuple[Found, str]] = []
    for found in _all_hits(doc, list(settings.rules.values())):
        reason = ignores.reason(found.rule.id, found.hit.path) or settings.reason(found.rule.id, doc.source.file)
        if reason:
            left.append((found, reason))
        else:
            kept.append(found)
    if UNUSED in settings.rules:
        kept += [Found(RULES[UNUSED], hit) for hit in ignores.unused(frozenset(settings.rules))]
    return kept, left


def _all_hits(doc: Doc, rules: Sequence[Rule]) -> list[Found]:
    """What ``rules`` say of one document, each place once."""
    found: list[Found] = []
    for rule in rules:
        if not rule.sites and doc.kind in rule.on:
            found += [Found(rule, hit) for hit in islice(rule.check(doc), _MOST)]
    if doc.kind == "lexicon":
        found += _of_sites(doc, [rule for rule in rules if rule.sites])
    said = {f.hit.path for f in found if f.rule.id not in _GENERAL and f.rule.level == "error"}
    said |= {path[:-1] for path in said}
    return [f for f in found if f.rule.id not in _GENERAL or f.hit.path not in said]


def _of_sites(doc: Doc, rules: Sequence[Rule]) -> Iterator[Found]:
    by_kind: dict[str, list[Rule]] = {}
    counts = dict.fromkeys((rule.id for rule in rules), 0)
    everywhere = [rule for rule in rules if "*" in rule.on]
    for site in doc.sites:
        chosen = by_kind.get(site.kind)
        if chosen is None:
            chosen = by_kind[site.kind] = everywhere + [rule for rule in rules if site.kind in rule.on]
        for rule in chosen:
            for hit in rule.check(site):
                counts[rule.id] += 1
                if counts[rule.id] <= _MOST:
                    yield Found(rule, hit)


def _located(doc: Doc, found: Sequence[Found], settings: LintSettings) -> list[Finding]:
    lines: list[int] = []
    if found:
        if doc.kind == "broken":
            lines = [max(1, problem.line) for problem in doc.refusal]
            lines += [1] * (len(found) - len(lines))
        else:
            lines = lines_of(doc.source.raw.decode("utf-8", "replace"), [f.hit.path for f in found])
    made = [
        Finding(
            f.rule.id, settings.level(f.rule), doc.subject, f.hit.path, f.hit.message, f.hit.fix,
            file=doc.source.file, line=line,
        )
        for f, line in zip(found, lines, strict=False)
    ]  # fmt: skip
    return sorted(made, key=lambda finding: (finding.line, finding.rule))
