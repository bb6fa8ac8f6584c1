"""A comparison of two sets of schemas, or of a whole history with what comes next, as one review."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, Literal

from atdata_codegen.documents import Documents
from atdata_codegen.findings import Bump, Finding, Level, Review, largest_bump
from atdata_codegen.lenses import parse_lens
from atdata_codegen.review.judge import Judge
from atdata_codegen.review.lens_ways import graph_of
from atdata_codegen.review.lexicon_review import lexicon_findings, unreadable
from atdata_codegen.review.lexicons import LEXICON_CHECKS
from atdata_codegen.review.lexicons.modes import MODE_CHECKS
from atdata_codegen.review.locks import lock_findings
from atdata_codegen.review.sample_review import sample_findings
from atdata_codegen.review.samples import SAMPLE_CHECKS
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.review.table import RULES, UNREADABLE

__all__ = ["compare", "compare_history", "findings_between"]

_DEFAULT: Final = ReviewSettings()


def compare(
    old: Documents,
    new: Documents,
    settings: ReviewSettings = _DEFAULT,
    *,
    tool: Literal["diff", "breaking"] = "diff",
    past: Sequence[Documents] = (),
    witnesses: bool = True,
) -> Review:
    """What changed from ``old`` to ``new``, judged by ``settings``; `breaking` leaves out what breaks nothing.

    ``past`` are sets before ``old``, oldest first: they are asked for names that come back.
    ``witnesses`` are counter-examples, which take longer than the comparison itself.
    """
    return compare_history([*past, old], new, replace(settings, transitive=False), tool=tool, witnesses=witnesses)


def compare_history(
    olds: Sequence[Documents],
    new: Documents,
    settings: ReviewSettings = _DEFAULT,
    *,
    tool: Literal["diff", "breaking"] = "breaking",
    witnesses: bool = True,
) -> Review:
    """The same against the last of ``olds`` (oldest first), or against every one where the settings say transitive."""
    found: dict[str, Finding] = {}
    compared = range(len(olds) - 1, -1, -1) if settings.transitive else [len(olds) - 1]
    for number in compared:
        for finding in findings_between(olds[number], new, olds[:number], settings, witnesses=witnesses):
            found.setdefault(finding.fingerprint, finding)
    kept: list[Finding] = []
    ignored: list[Finding] = []
    for finding in found.values():
        (ignored if settings.reason(finding) else kept).append(finding)
    if tool == "breaking":
        kept = [finding for finding in kept if finding.level != "info"]
    kept.sort(key=lambda one: (one.subject, one.file, one.line, one.rule, one.place))
    bumps: list[Bump] = [finding.bump for finding in found.values()]
    names = {document.subject for side in (*olds, new) for document in side.items.values()}
    label = settings.policy or "exchange for Lexicons, stored for sample schemas"
    name = olds[-1].name if not settings.transitive else ", ".join(dict.fromkeys(side.name for side in olds))
    return Review(
        tool, tuple(kept), len(names), old=name, new=new.name, ignored=tuple(ignored), bump=largest_bump(bumps),
        graph=graph_of(olds[-1], new),
        policy=f"{label}, transitive" if settings.transitive else label,
    )  # fmt: skip


def findings_between(
    old: Documents,
    new: Documents,
    past: Sequence[Documents],
    settings: ReviewSettings,
    *,
    witnesses: bool = True,
    without: frozenset[str] = frozenset(),
) -> Iterator[Finding]:
    """Every finding between two sets, in no order: files that cannot be read, Lexicons, sample schemas, lenses.

    The rules ``without`` are not asked; what others say in their place is as if they did not exist.
    """
    sides: tuple[tuple[Documents, Level], ...] = ((new, "error"), (old, "warning"))
    for side, level in sides:
        for problem in side.problems:
            message = f"{problem.text}: {RULES[UNREADABLE].reason}"
            yield Finding(
                UNREADABLE, level, problem.file, problem.path, message, RULES[UNREADABLE].fix,
                file=problem.file, line=problem.line,
            )  # fmt: skip
    lexicons, modes = LEXICON_CHECKS.without(*without), MODE_CHECKS.without(*without)
    samples = SAMPLE_CHECKS.without(*without)
    for document in new.of("lens").values():
        problems = [problem for problem in parse_lens(document.value)[1] if problem.severity == "error"]
        yield from unreadable(Judge(settings, "lens", document.subject), document, problems, "new")
    yield from lexicon_findings(old, new, past, settings, witnesses=witnesses, checks=lexicons, modes=modes)
    policies = chain(
        sample_findings(old, new, settings, witnesses=witnesses, checks=samples), lock_findings(old, new, settings)
    )
    yield from (finding for finding in policies if finding.rule not in without)
