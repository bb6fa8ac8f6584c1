"""The two loops that depend on the fields of a class, compiled once for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from atdata._decoding.fields import SamplePlan
from atdata._samples import values

__all__ = ["Make", "converters", "maker"]

Make = Callable[[type[Any], Sequence[list[Any]]], list[Any]]
Convert = Callable[[type[Any], list[Any]], list[Any]]


def maker(names: Sequence[str]) -> Make:
    """A function that makes samples of their values field by field, setting attributes and nothing else.

    >>> class Point: pass
    >>> [point.x for point in maker(["x"])(Point, [[1, 2]])]
    [1, 2]
    """
    if not all(name.isidentifier() for name in names):
        raise ValueError("a field's name is no identifier")
    variables = ", ".join(f"v{i}" for i in range(len(names)))
    lines = [
        "def make(cls, columns):",
        "    made = []",
        "    keep = made.append",
        f"    for {variables}, in zip(*columns):",
        "        sample = new(cls)",
        *(f"        sample.{name} = v{i}" for i, name in enumerate(names)),
        "        keep(sample)",
        "    return made",
    ]
    namespace: dict[str, Any] = {"new": object.__new__}
    exec("\n".join(lines), namespace)
    made: Make = namespace["make"]
    return made


def converters(plan: SamplePlan) -> dict[str, Convert]:
    """By field, what turns unpacked values into those that a sample holds: the codec's own expressions."""
    namespace: dict[str, Any] = {name: getattr(values, name) for name in values.__all__}
    namespace.update(plan.names)
    found: dict[str, Convert] = {}
    for field in plan.codec.fields:
        exec(f"def convert(cls, values):\n    return [{field.back} for {field.var} in values]", namespace)
        found[field.name] = namespace.pop("convert")
    return found
