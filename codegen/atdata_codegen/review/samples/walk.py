"""The walk over two versions of a sample schema: fields, their types, and nested schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from atdata_codegen.review.changes import Change, Checks
from atdata_codegen.review.samples import arrays, classes, fields, types  # noqa: F401  # they fill the table
from atdata_codegen.review.samples.checks import SAMPLE_CHECKS, SamplePair
from atdata_codegen.review.samples.view import FieldView, SampleSide, SchemaView, kind_of_type, mapping, ref_of

__all__ = ["SAMPLE_CHECKS", "SamplePlace", "SampleWalk"]

#: Pairs of schemas that one comparison follows references to; what is beyond counts as unknown.
_MOST_PAIRS: Final = 20_000
_Ends: TypeAlias = tuple[SchemaView, SchemaView]


@dataclass(frozen=True, slots=True)
class SamplePlace:
    """A change and the pair of places where it was found."""

    pair: SamplePair
    change: Change


class SampleWalk:
    """Compares versions of sample schemas; ``sides`` hold what their references lead to."""

    def __init__(self, sides: tuple[SampleSide, SampleSide], checks: Checks[SamplePair] = SAMPLE_CHECKS) -> None:
        self._sides, self._checks = sides, checks
        self._left = _MOST_PAIRS
        self._local: dict[tuple[str, str], tuple[tuple[Change, ...], tuple[_Ends, ...]]] = {}

    def versions(self, old: SchemaView, new: SchemaView, edges: list[_Ends] | None = None) -> Iterator[SamplePlace]:
        """What changed from ``old`` to ``new``; with ``edges``, nested schemas are only noted there."""
        pair = SamplePair(old, new, self._sides)
        yield from self._ask("schema", pair)
        names = pair.names
        both = [*((name, name) for name in names.common), *names.alias.items(), *names.renamed.items()]
        for before, after in both:
            yield from self.field(old, new, old.fields[before], new.fields[after], edges)

    def field(
        self, old: SchemaView, new: SchemaView, before: FieldView, after: FieldView, edges: list[_Ends] | None = None
    ) -> Iterator[SamplePlace]:
        """What changed of one field, whatever it is called on both sides."""
        here = SamplePair(old, new, self._sides).of_fields(before, after)
        yield from self._ask("field", here)
        yield from self._types(here.of_types(before.type, after.type, "fieldType"), edges)

    def _ask(self, kind: str, pair: SamplePair) -> Iterator[SamplePlace]:
        for change in self._checks.run(kind, pair):
            yield SamplePlace(pair, change)

    def _types(self, pair: SamplePair, edges: list[_Ends] | None) -> Iterator[SamplePlace]:
        old, new = pair.type
        kinds = kind_of_type(old), kind_of_type(new)
        if kinds == ("ref", "ref"):
            yield from self._nested(pair, edges)
            return
        yield from self._ask("type", pair)
        if kinds == ("array", "array"):
            yield from self._types(
                pair.of_types(mapping(old.get("items")), mapping(new.get("items")), "items", item=True), edges
            )

    def _nested(self, pair: SamplePair, edges: list[_Ends] | None) -> Iterator[SamplePlace]:
        old, new = pair.type
        refs = ref_of(old), ref_of(new)
        if old == new and refs[0] is not None and refs[0].version:
            return  # a change of that very version is told there
        ends = self._sides[0].find(refs[0]), self._sides[1].find(refs[1])
        if ends[0] is None or ends[1] is None:
            if old != new:
                yield from self._ask("ref", replace(pair, lost=True))
            return
        if old == new and ends[0].number == ends[1].number:
            return
        if edges is not None:
            edges.append((ends[0], ends[1]))
            return
        found = self._reachable((ends[0], ends[1]))
        yield from self._ask("ref", replace(pair, lost=True) if found is None else replace(pair, inner=found))

    def _reachable(self, first: _Ends) -> tuple[Change, ...] | None:
        """What changed in all pairs of schemas that ``first`` leads to, each looked at once; None for too many."""
        seen: set[tuple[str, str]] = set()
        todo, found = [first], list[Change]()
        while todo:
            old, new = todo.pop()
            key = (old.document.key, new.document.key)
            if key in seen:
                continue
            self._left -= 1
            if self._left < 0:
                return None
            seen.add(key)
            if key not in self._local:
                edges: list[_Ends] = []
                changes = tuple(one.change for one in self.versions(old, new, edges))
                self._local[key] = changes, tuple(edges)
            found += self._local[key][0]
            todo += self._local[key][1]
        return tuple(found)
