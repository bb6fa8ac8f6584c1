"""One layout walked through many samples: fronts compared, values read, ends checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.arrays import Ready
from atdata._decoding.columns import Column, WithNone
from atdata._decoding.layout import Layout, Step
from atdata._decoding.lists import read_lists
from atdata._decoding.scan import read_values
from atdata._decoding.source import Ints, Odd, Source
from atdata._errors import SampleError
from atdata._samples.msgpack import unpack_front

__all__ = ["read_columns"]

_PLAIN = {"str": str, "int": int, "float": float, "bool": bool, "bytes": bytes}

#: Makes the values that samples hold of those that were unpacked.
Convert = Callable[[list[Any]], list[Any]]


def read_columns(
    layout: Layout, source: Source, starts: Ints, ends: Ints, convert: Mapping[str, Convert]
) -> dict[str, Column]:
    """The columns of the samples between ``starts`` and ``ends``; raises :class:`Odd` unless all lie as ``layout``."""
    found: dict[str, Column] = {}
    at = starts
    for step in layout.steps:
        if not source.same(at, step.front):
            raise Odd
        column, at = _with_none(step, source, at + len(step.front), ends, convert)
        if column is not None and step.wanted:
            found[step.name] = column
    if (at != ends).any():
        raise Odd
    return found


def _with_none(
    step: Step, source: Source, at: Ints, ends: Ints, convert: Mapping[str, Convert]
) -> tuple[Column | None, Ints]:
    first = source.bytes[at]
    if not step.nullable:
        return _read(step, source, at, first, ends, convert)
    there = first != 0xC0
    if there.all():
        return _read(step, source, at, first, ends, convert)
    end = at + 1
    if not there.any():
        return WithNone(None, there), end
    column, end[there] = _read(step, source, at[there], first[there], ends[there], convert)
    return (None if column is None else WithNone(column, there)), end


def _read(
    step: Step, source: Source, at: Ints, first: NDArray[np.uint8], ends: Ints, convert: Mapping[str, Convert]
) -> tuple[Column | None, Ints]:
    """All values of a field in one go, or else one by one: an odd field does not slow the others down."""
    try:
        if step.kind == "list":
            found = read_lists(step.item, source, at, first, ends)
            if found is not None:
                return found
        elif step.kind != "other":
            return read_values(step.kind, source, at, first)
    except (Odd, IndexError):
        pass
    return _unpacked(step, source, at, ends, convert)


def _unpacked(
    step: Step, source: Source, at: Ints, ends: Ints, convert: Mapping[str, Convert]
) -> tuple[Column | None, Ints]:
    memory = source.memory
    try:
        found = [unpack_front(memory[a:b]) for a, b in zip(at.tolist(), ends.tolist(), strict=True)]
        behind = at + np.array([size for _, size in found], np.int64)
        if not step.wanted:
            return None, behind
        values = [value for value, _ in found]
        if step.kind != "list" or not _are_lists(values, step.item):
            values = convert[step.name](values)
        return Ready(values), behind
    except SampleError:
        raise Odd from None


def _are_lists(values: list[Any], item: str) -> bool:
    """Whether nothing is to be converted: sooner seen than each value is looked at by itself."""
    kind = _PLAIN.get(item)
    return kind is not None and all(type(value) is list and {kind}.issuperset(map(type, value)) for value in values)
