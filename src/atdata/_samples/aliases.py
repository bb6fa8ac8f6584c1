"""Type aliases opened: what they stand for, wherever in an annotation they are.

NumPy 2.5 made ``NDArray`` an alias of the ``type`` statement (PEP 695) where Python has one, from 3.12 on: it hides the
dtype behind its own parameter. Users write such aliases too.
"""

from __future__ import annotations

import types
import typing
from typing import Any

__all__ = ["opened"]


def opened(hint: Any, _within: frozenset[int] = frozenset()) -> Any:
    """``hint`` with each alias replaced by its value; one that holds itself stays where it comes again.

    >>> import numpy as np
    >>> from numpy.typing import NDArray
    >>> typing.get_args(opened(NDArray[np.uint8]))[1]
    numpy.dtype[numpy.uint8]
    >>> opened(list[int] | None)
    list[int] | None
    """
    origin = typing.get_origin(hint)
    alias = hint if origin is None else origin
    if type(alias).__name__ == "TypeAliasType":
        if id(alias) in _within:
            return hint
        try:
            return opened(_value(alias, typing.get_args(hint)), _within | {id(alias)})
        except Exception:  # a value is evaluated now, and may name what exists for checkers only
            return hint
    given = typing.get_args(hint)
    if origin is None or not given:
        return hint
    if origin is typing.Annotated:
        inner = opened(given[0], _within)
        return hint if inner is given[0] else typing.Annotated[(inner, *given[1:])]
    parts = tuple(opened(part, _within) for part in given)
    if all(part is before for part, before in zip(parts, given, strict=True)):
        return hint
    if origin in (typing.Union, types.UnionType):
        return typing.Union[parts]  # noqa: UP007 - parts are known at run time only
    return origin[parts]


def _value(alias: Any, given: tuple[Any, ...]) -> Any:
    """The value of an alias with ``given`` in the place of its parameters."""
    value = alias.__value__
    wanted = getattr(value, "__parameters__", ())
    if not given or not wanted:
        return value
    by_name = dict(zip(alias.__type_params__, given, strict=False))
    return value[tuple(by_name.get(parameter, parameter) for parameter in wanted)]
