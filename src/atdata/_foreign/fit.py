"""Records of foreign data as samples of a class: names, dtypes and shapes made to fit where nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from atdata._errors import DecodeError, SchemaError, shown, type_name
from atdata._samples.hints import field_hints, is_array, split_optional
from atdata._samples.validate import declared_scalar

__all__ = ["dtype_of", "fits_of", "samples_of"]

_Fit = Callable[[Any], Any]


def samples_of(records: Iterable[tuple[str, Mapping[str, Any]]], cls: type[Any]) -> Iterator[Any]:
    """A sample for each record. A record that does not fit is a :class:`DecodeError` that says where it is."""
    hints = field_hints(cls) if hasattr(cls, "__dataclass_fields__") else {}
    fits = fits_of(cls)
    for where, record in records:
        values = {name: value for name, value in record.items() if not hints or name in hints}
        try:
            for name, fit in fits.items():
                value = values.get(name)
                if value is not None:
                    values[name] = fit(value)
            sample = cls.from_data(values)
        except (DecodeError, SchemaError) as error:
            raise DecodeError(f"{where}: {error}", sample_type=type_name(cls)) from error
        yield sample


def fits_of(cls: type[Any]) -> dict[str, _Fit]:
    """By field, what makes a foreign value one of the class's, where that takes more than a look."""
    hints = field_hints(cls) if hasattr(cls, "__dataclass_fields__") else {}
    return {name: fit for name, hint in hints.items() if (fit := _fit(hint, name)) is not None}


def dtype_of(kind: Any) -> np.dtype[Any] | None:
    """The dtype that the annotation of an array names, if it names one.

    >>> from numpy.typing import NDArray
    >>> dtype_of(NDArray[np.uint8])
    dtype('uint8')
    """
    wanted = declared_scalar(kind)
    return np.dtype(wanted) if wanted is not None and np.dtype(wanted).itemsize else None


def _fit(hint: Any, name: str) -> _Fit | None:
    kind, _ = split_optional(hint)
    if is_array(kind):
        dtype = dtype_of(kind)
        return lambda value: _array(value, dtype, name)
    if kind is str:
        return lambda value: value if isinstance(value, str) else _text(value)
    return None


def _array(value: Any, dtype: np.dtype[Any] | None, name: str) -> Any:
    """``value`` as an array of ``dtype``, when no number in it changes by that."""
    if isinstance(value, bytes):
        return value
    try:
        found = np.asarray(value)
    except ValueError as error:
        raise DecodeError(f"{name}: lists of unequal length are no array", field=name) from error
    if found.dtype.hasobject:
        raise DecodeError(f"{name}: {shown(value)} is no array of numbers", field=name)
    if dtype is None or found.dtype == dtype or (dtype.kind in "mM" and found.dtype.kind == dtype.kind):
        return found
    if not isinstance(value, np.ndarray) and not found.size:
        return found.astype(dtype)
    if dtype.kind == "f" and found.dtype.kind in "iuf":
        cast = found.astype(dtype)
        if found.dtype.kind == "f" or np.array_equal(cast, found):
            return cast
    elif dtype.kind in "iu" and found.dtype.kind in "iu":
        cast = found.astype(dtype)
        if np.array_equal(cast, found):
            return cast
    elif np.can_cast(found.dtype, dtype, "same_kind"):
        return found.astype(dtype)
    raise DecodeError(f"{name}: values of {found.dtype} do not fit into {dtype}", field=name)


def _text(value: Any) -> Any:
    """Structured values as the JSON text that a schema was drafted with; others are left to the class."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
