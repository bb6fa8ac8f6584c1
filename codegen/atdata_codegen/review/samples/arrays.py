"""Rules for arrays: dtype, byte order, rank, sizes and names of dimensions, encoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any, Final

from atdata_codegen.findings import ABSENT
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples.checks import SAMPLE_CHECKS, SamplePair
from atdata_codegen.review.samples.fields import shown
from atdata_codegen.review.samples.view import SchemaView, TypeNode, dtype_of, kind_of_type, shape_of_array
from atdata_codegen.samples.casts import is_safe_cast
from atdata_codegen.samples.shapes import Dim, shape_text

__all__ = ["unit_of"]

rule = SAMPLE_CHECKS.rule

_ENCODING: Final = ("encoding", "format", "order", "codec", "compression", "layout")


def _arrays(pair: SamplePair) -> tuple[TypeNode, TypeNode] | None:
    old, new = pair.type
    return (old, new) if kind_of_type(old) == kind_of_type(new) == "ndarray" else None


def unit_of(node: TypeNode) -> str:
    """The unit in ``datetime64[ns]``; empty where any unit is allowed."""
    return str(node.get("dtype", "")).partition("[")[2].rstrip("]")


def _byte_order(node: TypeNode) -> str:
    first = str(node.get("dtype", ""))[:1]
    order = first if first in "<>" else ""
    return {"little": "<", "big": ">"}.get(str(node.get("byteOrder")), order)


def _dtype_change(
    rule_id: str, nodes: tuple[TypeNode, TypeNode], tight: bool = False, loose: bool = False, source: bool = False
) -> Change:
    before, after = (node.get("dtype") for node in nodes)
    message = f"dtype was {clean(before, 40)} and is {clean(after, 40)}"
    return Change(rule_id, message, ("dtype",), before, after, tight=tight, loose=loose, source=source)


@rule("SMP20", "type")
def dtype_widened(pair: SamplePair) -> Iterator[Change]:
    """Every stored value fits the new dtype."""
    arrays = _arrays(pair)
    if arrays is not None:
        before, after = (dtype_of(node) for node in arrays)
        if before != after and is_safe_cast(before, after):
            yield _dtype_change("SMP20", arrays, loose=True, source=True)


@rule("SMP21", "type")
def dtype_changed(pair: SamplePair) -> Iterator[Change]:
    """Some stored value does not fit."""
    arrays = _arrays(pair)
    if arrays is None:
        return
    before, after = (dtype_of(node) for node in arrays)
    units = unit_of(arrays[0]), unit_of(arrays[1])
    if (before != after and not is_safe_cast(before, after)) or (
        before == after and all(units) and units[0] != units[1]
    ):
        yield _dtype_change("SMP21", arrays, tight=True, loose=True, source=True)


@rule("SMP22", "type")
def dtype_family(pair: SamplePair) -> Iterator[Change]:
    """Any unit of time became one, or one became any."""
    arrays = _arrays(pair)
    if arrays is None or dtype_of(arrays[0]) != dtype_of(arrays[1]):
        return
    old, new = (unit_of(node) for node in arrays)
    if bool(old) != bool(new):
        made = _dtype_change("SMP22", arrays, tight=bool(new), loose=bool(old))
        yield replace(made, bump="major" if new else "minor")


@rule("SMP23", "type")
def byte_order_changed(pair: SamplePair) -> Iterator[Change]:
    """Harmless where each array carries its header; silent damage where bytes are raw."""
    arrays = _arrays(pair)
    if arrays is None or dtype_of(arrays[0]) != dtype_of(arrays[1]):
        return
    old, new = (_byte_order(node) for node in arrays)
    if old != new and (old or new):
        raw = any(str(node.get("encoding", node.get("format", ""))).startswith("raw") for node in arrays)
        made = _dtype_change("SMP23", arrays, tight=raw, loose=raw)
        yield replace(made, message=f"byte order: {made.message}", silent=raw, bump="major" if raw else "patch")


def _shapes(pair: SamplePair) -> tuple[tuple[Dim, ...], tuple[Dim, ...]] | None:
    """Both shapes, where both are given and of one rank."""
    arrays = _arrays(pair)
    if arrays is None:
        return None
    old, new = shape_of_array(arrays[0]), shape_of_array(arrays[1])
    return (old, new) if old is not None and new is not None and len(old) == len(new) else None


@rule("SMP24", "type")
def rank_changed(pair: SamplePair) -> Iterator[Change]:
    """Another number of dimensions; or any number before or after."""
    arrays = _arrays(pair)
    if arrays is None:
        return
    old, new = shape_of_array(arrays[0]), shape_of_array(arrays[1])
    if old == new or _shapes(pair) is not None:
        return
    shown = ["any" if one is None else f"({shape_text(one)})" for one in (old, new)]
    yield Change(
        "SMP24", f"shape was {shown[0]} and is {shown[1]}", ("shape",), _given(arrays[0].get("shape")),
        _given(arrays[1].get("shape")), tight=new is not None, loose=old is not None, source=True,
        bump=None if new is not None else "minor",
    )  # fmt: skip


def _given(value: Any) -> Any:
    return ABSENT if value is None else value


def _permuted(old: tuple[Dim, ...], new: tuple[Dim, ...]) -> bool:
    """Whether a name, or a size between others, stands at another place now."""
    if old == new:
        return False
    renamed = any(isinstance(a, str) and isinstance(b, str) and a != b and "_" not in (a, b)
                  for a, b in zip(old, new, strict=True))  # fmt: skip
    return renamed or (sorted(map(str, old)) == sorted(map(str, new)) and any(isinstance(d, str) for d in old))


@rule("SMP25", "type")
def dimension_freed(pair: SamplePair) -> Iterator[Change]:
    """A fixed size became any size."""
    for i, old, new in _dims(pair):
        if isinstance(old, int) and isinstance(new, str):
            message = f"dimension {i} was fixed at {old} and is {clean(new, 40)}"
            yield Change("SMP25", message, ("shape", i), old, new, loose=True, source=True)


@rule("SMP26", "type")
def dimension_fixed(pair: SamplePair) -> Iterator[Change]:
    """A size that stored arrays may not have."""
    for i, old, new in _dims(pair):
        if isinstance(new, int):
            fixed = isinstance(old, int)
            message = f"dimension {i} was {clean(old, 40)} and is {new}"
            yield Change("SMP26", message, ("shape", i), old, new, tight=True, loose=fixed, source=True)


@rule("SMP27", "type")
def dimensions_swapped(pair: SamplePair) -> Iterator[Change]:
    """Stored arrays keep the old meaning of their axes."""
    shapes = _shapes(pair)
    if shapes is not None and _permuted(*shapes):
        old, new = shapes
        message = f"dimensions were ({shape_text(old)}) and are ({shape_text(new)})"
        yield Change("SMP27", message, ("shape",), list(old), list(new), tight=True, loose=True, silent=True)


@rule("SMP28", "type")
def dimension_named(pair: SamplePair) -> Iterator[Change]:
    """A name where there was none, or none any more."""
    for i, old, new in _dims(pair):
        if isinstance(old, str) and isinstance(new, str):
            yield Change("SMP28", f"dimension {i} was {clean(old, 40)} and is {clean(new, 40)}", ("shape", i), old, new)


def _dims(pair: SamplePair) -> Iterator[tuple[int, Dim, Dim]]:
    """Dimensions that changed at their place, where nothing was permuted or renamed."""
    shapes = _shapes(pair)
    if shapes is not None and not _permuted(*shapes):
        for i, (old, new) in enumerate(zip(*shapes, strict=True)):
            if old != new:
                yield i, old, new


@rule("SMP29", "schema")
def shared_sizes(pair: SamplePair) -> Iterator[Change]:
    """A name that stands twice asks for equal sizes."""
    before, after = _places(pair.old), _places(pair.new)
    old, new = _equal(before), _equal(after)
    places = before.keys() & after.keys()

    def fixed(dims: Mapping[tuple[str, int], Dim], one: frozenset[tuple[str, int]]) -> bool:
        sizes = {dims[place] for place in one}
        return len(sizes) == 1 and all(isinstance(size, int) for size in sizes)

    gained = sorted(sorted(one) for one in new - old if one <= places and not fixed(before, one))
    lost = sorted(sorted(one) for one in old - new if one <= places and not fixed(after, one))
    for pairs, tight in ((gained, True), (lost, False)):
        if pairs:
            (one, i), (other, j) = pairs[0]
            more = f" (and {len(pairs) - 1} more)" if len(pairs) > 1 else ""
            how = "must be equal now" if tight else "need not be equal any more"
            message = f"dimension {i} of {clean(one, 60)} and dimension {j} of {clean(other, 60)} {how}{more}"
            at = ("fields", pair.new.fields[other].index, "fieldType", "shape", j)
            yield Change(
                "SMP29", message, at, ABSENT if tight else pairs, pairs if tight else ABSENT, tight=tight,
                loose=not tight, bump="major" if tight else "minor", route=(other,),
            )  # fmt: skip


def _places(view: SchemaView) -> dict[tuple[str, int], Dim]:
    return {
        (field.name, i): dim
        for field in view.fields.values()
        if field.kind == "ndarray"
        for i, dim in enumerate(shape_of_array(field.type) or ())
    }


def _equal(places: Mapping[tuple[str, int], Dim]) -> set[frozenset[tuple[str, int]]]:
    """The pairs of dimensions that must have one size because they have one name."""
    named: dict[str, list[tuple[str, int]]] = {}
    for place, dim in places.items():
        if isinstance(dim, str) and dim != "_":
            named.setdefault(dim, []).append(place)
    return {frozenset(two) for same in named.values() for two in combinations(same[:64], 2)}


@rule("SMP30", "field")
def encoding_changed(pair: SamplePair) -> Iterator[Change]:
    """How a value lies in its bytes."""
    old, new = pair.field
    for key in _ENCODING:
        before, after = old.type.get(key), new.type.get(key)
        if before != after and old.kind == new.kind:
            message = f"{key} was {shown(before)} and is {shown(after)}"
            yield Change(
                "SMP30", message, ("fieldType", key), _given(before), _given(after), tight=True, loose=True, silent=True
            )
    before, after = old.raw.get("mediaType"), new.raw.get("mediaType")
    if before and after and before != after:
        message = f"mediaType was {clean(before, 60)} and is {clean(after, 60)}"
        yield Change("SMP30", message, ("mediaType",), before, after, loose=True, silent=True)
