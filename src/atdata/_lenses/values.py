"""Casts that lose nothing, in both directions; a value that would be changed is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from atdata._errors import LensError, shown, type_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["present", "to_array", "to_bool", "to_float", "to_int", "to_str"]


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


#: What arrays of numbers hold, by numpy's letter.
_KINDS = "biufc"


def to_array(value: NDArray[Any] | None, dtype: str, like: NDArray[Any] | None = None) -> Any:
    """An array of ``dtype`` with the same numbers: the same array when it is one already, and None for None.

    The byte order is the machine's, or that of ``like`` when that is of ``dtype``. Raises :class:`LensError` when
    ``dtype`` cannot hold every number. A type checker is not told the dtype, because it is a text.

    >>> import numpy as np
    >>> to_array(np.array([1, 255], np.uint8), "uint16").dtype
    dtype('uint16')
    >>> to_array(np.array([1, 256], np.uint16), "uint8")
    Traceback (most recent call last):
        ...
    atdata._errors.LensError: 256 in an array of uint16 cannot become uint8 without loss
    """
    if value is None:
        return None
    import numpy as np

    wanted: np.dtype[Any] = np.dtype(dtype)
    if isinstance(like, np.ndarray | np.generic) and like.dtype.newbyteorder("=") == wanted:
        wanted = like.dtype
    if not isinstance(value, np.ndarray | np.generic):
        raise LensError(f"an array is to become {dtype}, and this is a {type_name(type(value))}")
    if value.dtype == wanted:
        return value
    if value.dtype.kind not in _KINDS or wanted.kind not in _KINDS:
        raise LensError(f"an array of {shown(str(value.dtype))} cannot become {dtype}")
    if _holds_all(value.dtype, wanted):
        return value.astype(wanted)
    with np.errstate(all="ignore"):
        made = (np.real(value) if wanted.kind != "c" else value).astype(wanted)
        kept = _same_numbers(value, made)
        if not kept.all():
            lost = value[~kept].flat[0] if value.ndim else value
            raise LensError(f"{lost} in an array of {value.dtype} cannot become {dtype} without loss")
    return made


def _holds_all(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    """Whether no number can be lost. To numpy a cast of 64-bit integers to floats is safe, though it rounds."""
    import numpy as np

    rounds = given.kind in "iu" and given.itemsize == 8 and wanted.kind in "fc"
    return np.can_cast(given, wanted, "safe") and not rounds


def _same_numbers(value: NDArray[Any], made: NDArray[Any]) -> NDArray[np.bool_]:
    """Where ``made`` is the number that ``value`` is; what is no number stays none.

    Casting back shows it, except beyond the ends of integers, where what a cast gives depends on the machine.
    """
    import numpy as np

    back = (made if value.dtype.kind == "c" else np.real(made)).astype(value.dtype)
    kept = np.asarray((back == value) | ((back != back) & (value != value)))
    for whole, other in ((value, made), (made, value)):
        if whole.dtype.kind not in "iu" or other.dtype.kind == "b":
            continue
        ends = np.iinfo(whole.dtype)
        if other.dtype.kind in "iu":
            kept &= (other >= ends.min) & (other <= ends.max)
        else:
            kept &= (np.real(other) >= np.float64(ends.min)) & (np.real(other) < np.float64(ends.max + 1))
    return kept
