"""The counter-example for one change of a sample schema: a whole sample that one side takes and the other refuses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any, Final, Literal

from atdata_codegen.findings import Witness
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples.checks import SamplePair
from atdata_codegen.review.samples.view import (
    FieldView,
    SampleSide,
    SchemaView,
    TypeNode,
    dtype_of,
    kind_of_type,
    mapping,
    ref_of,
    shape_of_array,
)
from atdata_codegen.review.witnesses.sample_values import sample_issues

__all__ = ["SampleWitnesses"]

_MOST: Final = 300
#: Fields that all searches of one comparison may look at, about half a second's worth.
_MOST_WORK: Final = 500_000
_DEEPEST: Final = 8
#: Values that one search for a counter-example may make.
_LARGEST: Final = 20_000


class TooLargeError(Exception):
    """A sample would hold too many values to be worth showing."""


class SampleWitnesses:
    """Finds samples that one side takes and the other refuses; what is not checked is not given out."""

    def __init__(self) -> None:
        self._left = _MOST_WORK

    def find(self, pair: SamplePair, change: Change, valid: Literal["old", "new"]) -> Witness | None:
        """A sample that ``valid`` takes and the other side refuses because of ``change``; None if none was found."""
        if self._left < 0:
            return None
        try:
            return self._search(pair, change, valid)
        except TooLargeError:
            self._left -= 2 * _LARGEST
            return None

    def _search(self, pair: SamplePair, change: Change, valid: Literal["old", "new"]) -> Witness | None:
        number = 0 if valid == "old" else 1
        views = (pair.old, pair.new)
        mine, other = views[number], views[1 - number]
        name = _name(pair, change, number)
        work = 1 + 4 * (len(mine.fields) + len(other.fields))
        if self._left < 4 * work:
            return None
        for sample in islice(_samples(mine, pair, name, number), _MOST):
            self._left -= work
            if self._left < 0:
                return None
            if sample_issues(mine, pair.sides[number], sample):
                continue
            refusals = sample_issues(other, pair.sides[1 - number], sample)
            refused = next((one for one in refusals if _belongs(one[0], pair, change, 1 - number)), None)
            if refused is not None:
                return Witness("sample", sample, valid, f"{refused[0]}: {refused[1]}")
        return None


def _name(pair: SamplePair, change: Change, number: int) -> str:
    """The field that the change is about, as it is called on one side."""
    if pair.fields is not None:
        return pair.fields[number].name
    return str(change.route[0]) if change.route else ""


def _belongs(path: str, pair: SamplePair, change: Change, number: int) -> bool:
    name = _name(pair, change, number)
    if change.rule == "SMP29":
        name = ""  # whichever of the two fields comes last is refused
    elif pair.fields is None and change.rule in ("SMP06", "SMP07"):
        name = str((change.old, change.new)[number])
    start = f"$.{name}"
    return not name or path == start or path.startswith((start + ".", start + "["))


def _samples(view: SchemaView, pair: SamplePair, name: str, number: int) -> Iterator[dict[str, Any]]:
    """Samples of one side: the smallest, one with every field, and those that vary the field in question."""
    maker = _Maker(pair.sides[number], _fixed_sizes(pair.old) | _fixed_sizes(pair.new))
    least, full = maker.sample(view, False), maker.sample(view, True)
    yield least
    yield full
    field = view.fields.get(name)
    if field is None:
        return
    if field.optional:
        yield {**full, name: None}
    yield {key: value for key, value in full.items() if key != name}
    partner = pair.fields[1 - number] if pair.fields is not None else field
    for value in maker.around(field, partner):
        yield {**least, name: value}


def _fixed_sizes(view: SchemaView) -> frozenset[int]:
    shapes = [shape_of_array(field.type) or () for field in view.fields.values() if field.kind == "ndarray"]
    return frozenset(dim for shape in shapes for dim in shape if isinstance(dim, int))


class _Maker:
    """Makes values for types; every name of a dimension has a size of its own, and none that is ``taken``."""

    def __init__(self, side: SampleSide, taken: frozenset[int]) -> None:
        self._side = side
        self._taken = taken
        self._sizes: dict[str, int] = {}
        self._left = _LARGEST

    def sample(self, view: SchemaView, full: bool, depth: int = 0) -> dict[str, Any]:
        """A sample with all fields, or only with those that are required."""
        return {field.name: self.value(field, depth) for field in view.fields.values() if full or field.required}

    def value(self, field: FieldView, depth: int = 0) -> Any:
        """A value that the field allows."""
        enum, low = field.listed("enum"), field.literal("minimum")
        high = field.literal("maximum")
        if enum:
            return enum[0]
        if field.kind == "primitive" and isinstance(low, int | float):
            return float(low) if field.scalar == "float" else int(low)
        if field.kind == "primitive" and isinstance(high, int | float):
            return min(0, int(high)) if field.scalar == "int" else min(0.0, float(high))
        return self.of_type(field.type, depth)

    def of_type(self, node: TypeNode, depth: int = 0) -> Any:
        """A value of a type."""
        self._left -= 1
        if self._left < 0:
            raise TooLargeError
        kind = kind_of_type(node)
        if kind == "primitive":
            values = {"str": "a", "int": 0, "float": 0.5, "bool": True, "bytes": {"$bytes": "AAAA"}}
            return values.get(str(node.get("primitive")))
        if kind == "ndarray":
            dims = shape_of_array(node)
            sizes = [2, 2] if dims is None else [self._size(dim) for dim in dims]
            return {
                "dtype": str(node.get("dtype")) if "[" in str(node.get("dtype")) else dtype_of(node),
                "shape": sizes,
            }
        if kind == "array":
            least = node.get("minItems", node.get("minLength", 0))
            size = min(least, 64) if isinstance(least, int) else 0
            return [self.of_type(mapping(node.get("items")), depth) for _ in range(max(size, 1))]
        if kind == "ref":
            target = self._side.find(ref_of(node))
            return self.sample(target, False, depth + 1) if target is not None and depth < _DEEPEST else {}
        if kind == "union":
            refs = node.get("refs")
            return {"$type": refs[0]} if isinstance(refs, list) and refs else {}
        return {}

    def _size(self, dim: int | str) -> int:
        if isinstance(dim, int):
            return dim
        if dim == "_":
            dim = f"_{len(self._sizes)}"
        if dim not in self._sizes:
            used = self._taken | set(self._sizes.values())
            self._sizes[dim] = next(size for size in count(2) if size not in used)
        return self._sizes[dim]

    def around(self, field: FieldView, other: FieldView) -> Iterator[Any]:
        """Values at every limit of both fields."""
        base = self.of_type(field.type)
        yield base
        for one in (field, other):
            yield from one.listed("enum") or []
            for key in ("minimum", "maximum"):
                limit = one.literal(key)
                if isinstance(limit, int | float):
                    yield from self._filled(field, base, (limit, limit - 1, limit + 1))
            labels = one.listed("labels")
            if labels is not None:
                yield from self._filled(field, base, (len(labels), len(labels) - 1))
        if field.kind == "ndarray":
            yield from self._arrays(field, other, base)
        elif field.kind == "array":
            yield from self._lists(field, other)
        elif field.kind == "ref":
            target = self._side.find(ref_of(field.type))
            if target is not None:
                yield self.sample(target, True)
                for inner in target.fields.values():
                    for value in islice(self.around(inner, inner), 20):
                        yield {**self.sample(target, False), inner.name: value}
        elif field.kind == "union":
            for one in (field, other):
                refs = one.type.get("refs")
                yield from ({"$type": ref} for ref in (refs if isinstance(refs, list) else []))
            yield {"$type": "com.example.unheardOf"}
        yield from ("a", 3, 0.5, True)

    @staticmethod
    def _filled(field: FieldView, base: Any, values: tuple[int | float, ...]) -> Iterator[Any]:
        for value in values:
            number = float(value) if field.scalar == "float" else int(value)
            yield {**base, "fill": number} if field.kind == "ndarray" else number

    @staticmethod
    def _arrays(field: FieldView, other: FieldView, base: dict[str, Any]) -> Iterator[Any]:
        yield {**base, "dtype": dtype_of(field.type)}
        unit = str(field.type.get("dtype"))
        if dtype_of(field.type) in ("datetime64", "timedelta64"):
            yield {**base, "dtype": unit if "[" in unit else f"{unit}[D]"}
            yield {**base, "dtype": f"{dtype_of(field.type)}[D]"}
        shape = list(base["shape"])
        for i in range(len(shape)):
            for size in (1, 7, 11):
                yield {**base, "shape": [*shape[:i], size, *shape[i + 1 :]]}
        if shape_of_array(field.type) is None:
            yield from ({**base, "shape": [2] * rank} for rank in range(5))

    def _lists(self, field: FieldView, other: FieldView) -> Iterator[list[Any]]:
        node = mapping(field.type.get("items"))
        item = self.of_type(node)
        limits = [one.type.get(key) for one in (field, other)
                  for key in ("minItems", "minLength", "maxItems", "maxLength")]  # fmt: skip
        for limit in limits:
            if isinstance(limit, int) and limit < 1000:
                yield from ([item] * size for size in (limit - 1, limit, limit + 1) if size >= 0)
        inner = FieldView({**field.raw, "fieldType": node}, field.index)
        partner = FieldView({**other.raw, "fieldType": mapping(other.type.get("items"))}, other.index)
        yield from ([value] for value in islice(self.around(inner, partner), 60))
