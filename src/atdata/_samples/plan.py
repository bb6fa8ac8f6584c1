"""What the annotations of a class say about packing; documents come by another way to the same plan."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from atdata._samples.hints import SCALARS, field_hints, is_array, split_optional
from atdata._samples.meta import SampleMeta

if TYPE_CHECKING:
    from atdata_codegen.samples.codec import CodecPlan, TypePlan

__all__ = ["plan_from_class", "type_kinds"]


def plan_from_class(
    cls: type[Any],
) -> tuple[CodecPlan, dict[str, Any]]:
    """The codec plan of a hand-written class, and the objects that its code refers to by name."""
    from atdata_codegen.samples.codec import FieldShape, plan_codec

    names: dict[str, Any] = {}
    shapes = []
    hints = field_hints(cls)
    for number, field in enumerate(dataclasses.fields(cls)):
        hint, nullable = split_optional(hints[field.name])
        plan = _type(hint, names)
        default = ""
        if field.default is not dataclasses.MISSING:
            names[f"_default_{number}"] = field.default
            default = f"data.get({field.name!r}, _default_{number})"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_factory_{number}"] = field.default_factory
            default = f"data[{field.name!r}] if {field.name!r} in data else _factory_{number}()"
        # a default of None says what Optional would have said
        nullable = nullable or field.default is None or plan.kind == "any"
        shapes.append(FieldShape(field.name, plan, nullable, default, field.init))
    frozen = cls.__dataclass_params__.frozen
    return plan_codec(shapes, direct=_direct(cls), settable=not frozen), names


def _direct(cls: type[Any]) -> bool:
    """Whether setting attributes does all that calling the class would do."""
    root: Any = next((base for base in reversed(cls.__mro__) if isinstance(base, SampleMeta)), None)
    params = cls.__dataclass_params__
    return (
        root is not None
        and params.init
        and not params.frozen
        and "__init__" in cls.__dict__
        and hasattr(cls.__init__, "__annotations__")
        and cls.__init__.__qualname__ in (f"{cls.__qualname__}.__init__", "__create_fn__.<locals>.__init__")
        and getattr(cls.__init__, "__code__", None) is not None
        and cls.__init__.__code__.co_filename == "<string>"
        and cls.__post_init__ is root.__post_init__
        and cls._ensure_good is root._ensure_good
        and getattr(cls, "__new__") is object.__new__  # noqa: B009  # checkers know them by other types
        and getattr(cls, "__setattr__") is object.__setattr__  # noqa: B009
        and all(f.init for f in dataclasses.fields(cls))
        and not any(_is_descriptor(cls, f.name) for f in dataclasses.fields(cls))
    )


def _is_descriptor(cls: type[Any], name: str) -> bool:
    found = typing.cast(Mapping[str, Any], dict(vars(cls))).get(name)
    return isinstance(found, property)


def type_kinds(hint: Any) -> tuple[str, str]:
    """The kind of a type without ``None``, as :class:`TypePlan` calls it, and of the values in it where it has such.

    >>> type_kinds(list[int])
    ('array', 'int')
    """
    plan = _type(hint, {})
    return plan.kind, plan.item.kind if plan.item is not None else ""


def _type(hint: Any, names: dict[str, Any]) -> TypePlan:
    from atdata_codegen.samples.codec import TypePlan

    if isinstance(hint, str):
        hint = {"str": str, "int": int, "float": float, "bool": bool, "bytes": bytes}.get(hint, hint)
    if is_array(hint):
        return TypePlan("ndarray")
    kind: Any = SCALARS.get(hint) if _hashable(hint) else None
    if kind:
        return TypePlan(kind)
    origin = typing.get_origin(hint) or hint
    if origin is list:
        arguments = typing.get_args(hint)
        if not arguments:
            return TypePlan("array")
        return TypePlan("array", _item(arguments[0], names))
    if origin is tuple:
        arguments = typing.get_args(hint)
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return TypePlan("tuple", _item(arguments[0], names))
        return TypePlan("tuple", items=tuple(_item(argument, names) for argument in arguments))
    if origin is dict:
        return TypePlan("dict")
    if isinstance(origin, SampleMeta):
        name = f"_class_{len(names)}"
        names[name] = origin
        return TypePlan("ref", ref=name)
    return TypePlan("any")


def _item(hint: Any, names: dict[str, Any]) -> TypePlan:
    """The plan of a value in another one."""
    from atdata_codegen.samples.codec import TypePlan

    item, nullable = split_optional(hint)
    return TypePlan("any") if nullable else _type(item, names)


def _hashable(hint: Any) -> bool:
    return isinstance(hint, type) or hint is None
