"""Rules for a type that became another one, and for references."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from atdata_codegen.findings import Bump, largest_bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair
from atdata_codegen.review.lexicons.side import Node
from atdata_codegen.review.table import RULES

__all__: list[str] = []

rule = LEXICON_CHECKS.rule

#: Types whose every value is an object that `unknown` takes as well.
_OBJECTS: Final = ("object", "union", "record")


def _kinds(pair: LexPair) -> tuple[str, str]:
    return str(pair.old.get("type")), str(pair.new.get("type"))


@rule("LEX005", "kinds")
def type_changed(pair: LexPair) -> Iterator[Change]:
    """One type's values are refused as the other's."""
    old, new = _kinds(pair)
    if not pair.item and "unknown" not in (old, new):
        message = f"was of the type {clean(old, 40)} and is of the type {clean(new, 40)}"
        yield Change("LEX005", message, (), pair.old, pair.new, tight=True, loose=True, source=True)


@rule("LEX038", "kinds")
def items_changed(pair: LexPair) -> Iterator[Change]:
    """Stored lists hold items of the old type."""
    old, new = _kinds(pair)
    if pair.item:
        message = f"items were of the type {clean(old, 40)} and are of the type {clean(new, 40)}"
        tight, loose = _directions(old, new)
        yield Change("LEX038", message, (), pair.old, pair.new, tight=tight, loose=loose, source=True)


@rule("LEX039", "kinds")
def unknown_changed(pair: LexPair) -> Iterator[Change]:
    """`unknown` takes every object, and nothing else."""
    old, new = _kinds(pair)
    if not pair.item and "unknown" in (old, new):
        message = f"was of the type {clean(old, 40)} and is of the type {clean(new, 40)}"
        tight, loose = _directions(old, new)
        yield Change("LEX039", message, (), pair.old, pair.new, tight=tight, loose=loose, source=True)


def _directions(old: str, new: str) -> tuple[bool, bool]:
    """Whether old values are refused, and whether new ones were."""
    if new == "unknown":
        return old not in _OBJECTS, True
    return True, True


@rule("LEX035", "ref")
def reference_changed(pair: LexPair) -> Iterator[Change]:
    """It leads elsewhere, became inline, or was inline."""
    if not pair.item:
        yield _told(pair, "LEX035")


@rule("LEX038", "ref")
def item_reference_changed(pair: LexPair) -> Iterator[Change]:
    """The same, of the items of a list."""
    if pair.item:
        yield _told(pair, "LEX038")


def _told(pair: LexPair, rule_id: str) -> Change:
    """Changes at the ends of references, as one change of the references."""
    if pair.lost:
        lost = pair.old if pair.lost == "old" else pair.new
        message = f"what the {pair.lost} reference {clean(lost.get('ref'), 120)} leads to is not among the documents"
        return Change(rule_id, message, (), pair.old, pair.new, tight=True, loose=True, source=True)
    found = pair.inner
    breaking = [change for change in found if change.tight or change.loose or change.source or change.silent]
    bumps: list[Bump] = [change.bump or RULES[change.rule].bump for change in found]
    what = f"{_name(pair.old)} became {_name(pair.new)}"
    if breaking:
        what += f", and they differ: {breaking[0].message}"
        what += f" (and {len(breaking) - 1} more)" if len(breaking) > 1 else ""
    elif found:
        what += f", which allows the same: {found[0].message}"
    else:
        what += ", of the same shape"
    return Change(
        rule_id, what, (), pair.old, pair.new,
        tight=any(change.tight for change in found), loose=any(change.loose for change in found),
        source=any(change.source for change in found), silent=any(change.silent for change in found),
        bump=largest_bump([*bumps, "patch"]),
    )  # fmt: skip


def _name(node: Node) -> str:
    kind = node.get("type")
    return f"the reference {clean(node.get('ref'), 120)}" if kind == "ref" else f"an inline {clean(kind, 20)}"
