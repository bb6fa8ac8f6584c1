"""What the annotations of a class say about packing; documents come by another way to the same plan."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata_codegen.samples.codec import CodecPlan, TypePlan

from atdata._samples.aliases import opened
from atdata._samples.annotations import own_annotations

__all__ = ["array_fields", "field_hints", "is_array", "plan_from_class", "split_optional", "type_kind"]

_PRIMITIVES = {str: "str", int: "int", float: "float", bool: "bool", bytes: "bytes"}


def field_hints(cls: type[Any]) -> dict[str, Any]:
    """The annotation of each dataclass field, evaluated where it can be, as it stands where it cannot.

    A name that exists for checkers only (``if TYPE_CHECKING``) or inside a function must not keep a
    class from packing, so each annotation is evaluated by itself.
    """
    fields = [f.name for f in dataclasses.fields(cls)]
    try:
        hints = typing.get_type_hints(cls, localns=_scope(cls), include_extras=True)
        return {name: opened(hints[name]) for name in fields}
    except Exception:  # an annotation may raise anything
        return {f.name: opened(_evaluate(cls, f.name, f.type)) for f in dataclasses.fields(cls)}


def _scope(cls: type[Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        found.update(owner.__dict__.get("_scope", {}))
    return {**found, **vars(cls)} if found else None


def _evaluate(cls: type[Any], name: str, hint: Any) -> Any:
    if not isinstance(hint, str):
        return hint
    for owner in cls.__mro__:
        if name in own_annotations(owner):
            scope = dict(vars(sys.modules.get(owner.__module__, typing)))
            scope.setdefault(owner.__name__, owner)
            scope.update(getattr(cls, "_scope", {}))
            try:
                return typing.get_type_hints(
                    types.SimpleNamespace(__annotations__={"x": hint}), scope, include_extras=True
                )["x"]
            except Exception:
                return hint
    return hint


def split_optional(hint: Any) -> tuple[Any, bool]:
    """The type without ``None``, and whether ``None`` was in it. ``Annotated`` is looked through."""
    hint = _bare(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        nullable = len(rest) < len(typing.get_args(hint))
        if len(rest) == 1:
            return _bare(rest[0]), nullable
        return hint, nullable
    if hint is None or hint is type(None) or hint is Any or hint is object:
        return hint, True
    return hint, False


def _bare(hint: Any) -> Any:
    while typing.get_origin(hint) is typing.Annotated:
        hint = typing.get_args(hint)[0]
    while type(hint).__name__ == "TypeAliasType":  # type Image = NDArray[np.uint8]
        hint = hint.__value__
    if isinstance(hint, typing.NewType):
        return _bare(hint.__supertype__)
    return hint


def is_array(hint: Any) -> bool:
    """Whether ``hint`` (without ``None``) is an array, evaluated or still text."""
    if isinstance(hint, str):
        text = hint.replace(" ", "")
        text = text.removesuffix("|None").removeprefix("None|").removeprefix("typing.").removeprefix("Optional[")
        head = text.split("[")[0].rstrip("]")
        return head.rpartition(".")[2] in ("NDArray", "ndarray")
    origin = typing.get_origin(hint) or hint
    if isinstance(origin, type):
        return (origin.__module__ == "numpy" and origin.__name__ == "ndarray") or (
            hasattr(origin, "__array_finalize__") and hasattr(origin, "__array_ufunc__") and hasattr(origin, "strides")
        )
    return type(hint).__name__ == "_NDArray" or getattr(hint, "__name__", "") == "NDArray"


def array_fields(cls: type[Any]) -> tuple[str, ...]:
    """Names of the fields that hold arrays."""
    return tuple(name for name, hint in field_hints(cls).items() if is_array(split_optional(hint)[0]))


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
    from atdata._samples.base import PackableSample

    params = cls.__dataclass_params__
    return (
        params.init
        and not params.frozen
        and "__init__" in cls.__dict__
        and hasattr(cls.__init__, "__annotations__")
        and cls.__init__.__qualname__ in (f"{cls.__qualname__}.__init__", "__create_fn__.<locals>.__init__")
        and getattr(cls.__init__, "__code__", None) is not None
        and cls.__init__.__code__.co_filename == "<string>"
        and cls.__post_init__ is PackableSample.__post_init__
        and cls._ensure_good is PackableSample._ensure_good
        and getattr(cls, "__new__") is object.__new__  # noqa: B009  # checkers know them by other types
        and getattr(cls, "__setattr__") is object.__setattr__  # noqa: B009
        and all(f.init for f in dataclasses.fields(cls))
        and not any(_is_descriptor(cls, f.name) for f in dataclasses.fields(cls))
    )


def _is_descriptor(cls: type[Any], name: str) -> bool:
    found = typing.cast(Mapping[str, Any], dict(vars(cls))).get(name)
    return isinstance(found, property)


def type_kind(hint: Any) -> str:
    """The kind of a type without ``None``, as :class:`TypePlan` calls it.

    >>> type_kind(list[int])
    'array'
    """
    return _type(hint, {}).kind


def _type(hint: Any, names: dict[str, Any]) -> TypePlan:
    from atdata_codegen.samples.codec import TypePlan

    from atdata._samples.base import PackableSample

    if isinstance(hint, str):
        hint = {"str": str, "int": int, "float": float, "bool": bool, "bytes": bytes}.get(hint, hint)
    if is_array(hint):
        return TypePlan("ndarray")
    kind: Any = _PRIMITIVES.get(hint) if _hashable(hint) else None
    if kind:
        return TypePlan(kind)
    origin = typing.get_origin(hint) or hint
    if origin is list:
        arguments = typing.get_args(hint)
        if not arguments:
            return TypePlan("array")
        item, nullable = split_optional(arguments[0])
        return TypePlan("array", TypePlan("any") if nullable else _type(item, names))
    if origin is dict:
        return TypePlan("dict")
    if isinstance(origin, type) and issubclass(origin, PackableSample):
        name = f"_class_{len(names)}"
        names[name] = origin
        return TypePlan("ref", ref=name)
    return TypePlan("any")


def _hashable(hint: Any) -> bool:
    return isinstance(hint, type) or hint is None
