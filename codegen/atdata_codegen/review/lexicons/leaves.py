"""Rules for single values: bounds, formats, lists of values, constants, defaults, blobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from atdata_codegen.findings import ABSENT
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.lexicons.checks import LEXICON_CHECKS
from atdata_codegen.review.lexicons.pair import LexPair
from atdata_codegen.review.lexicons.side import names
from atdata_lexicon.errors import MissingExtraError
from atdata_lexicon.validation import DictCatalog, validate_at

__all__ = ["exactly", "includes_format"]

rule = LEXICON_CHECKS.rule

#: Longer lists of values are not tried one by one.
_MOST_VALUES: Final = 500
_LEAST: Final = ("minimum", "minLength", "minGraphemes")
_MOST: Final = ("maximum", "maxLength", "maxGraphemes", "maxSize")
_BOUNDED: Final = ("integer", "string", "array", "bytes", "blob")

#: The formats that each format is part of: every text that has the first also has the others.
_PART_OF: Final[Mapping[str, frozenset[str]]] = {
    "did": frozenset({"at-identifier", "uri"}),
    "handle": frozenset({"at-identifier", "record-key"}),
    "at-uri": frozenset({"uri"}),
    "tid": frozenset({"record-key"}),
    "nsid": frozenset({"record-key"}),
}


#: Sizes in bytes that a format itself asks for, at least and at most; all of them are ASCII.
_SIZES: Final[Mapping[str, tuple[int, int | None]]] = {
    "at-identifier": (3, 2048),
    "at-uri": (8, None),
    "cid": (8, None),
    "datetime": (20, None),
    "did": (7, 2048),
    "handle": (3, 253),
    "language": (2, None),
    "nsid": (5, 317),
    "record-key": (1, 512),
    "tid": (13, 13),
    "uri": (3, None),
}


def includes_format(wide: object, narrow: object) -> bool:
    """Whether every text of the format ``narrow`` has the format ``wide``; None is any text.

    >>> includes_format("uri", "did"), includes_format("did", "uri"), includes_format(None, "did")
    (True, False, True)
    """
    return wide is None or wide == narrow or (isinstance(narrow, str) and wide in _PART_OF.get(narrow, ()))


def exactly(pair: LexPair, changes: list[Change]) -> list[Change]:
    """The changes of a string or number, less what cannot be met: an enum or a const leaves only few values to ask.

    A bound that all of them keep changes nothing for anybody.
    """
    old, new = _values(pair.old), _values(pair.new)
    if (old is None and new is None) or any(len(one) > _MOST_VALUES for one in (old, new) if one is not None):
        return changes
    tight = old is None or any(not _accepts_value(pair.new, value) for value in old)
    loose = new is None or any(not _accepts_value(pair.old, value) for value in new)
    found: list[Change] = []
    for change in changes:
        seen = replace(change, tight=change.tight and tight, loose=change.loose and loose)
        spared = (change.tight or change.loose) and not (seen.tight or seen.loose or seen.source)
        found.append(replace(seen, bump="patch") if spared else seen)
    return found


def _values(node: Mapping[str, Any]) -> list[Any] | None:
    """All values that a definition allows, where it lists them."""
    listed = [node["const"]] if "const" in node else node.get("enum")
    if not isinstance(listed, list) or len(listed) > _MOST_VALUES:
        return None if not isinstance(listed, list) else listed
    return [value for value in listed if _accepts_value(node, value)]


def _accepts_value(node: Mapping[str, Any], value: Any) -> bool:
    try:
        return not validate_at(DictCatalog([{"id": "x", "defs": {"x": node}}]), "x", "/x", value)
    except MissingExtraError:
        return False


def _number(node: Mapping[str, Any], key: str) -> int | None:
    value = node.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _bounds(pair: LexPair) -> Iterator[tuple[str, int | None, int | None, bool]]:
    """Each bound that changed: its key, both values, and whether it is tighter now."""
    for key in (*_LEAST, *_MOST):
        old, new = _number(pair.old, key), _number(pair.new, key)
        if old == new or (key in ("minLength", "minGraphemes") and not old and not new):
            continue  # at least 0 is no bound
        tighter = new is not None and (old is None or (new > old if key in _LEAST else new < old))
        yield key, old, new, tighter


def _implied(key: str, bound: int | None, other: Mapping[str, Any]) -> bool:
    """Whether another bound of the other side says as much: a text has no more graphemes than bytes."""
    if bound is None:
        return False
    shortest, longest = _SIZES.get(str(other.get("format")), (0, None))
    if (key in ("minLength", "minGraphemes") and shortest >= bound) or (
        key in ("maxLength", "maxGraphemes") and longest is not None and longest <= bound
    ):
        return True
    if key == "maxGraphemes":
        most = _number(other, "maxLength")
        return most is not None and most <= bound
    least = _number(other, "minGraphemes") if key == "minLength" else None
    return least is not None and least >= bound


def _change(name: str, key: str, old: Any, new: Any, how: str) -> Change:
    before = "added, with" if old is None else f"{clean(old, 60)} became" if new is not None else f"{clean(old, 60)}"
    message = f"{key} {before} {clean(new, 60) if new is not None else 'was removed'}: {how}"
    return Change(name, message, (key,), ABSENT if old is None else old, ABSENT if new is None else new)


@rule("LEX020", *_BOUNDED)
def bound_tightened(pair: LexPair) -> Iterator[Change]:
    """Old values are beyond it."""
    for key, old, new, tighter in _bounds(pair):
        if tighter:
            if _implied(key, new, pair.old):
                made = _change("LEX020", key, old, new, "the other bound said as much before")
                yield replace(made, bump="patch")
            else:
                yield _with(
                    _change("LEX020", key, old, new, "values that were allowed before are refused now"), tight=True
                )


@rule("LEX021", *_BOUNDED)
def bound_loosened(pair: LexPair) -> Iterator[Change]:
    """New values are beyond the old one."""
    for key, old, new, tighter in _bounds(pair):
        if not tighter:
            if _implied(key, old, pair.new):
                made = _change("LEX021", key, old, new, "the other bound says as much")
                yield replace(made, bump="patch")
            else:
                yield _with(_change("LEX021", key, old, new, "values that were refused are allowed"), loose=True)


def _with(change: Change, tight: bool = False, loose: bool = False, source: bool = False) -> Change:
    return replace(change, tight=tight, loose=loose, source=source)


@rule("LEX022", "string")
def format_narrowed(pair: LexPair) -> Iterator[Change]:
    """Old text may not have it."""
    old, new = pair.old.get("format"), pair.new.get("format")
    if not includes_format(new, old):
        how = "text that was allowed may not have it"
        yield _with(_change("LEX022", "format", old, new, how), tight=True, loose=not includes_format(old, new))


@rule("LEX023", "string")
def format_widened(pair: LexPair) -> Iterator[Change]:
    """New text may not have the old one."""
    old, new = pair.old.get("format"), pair.new.get("format")
    if old != new and includes_format(new, old):
        yield _with(_change("LEX023", "format", old, new, "more text is allowed than before"), loose=True)


def _enums(pair: LexPair) -> tuple[list[Any] | None, list[Any] | None]:
    found = [node.get("enum") for node in (pair.old, pair.new)]
    old, new = [one if isinstance(one, list) else None for one in found]
    return old, new


@rule("LEX024", "string", "integer")
def enum_narrowed(pair: LexPair) -> Iterator[Change]:
    """Old data holds the value."""
    old, new = _enums(pair)
    if new is None:
        return
    if old is None:
        yield Change("LEX024", "only listed values are allowed now", ("enum",), new=new, tight=True, source=True)
    elif lost := _without(old, new):
        message = f"the enum lost {_list(lost)}"
        yield Change("LEX024", message, ("enum",), old, new, tight=True, source=True)


@rule("LEX025", "string", "integer")
def enum_widened(pair: LexPair) -> Iterator[Change]:
    """Old readers do not know the value."""
    old, new = _enums(pair)
    if old is None:
        return
    if new is None:
        message = "the enum was removed: every value is allowed now"
        yield Change("LEX025", message, ("enum",), old=old, loose=True, source=True)
    elif gained := _without(new, old):
        message = f"the enum gained {_list(gained)}"
        yield Change("LEX025", message, ("enum",), old, new, loose=True, source=True)


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    kept = {one for one in others if isinstance(one, str | int)}
    return [value for value in values if isinstance(value, str | int) and value not in kept]


def _list(values: list[Any]) -> str:
    shown = ", ".join(clean(value, 60) for value in values[:5])
    return shown + (f" and {len(values) - 5} more" if len(values) > 5 else "")


@rule("LEX026", "string")
def known_values_changed(pair: LexPair) -> Iterator[Change]:
    """The list is open, but generated constants follow it."""
    old, new = names(pair.old, "knownValues"), names(pair.new, "knownValues")
    lost, gained = _without(old, new), _without(new, old)
    if lost:
        message = f"knownValues lost {_list(lost)}"
        yield Change("LEX026", message, ("knownValues",), old, new, source=True, bump="minor" if gained else "patch")
    elif gained:
        yield Change("LEX026", f"knownValues gained {_list(gained)}", ("knownValues",), old, new)


@rule("LEX027", "string", "integer", "boolean")
def const_changed(pair: LexPair) -> Iterator[Change]:
    """A single value is allowed on one side."""
    old, new = pair.old.get("const"), pair.new.get("const")
    if old != new or type(old) is not type(new):
        made = _change("LEX027", "const", old, new, "another value is allowed than before")
        yield _with(made, tight=new is not None, loose=old is not None, source=new is not None)


@rule("LEX028", "string", "integer", "boolean")
def default_changed(pair: LexPair) -> Iterator[Change]:
    """Data that lacks the field means something else."""
    old, new = pair.old.get("default"), pair.new.get("default")
    if old != new or type(old) is not type(new):
        made = _change("LEX028", "default", old, new, "data that lacks the field means something else")
        yield replace(made, silent=True)


def _accepts(pair: LexPair) -> tuple[list[str] | None, list[str] | None]:
    old, new = (names(node, "accept") if "accept" in node else None for node in (pair.old, pair.new))
    return old, new


def covers(wide: list[str] | None, narrow: list[str] | None) -> bool:
    """Whether every media type of ``narrow`` is accepted by ``wide``; None accepts all."""
    if wide is None or any(one in ("*/*", "*") for one in wide):
        return True
    if narrow is None:
        return False
    have = {one.lower() for one in wide}
    return all(one.lower() in have or f"{one.lower().partition('/')[0]}/*" in have for one in narrow)


@rule("LEX036", "blob")
def accept_narrowed(pair: LexPair) -> Iterator[Change]:
    """Stored blobs are of another type."""
    old, new = _accepts(pair)
    if not covers(new, old):
        message = f"accepted media types were {_shown(old)} and are {_shown(new)}"
        yield Change("LEX036", message, ("accept",), _given(old), _given(new), tight=True)


@rule("LEX037", "blob")
def accept_widened(pair: LexPair) -> Iterator[Change]:
    """Old readers refuse new blobs."""
    old, new = _accepts(pair)
    if not covers(old, new):
        message = f"accepted media types were {_shown(old)} and are {_shown(new)}"
        yield Change("LEX037", message, ("accept",), _given(old), _given(new), loose=True)


def _shown(accept: list[str] | None) -> str:
    return "all" if accept is None else _list(list(accept)) or "none"


def _given(accept: list[str] | None) -> Any:
    return ABSENT if accept is None else accept
