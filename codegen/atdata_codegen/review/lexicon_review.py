"""The Lexicons of two sets, compared and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from atdata_codegen.documents import Documents, SchemaDocument
from atdata_codegen.findings import Break, Finding, Level, Witness
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.problems import Problem
from atdata_codegen.review.changes import Change, Checks
from atdata_codegen.review.judge import Judge
from atdata_codegen.review.lexicons import LEXICON_CHECKS, LexiconWalk, Located
from atdata_codegen.review.lexicons.modes import MODE_CHECKS, settle
from atdata_codegen.review.lexicons.pair import LexPair
from atdata_codegen.review.lexicons.side import Side
from atdata_codegen.review.places import located
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.review.table import UNREADABLE
from atdata_codegen.review.witnesses.records import RecordWitnesses

__all__ = ["lexicon_findings", "unreadable"]


def lexicon_findings(
    old: Documents,
    new: Documents,
    past: Sequence[Documents],
    settings: ReviewSettings,
    *,
    witnesses: bool = True,
    checks: Checks[LexPair] = LEXICON_CHECKS,
    modes: Checks[Change] = MODE_CHECKS,
) -> Iterator[Finding]:
    """Everything that the rules find, document by document."""
    sides = Side(old), Side(new)
    ours, theirs = sides[0].documents, sides[1].documents
    changed = [nsid for nsid in {**ours, **theirs} if _differ(ours.get(nsid), theirs.get(nsid))]
    if not changed:
        return
    walk = LexiconWalk(*sides, past=[Side(earlier) for earlier in past], checks=checks)
    made = RecordWitnesses(*sides) if witnesses else None
    for nsid in sorted(changed):
        before, after = ours.get(nsid), theirs.get(nsid)
        judge = Judge(settings, "lexicon", nsid, _is_experimental(before, after, settings))
        refused = list(_refused(judge, before, after))
        if refused:
            yield from refused
            continue
        found = [_judged(judge, one, made, modes) for one in walk.documents([nsid])]
        yield from located(found, after or before)


def _differ(one: SchemaDocument | None, other: SchemaDocument | None) -> bool:
    return one is None or other is None or one.source.sha != other.source.sha


def _is_experimental(old: SchemaDocument | None, new: SchemaDocument | None, settings: ReviewSettings) -> bool:
    """A document is free to change while it was experimental before the change."""
    document = old or new
    if document is None:
        return False
    return settings.is_experimental(document.subject) or document.value.get("stability") == "experimental"


def _refused(judge: Judge, old: SchemaDocument | None, new: SchemaDocument | None) -> Iterator[Finding]:
    """A document that its parser refuses: an error where it is new, a warning where it is what was before."""
    sides: tuple[tuple[SchemaDocument | None, Literal["old", "new"]], ...] = ((new, "new"), (old, "old"))
    for document, which in sides:
        if document is not None:
            problems = [problem for problem in parse_document(document.value)[1] if problem.severity == "error"]
            yield from unreadable(judge, document, problems, which)


def unreadable(
    judge: Judge, document: SchemaDocument, problems: Sequence[Problem], which: Literal["old", "new"]
) -> list[Finding]:
    """What to say of a document that is refused; nothing where there are no problems."""
    if not problems:
        return []
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    message = f"the {which} document is refused, so it is not compared: {first.text}{more}"
    level: Level = "error" if which == "new" else "warning"
    finding = judge.finding(UNREADABLE, message, first.path, frozenset(), level=level)
    return located([finding], document)


def _judged(judge: Judge, one: Located, made: RecordWitnesses | None, modes: Checks[Change]) -> Finding:
    pair = one.pair
    change, breaks, bump = settle(one.change, pair.mode, modes)
    witness = _witness(made, pair, change, breaks) if made is not None else None
    experimental = pair.old.get("stability") == "experimental"
    return judge.finding(
        change.rule, change.message, (*pair.path, *change.at), breaks, bump=bump, old=change.old, new=change.new,
        witness=witness, experimental=experimental,
    )  # fmt: skip


def _witness(made: RecordWitnesses, pair: LexPair, change: Change, breaks: frozenset[Break]) -> Witness | None:
    if not breaks & {"readers", "writers"}:
        return None
    found = made.find(pair, change, "old") if change.tight else None
    if found is None and change.loose:
        found = made.find(pair, change, "new")
    return found
