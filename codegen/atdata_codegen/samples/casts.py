"""Which dtypes hold every value of which others: numpy's safe casts, without numpy.

Source: numpy.can_cast(old, new, "safe"), for the dtypes that a schema may name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["is_safe_cast"]

#: For each dtype the smallest of each kind that holds it; wider ones of the kind hold it too.
_SMALLEST: Final[Mapping[str, tuple[str, ...]]] = {
    "bool": ("int8", "uint8", "float16", "complex64"),
    "int8": ("int8", "float16", "complex64"),
    "int16": ("int16", "float32", "complex64"),
    "int32": ("int32", "float64", "complex128"),
    "int64": ("int64", "float64", "complex128"),
    "uint8": ("uint8", "int16", "float16", "complex64"),
    "uint16": ("uint16", "int32", "float32", "complex64"),
    "uint32": ("uint32", "int64", "float64", "complex128"),
    "uint64": ("uint64", "float64", "complex128"),
    "float16": ("float16", "complex64"),
    "float32": ("float32", "complex64"),
    "float64": ("float64", "complex128"),
    "complex64": ("complex64",),
    "complex128": ("complex128",),
}


def is_safe_cast(old: str, new: str) -> bool:
    """Whether every value of the dtype ``old`` is one of ``new``.

    >>> is_safe_cast("uint8", "int16"), is_safe_cast("int16", "uint16"), is_safe_cast("float32", "float64")
    (True, False, True)
    """
    if old == new:
        return True
    stem, bits = _parts(new)
    return any(_parts(least)[0] == stem and _parts(least)[1] <= bits for least in _SMALLEST.get(old, ()))


def _parts(dtype: str) -> tuple[str, int]:
    stem = dtype.rstrip("0123456789")
    digits = dtype[len(stem) :]
    return stem, int(digits) if digits else 0
