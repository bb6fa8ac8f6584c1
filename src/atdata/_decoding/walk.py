"""One layout walked through many samples: fronts compared, values read, ends checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from atdata._decoding.arrays import Ready
from atdata._decoding.columns import Column
from atdata._decoding.fields import SamplePlan
from atdata._decoding.layout import Layout
from atdata._decoding.scan import read_values
from atdata._decoding.source import Ints, Odd, Source
from atdata._errors import SampleError
from atdata._samples.msgpack import unpack_map

__all__ = ["read_columns"]

Convert = Callable[[type[Any], list[Any]], list[Any]]


def read_columns(
    layout: Layout,
    source: Source,
    starts: Ints,
    ends: Ints,
    plan: SamplePlan,
    convert: Mapping[str, Convert],
    cls: type[Any],
    wanted: frozenset[str] | None,
) -> dict[str, Column]:
    """The columns of the samples between ``starts`` and ``ends``; raises :class:`Odd` unless all lie as ``layout``."""
    found: dict[str, Column] = {}
    at = starts
    for step in layout.steps:
        if not source.same(at, step.front):
            raise Odd
        column, at = read_values(step.kind, step.nullable, source, at + len(step.front))
        if column is not None:
            found[step.name] = column
    if not layout.rest:
        if (at != ends).any():
            raise Odd
        return found
    if layout.front:
        if not source.same(at, layout.front):
            raise Odd
        at = at + len(layout.front)
    if (at >= ends).any():
        raise Odd
    _rest(found, layout, source, at, ends, plan, convert, cls, wanted)
    return found


def _rest(
    found: dict[str, Column],
    layout: Layout,
    source: Source,
    starts: Ints,
    ends: Ints,
    plan: SamplePlan,
    convert: Mapping[str, Convert],
    cls: type[Any],
    wanted: frozenset[str] | None,
) -> None:
    """The pairs from the first value on that has values inside: unpacked sample by sample."""
    head = bytes((0x80 | layout.rest,)) if layout.rest < 16 else b"\xde" + layout.rest.to_bytes(2, "big")
    memory = source.memory
    names = [name for name in plan.fields if name not in layout.seen]
    known = set(names)
    try:
        maps = [unpack_map(head + memory[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        for data in maps:
            if data.keys() != known and not _harmless(data, known, layout):
                raise Odd
        for name in names:
            if wanted is None or name in wanted:
                found[name] = Ready(convert[name](cls, [data[name] for data in maps]))
    except (SampleError, KeyError):
        raise Odd from None


def _harmless(data: dict[str, Any], known: set[str], layout: Layout) -> bool:
    """Whether the keys are all there, and what is more than that may be ignored."""
    more = data.keys() - known
    return len(data) - len(more) == len(known) and all(
        isinstance(key, str) and not key.startswith("__") and key not in layout.seen for key in more
    )
