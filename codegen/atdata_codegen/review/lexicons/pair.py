"""Two definitions that stand at one place, and what the rules ask of them."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from atdata_codegen.names import snake
from atdata_codegen.review.changes import Change, Path
from atdata_codegen.review.lexicons.roles import Mode
from atdata_codegen.review.lexicons.side import Node, names, shape_of

__all__ = ["Fields", "LexPair", "match_renames"]

#: With more pairs of one shape no name is evidence, and comparing them all would take too long.
_MOST_CANDIDATES: Final = 256


@dataclass(frozen=True, slots=True)
class Fields:
    """The properties of two objects, told apart; ``renamed`` maps old names to new ones."""

    common: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    renamed: Mapping[str, str]


@dataclass(frozen=True)
class LexPair:
    """``old`` and ``new`` as they stand in the documents ``old_nsid`` and ``new_nsid``.

    ``path`` leads to the place in its document. ``pointer`` is the definition that a value is held against, and
    ``route`` leads from such a value to this place. ``past`` are earlier definitions of the place, oldest first.
    Of references, ``inner`` is what changed between what they lead to, and ``lost`` the side that leads nowhere.
    """

    old: Node
    new: Node
    old_nsid: str
    new_nsid: str
    path: Path
    mode: Mode = "data"
    pointer: str = ""
    route: Path = ()
    item: bool = False
    past: tuple[Node, ...] = field(default=(), repr=False)
    inner: tuple[Change, ...] = ()
    lost: Literal["", "old", "new"] = ""

    def below(self, *keys: str | int, step: Path, old: Node, new: Node, item: bool = False) -> LexPair:
        """The pair at ``keys`` below this one; ``step`` leads there in a value."""
        past = tuple(node for earlier in self.past if isinstance(node := _dig(earlier, keys), dict))
        return replace(
            self, old=old, new=new, path=(*self.path, *keys), route=(*self.route, *step), item=item, past=past
        )

    @functools.cached_property
    def fields(self) -> Fields:
        """The properties of two objects, or the parameters of two methods."""
        old, new = properties(self.old), properties(self.new)
        removed = tuple(name for name in old if name not in new)
        added = tuple(name for name in new if name not in old)
        shapes = (
            {n: shape_of(old[n], self.old_nsid) for n in removed},
            {n: shape_of(new[n], self.new_nsid) for n in added},
        )
        return Fields(tuple(n for n in old if n in new), removed, added, match_renames(*shapes))


def properties(node: Node) -> dict[str, Node]:
    """The properties of an object's definition."""
    found = node.get("properties")
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


def match_renames(removed: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Which removed names came back under another one: equal shapes, and no second candidate on either side.

    A shape that says little (plain text, a number) is no evidence by itself; then the names must be alike, unless
    nothing else was removed or added.

    >>> match_renames({"authorName": "{text}"}, {"nameOfAuthor": "{text}", "size": "{number}"})
    {'authorName': 'nameOfAuthor'}
    """
    found: dict[str, str] = {}
    ours, others = _by_shape(removed), _by_shape(added)
    for name, shape in removed.items():
        mine, theirs = ours[shape], others.get(shape, [])
        if len(mine) * len(theirs) > _MOST_CANDIDATES:
            continue
        if len(mine) > 1 or len(theirs) > 1:
            theirs = [one for one in theirs if _alike(name, one) and sum(_alike(m, one) for m in mine) == 1]
        if len(theirs) != 1:
            continue
        alone = len(removed) == 1 and len(added) == 1
        if len(shape) > 60 or alone or _alike(name, theirs[0]):
            found[name] = theirs[0]
    return found


def _by_shape(names: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, shape in names.items():
        found.setdefault(shape, []).append(name)
    return found


def _alike(one: str, other: str) -> bool:
    words = set(snake(one).split("_")) & set(snake(other).split("_"))
    close = difflib.SequenceMatcher(None, one.lower()[:64], other.lower()[:64]).ratio() >= 0.7
    return close or any(len(word) > 2 for word in words)


def _dig(node: Node, keys: Path) -> object:
    here: object = node
    for key in keys:
        here = here.get(str(key)) if isinstance(here, dict) else None
    return here


def required(node: Node) -> frozenset[str]:
    """The names that an object's definition requires."""
    return frozenset(names(node, "required"))


def nullable(node: Node) -> frozenset[str]:
    """The names that may be null."""
    return frozenset(names(node, "nullable"))
