"""Rules for unions and the messages of subscriptions."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.findings import Bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair
from atdata_codegen.review.lexicons.side import Node, names
from atdata_lexicon.catalog import split_reference

__all__: list[str] = []

rule = LEXICON_CHECKS.rule


def members(node: Node, nsid: str) -> list[str]:
    """The members of a union as they stand in data: ``com.example.a``, ``com.example.b#c``."""
    found = (split_reference(reference, nsid) for reference in names(node, "refs"))
    return list(dict.fromkeys(home if name == "main" else f"{home}#{name}" for home, name in found))


def is_closed(node: Node) -> bool:
    """Whether nothing but the members is allowed."""
    return node.get("closed") is True


def _lost(pair: LexPair) -> list[str]:
    new = frozenset(members(pair.new, pair.new_nsid))
    return [one for one in members(pair.old, pair.old_nsid) if one not in new]


def _gained(pair: LexPair) -> list[str]:
    old = frozenset(members(pair.old, pair.old_nsid))
    return [one for one in members(pair.new, pair.new_nsid) if one not in old]


@rule("LEX030", "union")
def member_removed(pair: LexPair) -> Iterator[Change]:
    """Stored data holds it, whether the union is open or not."""
    for name in _lost(pair):
        message = f"the union lost its member {clean(name, 200)}"
        yield Change("LEX030", message, ("refs",), old=name, tight=True, source=True)


@rule("LEX031", "union")
def member_added_to_open(pair: LexPair) -> Iterator[Change]:
    """Everybody who reads an open union expects members that they do not know."""
    if not is_closed(pair.old):
        for name in _gained(pair):
            yield Change("LEX031", f"the open union gained the member {clean(name, 200)}", ("refs",), new=name)


@rule("LEX032", "union")
def member_added_to_closed(pair: LexPair) -> Iterator[Change]:
    """Old readers refuse it."""
    if is_closed(pair.old):
        for name in _gained(pair):
            message = f"the closed union gained the member {clean(name, 200)}"
            yield Change("LEX032", message, ("refs",), new=name, loose=True, source=True)


@rule("LEX033", "union")
def union_closed(pair: LexPair) -> Iterator[Change]:
    """Old data may hold members that are not listed."""
    if is_closed(pair.new) and not is_closed(pair.old):
        message = "the union was open and is closed"
        yield Change("LEX033", message, ("closed",), False, True, tight=True, source=True)


@rule("LEX034", "union")
def union_opened(pair: LexPair) -> Iterator[Change]:
    """Old readers refuse other members."""
    if is_closed(pair.old) and not is_closed(pair.new):
        message = "the union was closed and is open"
        yield Change("LEX034", message, ("closed",), True, False, loose=True, source=True)


@rule("LEX058", "message")
def messages_changed(pair: LexPair) -> Iterator[Change]:
    """A stream's messages change as a union does; they are replayed, so both directions count."""
    for kind in ("LEX030", "LEX031", "LEX032", "LEX033", "LEX034"):
        for change in _UNION[kind](pair):
            bump: Bump | None = "minor" if kind == "LEX031" else None
            yield Change(
                "LEX058", f"messages: {change.message}", change.at, change.old, change.new,
                tight=change.tight, loose=change.loose, source=change.source, bump=bump,
            )  # fmt: skip


_UNION = {
    "LEX030": member_removed,
    "LEX031": member_added_to_open,
    "LEX032": member_added_to_closed,
    "LEX033": union_closed,
    "LEX034": union_opened,
}
