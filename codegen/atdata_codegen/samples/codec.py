"""Pack and unpack code as a plan: one expression a field and direction, ready to print.

A schema document and a hand-written class end here alike. Type tests stand inline, because a call
costs more than the test; only a value that fails its test reaches a function of ``atdata.sample``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from atdata_codegen.literals import literal

__all__ = ["CodecField", "CodecPlan", "FieldShape", "Kind", "TypePlan", "plan_codec"]

Kind = Literal["str", "int", "float", "bool", "bytes", "ndarray", "array", "tuple", "dict", "ref", "any"]

_TESTED = frozenset({"str", "int", "float", "bool", "bytes", "dict"})
_CALLS = {"ndarray": "array"}


@dataclass(frozen=True, slots=True)
class TypePlan:
    """The type of a value as far as packing asks. ``ref`` is the nested class's name in the code.

    ``item`` is the type of all values of a list or tuple, ``items`` are those of a tuple of so many.
    """

    kind: Kind
    item: TypePlan | None = None
    ref: str = ""
    items: tuple[TypePlan, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One field as the codec sees it.

    ``default`` is an expression for data without the field, empty when the field is required.
    ``init`` is False for a field that the constructor does not take.
    """

    name: str
    type: TypePlan
    nullable: bool = False
    default: str = ""
    init: bool = True


@dataclass(frozen=True, slots=True)
class CodecField:
    """One field, ready to print."""

    name: str
    key: str
    var: str
    out: str
    back: str
    default: str
    init: bool


@dataclass(frozen=True, slots=True)
class CodecPlan:
    """All fields, ready to print. ``direct``: attributes are set one by one, no constructor runs."""

    fields: tuple[CodecField, ...]
    required: tuple[CodecField, ...]
    optional: tuple[CodecField, ...]
    init: tuple[CodecField, ...]
    late: tuple[CodecField, ...]
    names: str
    arrays: str
    direct: bool


def plan_codec(
    fields: Sequence[FieldShape], *, direct: bool = True, settable: bool = True, names: Mapping[str, str] | None = None
) -> CodecPlan:
    """The codec of ``fields``. ``names`` says what builtins are called where they are hidden by others."""
    names = names or {}
    done = tuple(_field(f, names) for f in fields)
    return CodecPlan(
        fields=done,
        required=tuple(f for f in done if not f.default),
        optional=tuple(f for f in done if f.default),
        init=tuple(f for f in done if f.init),
        late=tuple(f for f in done if not f.init) if settable else (),
        names=_tuple(f.name for f in fields),
        arrays=_tuple(f.name for f in fields if f.type.kind == "ndarray"),
        direct=direct,
    )


def _key(name: str) -> str:
    # hand-written classes may have fields beyond ASCII
    return f'"{name}"' if name.isascii() and name.isidentifier() else literal(name)


def _tuple(names: Iterable[str]) -> str:
    parts = [_key(name) for name in names]
    return "(" + ", ".join(parts) + ("," if len(parts) == 1 else "") + ")"


def _field(field: FieldShape, names: Mapping[str, str]) -> CodecField:
    var = f"v_{field.name}"
    key = _key(field.name)
    return CodecField(
        name=field.name,
        key=key,
        var=var,
        out=_value(field.type, var, field.nullable, "out", f"self, {key}", names),
        back=_value(field.type, var, field.nullable, "in", f"cls, {key}", names),
        default=field.default,
        init=field.init,
    )


def _value(
    plan: TypePlan, var: str, nullable: bool, way: str, where: str, names: Mapping[str, str], depth: int = 0
) -> str:
    """The expression for the checked and converted value of ``var``."""
    kind = plan.kind
    if kind == "any":
        return var
    if kind in _TESTED:
        test = f"{names.get('type', 'type')}({var}) is {names.get(kind, kind)}"
        if nullable:
            test = f"{var} is None or {test}"
        return f"{var} if {test} else {way}_{kind}({var}, {where})"
    if kind == "ref":
        done = f"{way}_ref({var}, {plan.ref}, {where})"
    elif kind == "array" or (kind == "tuple" and not plan.items):
        done = f"{way}_list({var}, {where})"
        if plan.item is not None and plan.item.kind != "any":
            inner = f"x{depth}"
            value = _value(plan.item, inner, False, way, where, names, depth + 1)
            done = f"[{value} for {inner} in {done}]"
        if kind == "tuple":
            done = f"{way}_tuple({done}, {where})"
    elif kind == "tuple":
        done = f"{way}_tuple({var}, {where}, {len(plan.items)})"
        inners = [f"x{depth}_{number}" for number in range(len(plan.items))]
        values = [
            _value(item, inner, False, way, where, names, depth + 1)
            for item, inner in zip(plan.items, inners, strict=True)
        ]
        done = f"[({', '.join(values)},) for {', '.join(inners)}, in ({done},)][0]"
    else:
        done = f"{way}_{_CALLS[kind]}({var}, {where})"
    return f"None if {var} is None else {done}" if nullable else done
