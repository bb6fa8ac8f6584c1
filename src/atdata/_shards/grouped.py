"""Many members at once as samples: who shares a key with whom, told by comparing rows of names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atdata._shards.chain import Run

    Ints = NDArray[np.int64]

__all__ = ["Grouped", "grouped"]

#: More kinds of members than that in one run are looked at one by one.
_MOST_KINDS = 64
_LOWER = np.arange(256, dtype=np.uint8)
_LOWER[65:91] += 32
_DOT, _SLASH = 46, 47


@dataclass(frozen=True, slots=True)
class Grouped:
    """Whole samples: their keys, where the first member of each is, and each kind of member by sample.

    ``members`` is how many members those are, ``nothing`` what stands for a kind that no sample has.
    """

    keys: list[bytes]
    offsets: Ints
    extents: dict[bytes, tuple[Ints, Ints]]
    nothing: tuple[Ints, Ints]
    members: int


def grouped(run: Run, seen: set[bytes]) -> Grouped | None:
    """The samples of ``run`` but the last, up to one that is no plain group of members, or whose key was ``seen``."""
    names = run.names
    width = names.dtype.itemsize
    text = names.view(np.uint8).reshape(len(names), width)
    dots = _first_dots(text)
    count = len(dots) if (dots >= 0).all() else int((dots < 0).argmax())
    if count < 2:
        return None
    text, dots = text[:count], dots[:count]
    columns = np.arange(width)
    same = (text[1:] == text[:-1]) | (columns >= dots[1:, None])
    begins = np.concatenate(([True], (dots[1:] != dots[:-1]) | ~same.all(axis=1)))
    kinds, codes = np.unique(_extensions(text, dots), return_inverse=True)
    owners = np.cumsum(begins) - 1
    firsts = np.flatnonzero(begins)
    samples = int(owners[-1])  # the last is left
    if len(kinds) > _MOST_KINDS:
        return None
    samples = min(samples, _before_twins(owners, codes, len(kinds)))
    keys = [bytes(names[i])[: int(dots[i])] for i in firsts[:samples].tolist()]
    samples = _before_known(keys, seen)
    if not samples:
        return None
    members = int(firsts[samples])
    return Grouped(
        keys[:samples],
        run.offsets[firsts[:samples]],
        _extents(run, kinds, codes[:members], owners[:members], samples),
        (np.zeros(samples, np.int64), np.full(samples, -1, np.int64)),
        members,
    )


def _first_dots(text: NDArray[np.uint8]) -> Ints:
    """Where each name's extension begins: the first dot of the last component; -1 where there is none, or no stem."""
    slashes = text == _SLASH
    folder = np.where(slashes.any(axis=1), text.shape[1] - 1 - slashes[:, ::-1].argmax(axis=1), -1)
    dots = (text == _DOT) & (np.arange(text.shape[1]) > folder[:, None])
    found: Ints = np.where(dots.any(axis=1), dots.argmax(axis=1), -1)
    found[found == folder + 1] = -1
    return found


def _extensions(text: NDArray[np.uint8], dots: Ints) -> NDArray[Any]:
    """What stands behind the dots, in lower case."""
    longest = text.shape[1] - 1 - int(dots.min())
    if longest < 1:
        return np.zeros(len(text), "S1")
    padded = np.concatenate([text, np.zeros((len(text), longest), np.uint8)], axis=1)
    found: NDArray[np.uint8] = padded[np.arange(len(text))[:, None], dots[:, None] + 1 + np.arange(longest)]
    lower: NDArray[Any] = _LOWER[found].view(f"S{longest}").ravel()
    return lower


def _before_twins(owners: Ints, codes: NDArray[np.intp], kinds: int) -> int:
    """How many samples stand before the first that has two members of one kind."""
    pairs = owners * kinds + codes
    order = np.argsort(pairs, kind="stable")
    twins = pairs[order][1:] == pairs[order][:-1]
    return int(owners[order[1:][twins]].min()) if twins.any() else len(owners)


def _before_known(keys: list[bytes], seen: set[bytes]) -> int:
    """How many keys stand before the first that is known already."""
    fresh = set(keys)
    if len(fresh) == len(keys) and fresh.isdisjoint(seen):
        return len(keys)
    fresh.clear()
    for number, key in enumerate(keys):
        if key in seen or key in fresh:
            return number
        fresh.add(key)
    return len(keys)


def _extents(
    run: Run, kinds: NDArray[Any], codes: NDArray[np.intp], owners: Ints, samples: int
) -> dict[bytes, tuple[Ints, Ints]]:
    found: dict[bytes, tuple[Ints, Ints]] = {}
    for code, kind in enumerate(kinds.tolist()):
        these = np.flatnonzero(codes == code)
        at, size = np.zeros(samples, np.int64), np.full(samples, -1, np.int64)
        at[owners[these]] = run.offsets[these]
        size[owners[these]] = run.sizes[these]
        found[kind] = at, size
    return found
