"""What one rule finds at one pair of places, and the table that the rules' functions stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from atdata_codegen.findings import ABSENT, Bump

__all__ = ["Change", "Checks", "Path"]

Path: TypeAlias = "tuple[str | int, ...]"
P = TypeVar("P")
_Table: TypeAlias = "Mapping[str, Sequence[tuple[str, Callable[[P], Iterable[Change]]]]]"


@dataclass(frozen=True, slots=True)
class Change:
    """One change, in terms of values: whether old ones are refused now, and whether new ones were refused before.

    ``tight`` and ``loose`` may both hold. ``at`` leads from the pair's place to what changed, in the document;
    ``route`` leads to it in a value. ``bump`` is the rule's, unless it is given.
    """

    rule: str
    message: str
    at: Path = ()
    old: Any = ABSENT  # JSON
    new: Any = ABSENT
    tight: bool = False
    loose: bool = False
    source: bool = False
    silent: bool = False
    bump: Bump | None = None
    route: Path = ()


class Checks(Generic[P]):
    """Functions by the kind of place that they look at; each belongs to one rule, and may be taken out by it.

    >>> checks: Checks[int] = Checks()
    >>> @checks.rule("X1", "number")
    ... def raised(pair: int) -> list[Change]:
    ...     return [Change("X1", "raised")]
    >>> [change.rule for change in checks.run("number", 3)], checks.without("X1").run("number", 3)
    (['X1'], [])
    """

    def __init__(self, table: _Table[P] | None = None) -> None:
        self._table = {kind: list(functions) for kind, functions in (table or {}).items()}

    def rule(
        self, name: str, *kinds: str
    ) -> Callable[[Callable[[P], Iterable[Change]]], Callable[[P], Iterable[Change]]]:
        """Decorate the function of the rule ``name``, which is asked at places of these ``kinds``."""

        def enter(function: Callable[[P], Iterable[Change]]) -> Callable[[P], Iterable[Change]]:
            for kind in kinds:
                self._table.setdefault(kind, []).append((name, function))
            return function

        return enter

    def run(self, kind: str, pair: P) -> list[Change]:
        """What all rules for ``kind`` find at ``pair``."""
        return [change for _, function in self._table.get(kind, ()) for change in function(pair)]

    def without(self, *rules: str) -> Checks[P]:
        """The same table without ``rules``."""
        return Checks({k: [one for one in found if one[0] not in rules] for k, found in self._table.items()})

    @property
    def rules(self) -> frozenset[str]:
        """The rules that have a function here."""
        return frozenset(name for functions in self._table.values() for name, _ in functions)
