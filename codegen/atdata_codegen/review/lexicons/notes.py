"""Rules for what data and code do not see: descriptions, the order of keys, keys that Lexicon does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atdata_codegen.findings import ABSENT
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change, Path
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair
from atdata_codegen.review.lexicons.side import Node, known_keys

__all__: list[str] = []

rule = LEXICON_CHECKS.rule

_TEXTS = ("description", "title", "title:lang", "detail", "detail:lang")
_TOP = frozenset({"lexicon", "id", "defs", "revision", "$type", *_TEXTS})


@rule("LEX070", "definition", "head")
def texts_changed(pair: LexPair) -> Iterator[Change]:
    """At most one change a definition, at the first text that differs."""
    for path, old, new in _walk(pair.old, pair.new, ()):
        for key in _TEXTS:
            before, after = old.get(key, ABSENT), new.get(key, ABSENT)
            if before != after and not isinstance(before, dict) and not isinstance(after, dict):
                yield Change("LEX070", f"the {clean(key, 20)} changed", (*path, key), before, after)
                return
        if old == new and _order(old) != _order(new):
            yield Change("LEX070", "the order of keys changed", path)
            return


@rule("LEX070", "layout")
def layout_changed(pair: LexPair) -> Iterator[Change]:
    """A definition that differs, and of which no other rule has anything to say."""
    yield Change("LEX070", "only its layout changed: the order of names, or an empty list")


@rule("LEX071", "definition", "head")
def unknown_keys_changed(pair: LexPair) -> Iterator[Change]:
    """Keys of other tools, and slips of the pen."""
    for path, old, new in _walk(pair.old, pair.new, ()):
        if pair.path or path:
            known = known_keys(new.get("type"))
            if not known or old.get("type") != new.get("type"):
                continue
        else:
            known = _TOP
        for key in {**old, **new}:
            if key not in known and old.get(key, ABSENT) != new.get(key, ABSENT):
                message = f"{clean(key, 40)}, which means nothing to Lexicon, changed"
                yield Change("LEX071", message, (*path, key), old.get(key, ABSENT), new.get(key, ABSENT))


def _walk(old: Node, new: Node, path: Path) -> Iterator[tuple[Path, Node, Node]]:
    """The pairs of definitions that stand at the same place on both sides."""
    yield path, old, new
    for key in ("record", "items", "parameters", "input", "output", "message", "schema"):
        one, other = old.get(key), new.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _walk(one, other, (*path, key))
    ours, theirs = old.get("properties"), new.get("properties")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, one in ours.items():
            other = theirs.get(name)
            if isinstance(one, dict) and isinstance(other, dict):
                yield from _walk(one, other, (*path, "properties", name))


def _order(node: Any) -> Any:
    if isinstance(node, dict):
        return [(key, _order(value)) for key, value in node.items()]
    return [_order(one) for one in node] if isinstance(node, list) else node
