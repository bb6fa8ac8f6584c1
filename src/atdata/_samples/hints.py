"""What the annotations of a class say, evaluated as far as they can be."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any

from atdata._samples.aliases import opened
from atdata._samples.annotations import own_annotations

__all__ = ["SCALARS", "array_fields", "extras", "field_hints", "is_array", "split_optional"]

#: Plain types, and what they are called in plans and documents.
SCALARS: Mapping[Any, str] = {str: "str", int: "int", float: "float", bool: "bool", bytes: "bytes"}


def field_hints(cls: type[Any]) -> dict[str, Any]:
    """The annotation of each dataclass field, evaluated where it can be, as it stands where it cannot.

    A name that exists for checkers only (``if TYPE_CHECKING``) or inside a function must not keep a
    class from packing, so each annotation is evaluated by itself.
    """
    fields = [f.name for f in dataclasses.fields(cls)]
    written: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        written.update(own_annotations(owner))
    if all(_is_evaluated(written.get(name)) for name in fields):
        return {name: opened(written[name]) for name in fields}
    try:
        hints = typing.get_type_hints(cls, localns=_scope(cls), include_extras=True)
        return {name: opened(hints[name]) for name in fields}
    except Exception:  # an annotation may raise anything
        return {f.name: opened(_evaluate(cls, f.name, f.type)) for f in dataclasses.fields(cls)}


def _is_evaluated(hint: Any) -> bool:
    """Whether an annotation surely holds no text to be evaluated: a class, or an alias of such."""
    if isinstance(hint, types.GenericAlias):
        return all(map(_is_evaluated, hint.__args__))
    return isinstance(hint, (type, typing.TypeVar)) or hint is typing.Any or type(hint).__name__ == "TypeAliasType"


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


def extras(hint: Any) -> list[Any]:
    """What ``Annotated`` says, at the field or on one side of ``| None``."""
    if typing.get_origin(hint) is typing.Annotated:
        return [*extras(typing.get_args(hint)[0]), *hint.__metadata__]
    if type(None) in typing.get_args(hint):
        return [extra for arg in typing.get_args(hint) for extra in extras(arg)]
    return []
