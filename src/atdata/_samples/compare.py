"""Equality of samples, for which arrays are equal when dtype, shape and every element are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

__all__ = ["equal_samples", "equal_values"]


def equal_samples(one: Any, other: Any) -> bool:
    """Whether two samples of one class have equal fields."""
    missing = object()
    return all(
        equal_values(getattr(one, f.name, missing), getattr(other, f.name, missing)) for f in fields(one) if f.compare
    )


def equal_values(one: Any, other: Any) -> bool:
    """Whether two field values are equal; NaN in arrays equals NaN, so that a copy equals its original."""
    if one is other:
        return True
    if hasattr(one, "dtype") or hasattr(other, "dtype"):
        import numpy as np

        if not (isinstance(one, np.ndarray) and isinstance(other, np.ndarray)):
            return bool(np.all(one == other)) and np.shape(one) == np.shape(other)
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        try:
            return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fcmM"))
        except TypeError:
            return bool(np.array_equal(one, other))
    if type(one) is type(other) and isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal_values, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal_values(one[k], other[k]) for k in one)
    return bool(one == other)
