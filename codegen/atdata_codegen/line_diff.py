"""Unified diffs whose time is bounded, whatever texts of strangers are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate

__all__ = ["unified"]

#: Steps of comparing, of which a machine makes some ten million in a second.
_MOST_STEPS = 30_000_000


class _Bounded(SequenceMatcher[str]):
    """Finds no more matches when all steps are made: what is left counts as replaced, which is true of any diff."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        super().__init__(None, old, new)
        counts = Counter(new)
        usual = len(new) // 100 + 1 if len(new) >= 200 else len(new)  # lines that stand more often are not looked for
        self._steps = list(
            accumulate((1 + (count if (count := counts[line]) <= usual else 0) for line in old), initial=0)
        )
        self._left = _MOST_STEPS

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        self._left -= self._steps[-1 if ahi is None else ahi] - self._steps[alo]
        if self._left < 0:
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def unified(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> Iterator[str]:
    """The lines of a unified diff, without ends, as :func:`difflib.unified_diff` gives them.

    Texts that would take minutes to compare are cut into parts that match less well.

    >>> list(unified(["a", "b"], ["a", "c"], "old", "new"))
    ['--- old', '+++ new', '@@ -1,2 +1,2 @@', ' a', '-b', '+c']
    """
    begun = False
    for group in _Bounded(old, new).get_grouped_opcodes():
        if not begun:
            begun = True
            yield from (f"--- {old_name}", f"+++ {new_name}")
        first, last = group[0], group[-1]
        yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@"
        for word, alo, ahi, blo, bhi in group:
            if word == "equal":
                yield from (f" {line}" for line in old[alo:ahi])
                continue
            yield from (f"-{line}" for line in old[alo:ahi])
            yield from (f"+{line}" for line in new[blo:bhi])


def _range(start: int, stop: int) -> str:
    """A range as the form writes it: lines count from one, and an empty range begins at the line before."""
    length = stop - start
    return str(start + 1) if length == 1 else f"{start + 1 if length else start},{length}"
