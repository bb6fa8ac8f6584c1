"""What a decoder must know of a sample type: its fields, and whether making one is more than setting attributes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from atdata._samples.hints import field_hints, split_optional
from atdata._samples.plan import plan_from_class, type_kinds

if TYPE_CHECKING:
    from atdata_codegen.samples.codec import CodecPlan

__all__ = ["Field", "SamplePlan", "sample_plan"]

#: Kinds that are read for many samples at once, and lists of them; others go through the sample type's own conversion.
_COLUMNAR = frozenset({"str", "int", "float", "bool", "bytes", "ndarray"})


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field. ``kind`` is ``list`` for lists of such values as ``item`` says, and ``other`` for what is unpacked."""

    name: str
    kind: str
    nullable: bool
    required: bool
    item: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SamplePlan:
    """The fields in order. ``codec`` and ``names`` say how values of kind ``other`` are converted.

    Not ``direct``: calling the class does more than setting attributes, so samples must be made one by one.
    """

    fields: dict[str, Field]
    direct: bool
    codec: CodecPlan
    names: dict[str, Any]


def sample_plan(cls: type[Any]) -> SamplePlan:
    """The plan of a packable class, hand-written or generated."""
    codec, names = plan_from_class(cls)
    hints = field_hints(cls)
    fields: dict[str, Field] = {}
    for field in dataclasses.fields(cls):
        hint, nullable = split_optional(hints[field.name])
        kind, item = type_kinds(hint)
        if kind == "array":
            kind = "list" if item in _COLUMNAR else "other"
        fields[field.name] = Field(
            field.name,
            kind if kind in _COLUMNAR or kind == "list" else "other",
            nullable or field.default is None,
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            item if kind == "list" else "",
        )
    return SamplePlan(fields, codec.direct, codec, names)
