"""What pack and unpack code calls for a value: the slow half of every type check, with errors that name the field."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from atdata._errors import DecodeError, EncodeError, MissingFieldError, SampleError, shown, type_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atdata._samples.base import PackableSample

    P = TypeVar("P", bound=PackableSample[Any])

__all__ = [
    "in_array", "in_bool", "in_bytes", "in_dict", "in_float", "in_int", "in_list", "in_ref", "in_str", "in_tuple",
    "missing", "out_array", "out_bool", "out_bytes", "out_dict", "out_float", "out_int", "out_list", "out_ref",
    "out_str", "out_tuple",
]  # fmt: skip

_load: Callable[[Any], Any] | None = None
_dump: Callable[[Any], bytes] | None = None


def _codec() -> tuple[Callable[[Any], Any], Callable[[Any], bytes]]:
    """numpy loads with the first array, not with the first sample class."""
    global _load, _dump
    from atdata._samples import npy

    _load, _dump = npy.load, npy.dump
    return _load, _dump


def _wrong(cls: type, field: str, value: object, wanted: str) -> NoReturn:
    name = type_name(cls)
    raise DecodeError(f"{name}.{field}: {wanted} expected, not {shown(value)}", sample_type=name, field=field)


def _unfit(sample: object, field: str, value: object, wanted: str) -> NoReturn:
    name = type_name(type(sample))
    raise EncodeError(f"{name}.{field}: {wanted} expected, not {shown(value)}", sample_type=name, field=field)


def missing(cls: type, error: KeyError) -> MissingFieldError:
    """The error for a required field that the data does not have."""
    name, field = type_name(cls), str(error.args[0])
    return MissingFieldError(
        f"{name}.{field} is missing; it is required, and the data does not have it", sample_type=name, field=field
    )


# In: from data of a stranger ------------------------------------------------------------------------------------


def in_str(value: Any, cls: type, field: str) -> str:
    _wrong(cls, field, value, "a str")


def in_bytes(value: Any, cls: type, field: str) -> bytes:
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    _wrong(cls, field, value, "bytes")


def in_bool(value: Any, cls: type, field: str) -> bool:
    if _is_scalar(value, "b"):
        return bool(value)
    _wrong(cls, field, value, "a bool")


def in_int(value: Any, cls: type, field: str) -> int:
    if isinstance(value, int) and type(value) is not bool:
        return int(value)
    if _is_scalar(value, "iu"):
        return int(value)
    _wrong(cls, field, value, "an int")


def in_float(value: Any, cls: type, field: str) -> float:
    if isinstance(value, float | int) and type(value) is not bool:
        try:
            return float(value)  # other writers shorten 1.0 to 1
        except OverflowError:
            _wrong(cls, field, value, "a float in range")
    if _is_scalar(value, "fiu"):
        return float(value)
    _wrong(cls, field, value, "a float")


def in_dict(value: Any, cls: type, field: str) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    _wrong(cls, field, value, "a dict")


def in_list(value: Any, cls: type, field: str) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    _wrong(cls, field, value, "a list")


def in_tuple(value: Any, cls: type, field: str, size: int | None = None) -> tuple[Any, ...]:
    if isinstance(value, list | tuple) and size in (None, len(value)):
        return tuple(value)
    _wrong(cls, field, *_no_tuple(value, size))


def _no_tuple(value: Any, size: int | None) -> tuple[Any, str]:
    """What to say is there, and what is wanted."""
    if isinstance(value, list | tuple):
        return len(value), f"a tuple of {size} values"
    return value, "a tuple"


def in_array(value: Any, cls: type, field: str) -> NDArray[Any]:
    try:
        found: NDArray[Any] = (_load or _codec()[0])(value)
        return found
    except SampleError as error:
        import numpy as np

        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            return value  # from_data also takes samples' own dictionaries, whose arrays are arrays already
        name = type_name(cls)
        raise DecodeError(f"{name}.{field}: {error}", sample_type=name, field=field) from error


def in_ref(value: Any, kind: type[P], cls: type, field: str) -> P:
    if type(value) is dict:
        try:
            return kind.from_data(value)
        except MissingFieldError as error:
            raise _inside(MissingFieldError, error, cls, field) from error.__cause__ or error
        except DecodeError as error:
            raise _inside(DecodeError, error, cls, field) from error.__cause__ or error
    if isinstance(value, kind):
        return value
    _wrong(cls, field, value, f"a map of {type_name(kind)}")


def _inside(kind: type[SampleError], error: SampleError, cls: type, field: str) -> SampleError:
    name = type_name(cls)
    text = str(error)
    if len(text) > 800:  # what is wrong stands at the end
        text = f"{text[:300]} ... {text[-400:]}"
    return kind(f"{name}.{field}: {text}", sample_type=name, field=f"{field}.{error.field}"[:300])


# Out: from a sample's attributes ----------------------------------------------------------------------------------


def out_str(value: Any, sample: object, field: str) -> str:
    if isinstance(value, str):
        return str(value)
    _unfit(sample, field, value, "a str")


def out_bytes(value: Any, sample: object, field: str) -> bytes:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    _unfit(sample, field, value, "bytes")


def out_bool(value: Any, sample: object, field: str) -> bool:
    if _is_scalar(value, "b"):
        return bool(value)
    _unfit(sample, field, value, "a bool")


def out_int(value: Any, sample: object, field: str) -> int:
    if isinstance(value, int) or _is_scalar(value, "iub"):
        return int(value)
    _unfit(sample, field, value, "an int")


def out_float(value: Any, sample: object, field: str) -> float:
    if isinstance(value, float | int) or _is_scalar(value, "fiu"):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isinf(number) and isinstance(value, int):
            _unfit(sample, field, value, "a float in range")
        return number
    _unfit(sample, field, value, "a float")


def out_dict(value: Any, sample: object, field: str) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    _unfit(sample, field, value, "a dict")


def out_list(value: Any, sample: object, field: str) -> list[Any]:
    if isinstance(value, list | tuple):
        return list(value)
    if getattr(value, "ndim", None):
        return list(value)
    _unfit(sample, field, value, "a list")


def out_tuple(value: Any, sample: object, field: str, size: int | None = None) -> tuple[Any, ...]:
    if isinstance(value, list | tuple) and size in (None, len(value)):
        return tuple(value)
    _unfit(sample, field, *_no_tuple(value, size))


def out_array(value: Any, sample: object, field: str) -> bytes:
    try:
        return (_dump or _codec()[1])(value)
    except SampleError as error:
        name = type_name(type(sample))
        raise EncodeError(f"{name}.{field}: {error}", sample_type=name, field=field) from error


def out_ref(value: Any, kind: type[PackableSample[Any]], sample: object, field: str) -> dict[str, Any]:
    if isinstance(value, kind):
        return value._encode()
    _unfit(sample, field, value, f"a {type_name(kind)}")


def _is_scalar(value: Any, kinds: str) -> bool:
    """Whether ``value`` is a numpy scalar (or 0-d array) of one of these dtype kinds, asked without loading numpy."""
    if not type(value).__module__.startswith("numpy") or getattr(value, "ndim", None) != 0:
        return False
    return str(value.dtype.kind) in kinds
