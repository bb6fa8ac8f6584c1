"""Rules for the fields of objects: added, removed, renamed, required, nullable."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.findings import Bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair, nullable, properties, required
from atdata_codegen.review.lexicons.side import Node, names, shape_of

__all__: list[str] = []

rule = LEXICON_CHECKS.rule


def _fresh(pair: LexPair) -> list[str]:
    """Fields that are new, and not an old one under a new name."""
    came = set(pair.fields.renamed.values())
    return [name for name in pair.fields.added if name not in came]


def _gone(pair: LexPair) -> list[str]:
    return [name for name in pair.fields.removed if name not in pair.fields.renamed]


def _earlier(pair: LexPair, name: str) -> Node | None:
    """What a new field's name meant in an earlier version, where it meant something else."""
    new = shape_of(properties(pair.new)[name], pair.new_nsid)
    for past in reversed(pair.past):
        node = properties(past).get(name)
        if node is not None:
            return node if shape_of(node, pair.old_nsid) != new else None
    return {"type": "reserved"} if name in names(pair.old, "reserved") else None


@rule("LEX010", "object")
def required_field_added(pair: LexPair) -> Iterator[Change]:
    """Old data lacks it."""
    for name in _fresh(pair):
        if name in required(pair.new):
            node = properties(pair.new)[name]
            message = f"the required field {clean(name, 60)} is new"
            yield Change("LEX010", message, ("properties", name), new=node, tight=True, source=True)


@rule("LEX011", "object", "params")
def optional_field_added(pair: LexPair) -> Iterator[Change]:
    """Nobody needs to have it."""
    what = "parameter" if pair.mode == "params" else "field"
    for name in _fresh(pair):
        if name not in required(pair.new) and _earlier(pair, name) is None:
            node = properties(pair.new)[name]
            yield Change("LEX011", f"the optional {what} {clean(name, 60)} is new", ("properties", name), new=node)


@rule("LEX012", "object")
def required_field_removed(pair: LexPair) -> Iterator[Change]:
    """Old readers require it."""
    for name in _gone(pair):
        if name in required(pair.old):
            node = properties(pair.old)[name]
            message = f"the required field {clean(name, 60)} is gone"
            yield Change("LEX012", message, ("properties", name), old=node, loose=True, source=True)


@rule("LEX013", "object")
def optional_field_removed(pair: LexPair) -> Iterator[Change]:
    """Its name is free for other values, unless it is reserved."""
    for name in _gone(pair):
        if name in required(pair.old):
            continue
        node = properties(pair.old)[name]
        reserved = name in names(pair.new, "reserved")
        retired = reserved and is_deprecated(node)
        message = f"the optional field {clean(name, 60)} is gone"
        if not reserved:
            message += ", and its name is free for values of another type"
        bump: Bump | None = "minor" if retired else None
        yield Change(
            "LEX013", message, ("properties", name), old=node, loose=not reserved, source=True, bump=bump, route=(name,)
        )


def is_deprecated(node: Node) -> bool:
    """Whether a definition says that it is deprecated, as a mark or in the first word of its description."""
    text = node.get("description")
    words = text.lstrip("*[( ").lower() if isinstance(text, str) else ""
    return node.get("deprecated") is True or words.startswith("deprecated")


@rule("LEX014", "object", "params")
def field_renamed(pair: LexPair) -> Iterator[Change]:
    """Stored data has the old name."""
    for old, new in pair.fields.renamed.items():
        message = f"{clean(old, 60)} is called {clean(new, 60)} now"
        yield Change("LEX014", message, ("properties", new), old=old, new=new, tight=True, loose=True, source=True)


@rule("LEX015", "object")
def name_used_again(pair: LexPair) -> Iterator[Change]:
    """The history knows the name with another type."""
    for name in _fresh(pair):
        earlier = _earlier(pair, name)
        if earlier is None:
            continue
        message = f"{clean(name, 60)} was the name of a field before, of another type"
        yield Change(
            "LEX015", message, ("properties", name), old=earlier, new=properties(pair.new)[name],
            tight=True, loose=True, silent=True, route=(name,),
        )  # fmt: skip


@rule("LEX016", "object")
def became_required(pair: LexPair) -> Iterator[Change]:
    """Old data may lack it."""
    for name in pair.fields.common:
        if name in required(pair.new) - required(pair.old):
            message = f"{clean(name, 60)} was optional and is required"
            yield Change("LEX016", message, ("properties", name), "optional", "required", tight=True, source=True)


@rule("LEX017", "object")
def became_optional(pair: LexPair) -> Iterator[Change]:
    """Old readers require it."""
    for name in pair.fields.common:
        if name in required(pair.old) - required(pair.new):
            message = f"{clean(name, 60)} was required and is optional"
            yield Change("LEX017", message, ("properties", name), "required", "optional", loose=True, source=True)


@rule("LEX018", "object")
def became_nullable(pair: LexPair) -> Iterator[Change]:
    """Old readers refuse null."""
    for name in pair.fields.common:
        if name in nullable(pair.new) - nullable(pair.old):
            message = f"{clean(name, 60)} may be null now"
            yield Change("LEX018", message, ("properties", name), False, True, loose=True, source=True, route=(name,))


@rule("LEX019", "object")
def null_forbidden(pair: LexPair) -> Iterator[Change]:
    """Old data may hold null."""
    for name in pair.fields.common:
        if name in nullable(pair.old) - nullable(pair.new):
            message = f"{clean(name, 60)} may not be null any more"
            yield Change("LEX019", message, ("properties", name), True, False, tight=True, route=(name,))


# Parameters of queries and procedures: clients write them, and old clients stay.


@rule("LEX050", "params")
def parameter_required(pair: LexPair) -> Iterator[Change]:
    """Old clients do not send it."""
    before = required(pair.old)
    for name in sorted(required(pair.new) - before):
        if name in _fresh(pair) or name in pair.fields.common:
            how = "is new and required" if name in pair.fields.added else "was optional and is required"
            message = f"the parameter {clean(name, 60)} {how}"
            node = properties(pair.new)[name]
            yield Change("LEX050", message, ("properties", name), new=node, tight=True, source=True)


@rule("LEX051", "params")
def parameter_removed(pair: LexPair) -> Iterator[Change]:
    """Servers ignore what they do not know; one that had to be sent meant something."""
    for name in _gone(pair):
        node, had = properties(pair.old)[name], name in required(pair.old)
        message = f"the {'required' if had else 'optional'} parameter {clean(name, 60)} is gone"
        yield Change("LEX051", message, ("properties", name), old=node, tight=had, loose=had, source=True)


@rule("LEX052", "params")
def parameter_optional(pair: LexPair) -> Iterator[Change]:
    """Asking for less breaks no client."""
    for name in pair.fields.common:
        if name in required(pair.old) - required(pair.new):
            message = f"the parameter {clean(name, 60)} was required and is optional"
            yield Change("LEX052", message, ("properties", name), "required", "optional", bump="minor")
