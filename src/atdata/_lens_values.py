"""Casts that lose nothing, in both directions; a value that would be changed is an error."""

from __future__ import annotations

from typing import Any, TypeVar

from atdata._errors import LensError, shown

__all__ = ["present", "to_bool", "to_float", "to_int", "to_str"]


T = TypeVar("T")


def present(value: T | None, field: str) -> T:
    """``value``, which must not be None because its source field is required."""
    if value is None:
        raise LensError(f"{field} is None, and the source field behind it is required")
    return value


def _refuse(value: Any, kind: str) -> LensError:
    return LensError(f"{shown(value)} cannot become {kind} without loss")


def to_str(value: Any) -> str:
    """Text that the other casts read back.

    >>> to_str(True), to_str(3), to_str(0.5)
    ('true', '3', '0.5')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise _refuse(value, "a str")


def to_int(value: Any) -> int:
    """A whole number; 3.0 and "3" are, 3.5 is not."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= 2**63:
        return int(value)
    if isinstance(value, str) and len(value) <= 20 and value.isascii():
        digits = value[1:] if value[:1] == "-" else value
        if digits.isdigit() and str(int(value)) == value:
            return int(value)
    raise _refuse(value, "an int")


def to_float(value: Any) -> float:
    """A float; integers that a float cannot hold are refused."""
    if isinstance(value, float):
        return value
    try:
        if isinstance(value, int) and float(value) == value:
            return float(value)
        if isinstance(value, str) and len(value) <= 64:
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise _refuse(value, "a float")


def to_bool(value: Any) -> bool:
    """A truth value, from 0 and 1 or from "true" and "false"."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return value == 1
    if value == "true" or value == "false":
        return bool(value == "true")
    raise _refuse(value, "a bool")
