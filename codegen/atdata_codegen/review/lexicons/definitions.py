"""Rules for documents, definitions, record keys, methods and permission sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from atdata_codegen.findings import ABSENT, Bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair, match_renames
from atdata_codegen.review.lexicons.side import Node, names, shape_of
from atdata_codegen.review.table import UNREADABLE

__all__ = ["METHODS", "definitions"]

rule = LEXICON_CHECKS.rule

METHODS: Final = ("query", "procedure", "subscription")


def definitions(document: Node) -> dict[str, Node]:
    """The definitions of a document, by name."""
    found = document.get("defs")
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


@rule("LEX001", "set")
def document_removed(pair: LexPair) -> Iterator[Change]:
    """Its records are still stored."""
    if not pair.new:
        yield Change("LEX001", f"the document {clean(pair.old_nsid, 200)} is gone", tight=True, loose=True, source=True)


@rule("LEX004", "set", "document")
def something_added(pair: LexPair) -> Iterator[Change]:
    """A document, or a definition in one."""
    if not pair.old:
        yield Change("LEX004", f"the document {clean(pair.new_nsid, 200)} is new", new=sorted(definitions(pair.new)))
    elif pair.new:
        came = set(_renamed(pair).values())
        for name, node in definitions(pair.new).items():
            if name not in definitions(pair.old) and name not in came:
                yield Change("LEX004", f"the definition {clean(name, 80)} is new", ("defs", name), new=node)


def _renamed(pair: LexPair) -> dict[str, str]:
    old, new = definitions(pair.old), definitions(pair.new)
    removed = {n: shape_of(node, pair.old_nsid) for n, node in old.items() if n not in new and not _is_token(node)}
    added = {n: shape_of(node, pair.new_nsid) for n, node in new.items() if n not in old and not _is_token(node)}
    return match_renames(removed, added)


def _is_token(node: Node) -> bool:
    return node.get("type") == "token"


@rule("LEX002", "document")
def definition_removed(pair: LexPair) -> Iterator[Change]:
    """References to it lead nowhere."""
    moved = _renamed(pair)
    for name, node in definitions(pair.old).items():
        if name not in definitions(pair.new) and name not in moved and not _is_token(node):
            message = f"the definition {clean(name, 80)} is gone"
            yield Change("LEX002", message, ("defs", name), old=node, tight=True, loose=True, source=True)


@rule("LEX003", "document")
def definition_renamed(pair: LexPair) -> Iterator[Change]:
    """The same body under another name."""
    for old, new in _renamed(pair).items():
        message = f"the definition {clean(old, 80)} is called {clean(new, 80)} now"
        yield Change("LEX003", message, ("defs", new), old, new, tight=True, loose=True, source=True)


@rule("LEX042", "document")
def token_removed(pair: LexPair) -> Iterator[Change]:
    """Its name stands in data as a value."""
    new = definitions(pair.new)
    for name, node in definitions(pair.old).items():
        if name not in new and _is_token(node):
            message = f"the token {clean(name, 80)} is gone"
            yield Change("LEX042", message, ("defs", name), old=node, tight=True, source=True)


@rule("LEX041", "definition")
def kind_changed(pair: LexPair) -> Iterator[Change]:
    """A record is no object, a token is no string."""
    old, new = pair.old.get("type"), pair.new.get("type")
    if old != new and not (old in METHODS and new in METHODS):
        message = f"was a definition of the type {clean(old, 40)} and is one of the type {clean(new, 40)}"
        yield Change("LEX041", message, ("type",), old, new, tight=True, loose=True, source=True)


@rule(UNREADABLE, "opaque")
def opaque_changed(pair: LexPair) -> Iterator[Change]:
    """A type of definition from after these rules: nothing can be said of what changed in it."""
    message = f"a definition of the type {clean(pair.new.get('type'), 40)} changed, which is not known here"
    yield Change(UNREADABLE, message, silent=True)


@rule("LEX057", "definition")
def method_changed(pair: LexPair) -> Iterator[Change]:
    """Clients call it otherwise."""
    old, new = pair.old.get("type"), pair.new.get("type")
    if old != new and old in METHODS and new in METHODS:
        message = f"was a {clean(old, 40)} and is a {clean(new, 40)}"
        yield Change("LEX057", message, ("type",), old, new, tight=True, loose=True, source=True)


@rule("LEX040", "record")
def record_key_changed(pair: LexPair) -> Iterator[Change]:
    """Existing records keep their keys."""
    old, new = pair.old.get("key"), pair.new.get("key")
    if old != new:
        message = f"record keys were {clean(old, 60)} and are {clean(new, 60)}"
        yield Change("LEX040", message, ("key",), old, new, tight=True, loose=True)


@rule("LEX055", "method")
def body_changed(pair: LexPair) -> Iterator[Change]:
    """Both sides of a call must agree on its bytes."""
    for key in ("input", "output"):
        old, new = pair.old.get(key), pair.new.get(key)
        if not isinstance(old, dict) or not isinstance(new, dict):
            if isinstance(old, dict) or isinstance(new, dict):
                message = f"the {key} {'appeared' if isinstance(new, dict) else 'vanished'}"
                yield _body(message, (key,), old, new)
            continue
        before, after = old.get("encoding"), new.get("encoding")
        if _encodings(before) != _encodings(after):
            message = f"the {key} was encoded as {clean(before, 80)} and is encoded as {clean(after, 80)}"
            yield _body(message, (key, "encoding"), before, after)
        elif isinstance(old.get("schema"), dict) != isinstance(new.get("schema"), dict):
            how = "has a schema now" if isinstance(new.get("schema"), dict) else "has no schema any more"
            yield _body(f"the {key} {how}", (key, "schema"), old.get("schema"), new.get("schema"))


def _encodings(value: object) -> frozenset[str]:
    return frozenset(one.strip().lower() for one in value.split(",")) if isinstance(value, str) else frozenset()


def _body(message: str, at: tuple[str, ...], old: Any, new: Any) -> Change:
    before, after = (ABSENT if value is None else value for value in (old, new))
    return Change("LEX055", message, at, before, after, tight=True, loose=True, source=True)


@rule("LEX056", "method")
def errors_changed(pair: LexPair) -> Iterator[Change]:
    """Clients must expect errors that they do not know."""
    old, new = (_errors(node) for node in (pair.old, pair.new))
    lost, gained = [one for one in old if one not in new], [one for one in new if one not in old]
    if lost or gained:
        parts = [f"{word} {', '.join(clean(one, 60) for one in found[:5])}"
                 for word, found in (("lost", lost), ("gained", gained)) if found]  # fmt: skip
        bump: Bump = "minor" if gained else "patch"
        yield Change("LEX056", f"the errors {' and '.join(parts)}", ("errors",), old, new, bump=bump)


def _errors(node: Node) -> list[str]:
    found = node.get("errors")
    listed = found if isinstance(found, list) else []
    return [one["name"] for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)]


@rule("LEX060", "permission-set")
def permissions_changed(pair: LexPair) -> Iterator[Change]:
    """People consented to the old ones."""
    old, new = _grants(pair.old), _grants(pair.new)
    lost, gained = sorted(old - new), sorted(new - old)
    if lost or gained:
        parts = [f"{word} {', '.join(clean(one, 120) for one in found[:5])}"
                 for word, found in (("lost", lost), ("gained", gained)) if found]  # fmt: skip
        yield Change("LEX060", f"the set {' and '.join(parts)}", ("permissions",), sorted(old), sorted(new))


def _grants(node: Node) -> frozenset[str]:
    """Every single thing that a permission set allows."""
    found: set[str] = set()
    listed = node.get("permissions")
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict):
            continue
        resource = one.get("resource")
        rest = {k: v for k, v in one.items() if k not in ("type", "resource", "collection", "action", "lxm")}
        extra = f" {json.dumps(rest, sort_keys=True)}" if rest else ""
        targets = names(one, "collection") or names(one, "lxm") or [""]
        actions = names(one, "action") or ["any" if "collection" in one else ""]
        found |= {f"{resource} {target} {action}".strip() + extra for target in targets for action in actions}
    return frozenset(found)
