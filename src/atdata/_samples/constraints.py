"""What an annotation may say beyond its type: ``Annotated[NDArray[np.uint8], Shape("h w 3")]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atdata._errors import shown

__all__ = ["Labels", "Length", "MediaType", "OneOf", "Range", "Shape", "Unit"]


class Shape:
    """The dimensions of an array, written like jaxtyping's: a size, a name, or ``_`` for any size.

    Equal names mean equal sizes within one sample.

    >>> Shape("h w 3").dims
    ('h', 'w', 3)
    >>> Shape("h w 3") == Shape("h", "w", 3)
    True
    """

    __slots__ = ("dims",)
    dims: tuple[str | int, ...]

    def __init__(self, *dims: str | int) -> None:
        parts: list[str | int] = []
        for dim in dims:
            parts.extend(dim.split() if isinstance(dim, str) else [dim])
        self.dims = tuple(_dim(part) for part in parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and self.dims == other.dims

    def __hash__(self) -> int:
        return hash(self.dims)

    def __repr__(self) -> str:
        return f"Shape({str(self)!r})"

    def __str__(self) -> str:
        return " ".join(str(dim) for dim in self.dims)

    def problem(self, shape: tuple[int, ...], known: dict[str, tuple[int, str]], field: str) -> str | None:
        """What is wrong with ``shape``, or None. ``known`` holds the sizes that names had in earlier fields."""
        if len(shape) != len(self.dims):
            return f"shape {shape} has {len(shape)} dimensions, not the {len(self.dims)} of ({self})"
        for dim, size in zip(self.dims, shape, strict=True):
            if isinstance(dim, int):
                if dim != size:
                    return f"shape {shape} does not fit ({self})"
            elif dim != "_":
                first, where = known.setdefault(dim, (size, field))
                if first != size:
                    return f"shape {shape} does not fit ({self}): {dim} is {first} in {where}"
        return None


def _dim(part: str | int) -> str | int:
    if isinstance(part, bool) or not isinstance(part, str | int):
        raise TypeError(f"a dimension is a number or a name, not {part!r}")
    if isinstance(part, str) and part.isascii() and part.isdigit():
        part = int(part)
    if isinstance(part, int):
        if part == -1:
            return "_"
        if part < 0:
            raise ValueError(f"a dimension cannot be {part}")
        return part
    if not part.isidentifier():
        raise ValueError(f"a dimension is a number, a name or _, not {part!r}")
    return part


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of the values of an integer class label, from 0 on."""

    names: tuple[str, ...]

    def problem(self, value: Any) -> str | None:
        if 0 <= value < len(self.names):
            return None
        return f"{shown(value)} is no label; there are {len(self.names)}, from 0 on"


@dataclass(frozen=True, slots=True)
class Length:
    """The least and the greatest number of values in a list, both allowed.

    >>> Length(1, 3).problem([])
    'holds 0 values, fewer than 1'
    """

    minimum: int = 0
    maximum: int | None = None

    def problem(self, value: Any) -> str | None:
        if len(value) < self.minimum:
            return f"holds {len(value)} values, fewer than {self.minimum}"
        if self.maximum is not None and len(value) > self.maximum:
            return f"holds {len(value)} values, more than {self.maximum}"
        return None


@dataclass(frozen=True, slots=True)
class OneOf:
    """The values that a field may have."""

    values: tuple[str | int | float | bool, ...]

    def problem(self, value: Any) -> str | None:
        return None if value in self.values else f"{shown(value)} is none of the {len(self.values)} allowed values"


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value, both allowed; for arrays they bound each element."""

    minimum: float | int | None = None
    maximum: float | int | None = None

    def problem(self, value: Any) -> str | None:
        size = getattr(value, "size", None)
        if size == 0:
            return None
        low, high = (value.min(), value.max()) if size else (value, value)
        if self.minimum is not None and not low >= self.minimum:
            return f"{_short(low)} is below the minimum {_short(self.minimum)}"
        if self.maximum is not None and not high <= self.maximum:
            return f"{_short(high)} is above the maximum {_short(self.maximum)}"
        return None


def _short(number: Any) -> str:
    return shown(number) if isinstance(number, int) else str(number)[:80]


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, such as ``Hz``. It says what the number means and checks nothing."""

    name: str


@dataclass(frozen=True, slots=True)
class MediaType:
    """What the bytes of a field are, such as ``image/jpeg``. It is not checked."""

    name: str
