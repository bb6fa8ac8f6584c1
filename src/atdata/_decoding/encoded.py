"""Columns of encoded values as arrays: decoded when they are asked for, in threads, with errors that say where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.errors import locate
from atdata._errors import DecodeError, SampleError, shown, type_name
from atdata._threads import in_threads
from atdata.media import MAX_BYTES, decode

if TYPE_CHECKING:
    from atdata._decoding import SampleBlock

__all__ = ["Encoded", "decode_values"]

#: From a row to the block that it came from, and its number there.
_Place = Callable[[int], "tuple[SampleBlock, int]"]
_Value = bytes | memoryview | None


def decode_values(
    values: Sequence[_Value],
    cls: type[Any],
    name: str,
    place: _Place | None,
    *,
    mode: str | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[NDArray[Any] | None]:
    """The arrays in ``values`` of a field; None stays None. Errors name field, and shard and key where known."""

    def one(row: int) -> NDArray[Any] | None:
        value = values[row]
        if value is None:
            return None
        try:
            if not isinstance(value, bytes | memoryview):
                raise DecodeError(f"encoded bytes are wanted, not {shown(value)}")
            return decode(value, mode=mode, max_bytes=max_bytes)
        except DecodeError as error:
            title = type_name(cls)
            named: SampleError = DecodeError(f"{title}.{name}: {error}", sample_type=title, field=name)
            raise (named if place is None else locate(named, *place(row))) from error

    return in_threads(one, range(len(values)))


class Encoded:
    """A column of arrays whose encoded bytes are at hand."""

    __slots__ = ("_cls", "_dtype", "_mode", "_name", "_place", "_values")

    def __init__(
        self, values: Sequence[_Value], cls: type[Any], name: str, place: _Place, dtype: Any, mode: str | None
    ) -> None:
        self._values = values
        self._cls = cls
        self._name = name
        self._place = place
        self._dtype = dtype
        self._mode = mode

    def part(self, start: int, stop: int) -> Any:
        from atdata._decoding.arrays import stack

        return stack(self.values(start, stop))

    def values(self, start: int, stop: int) -> list[Any]:
        def place(row: int) -> tuple[SampleBlock, int]:
            return self._place(start + row)

        found = decode_values(self._values[start:stop], self._cls, self._name, place, mode=self._mode)
        return [value if value is None else self._fit(value, start + row) for row, value in enumerate(found)]

    def _fit(self, value: NDArray[Any], row: int) -> NDArray[Any]:
        if self._dtype is None or value.dtype == self._dtype:
            return value
        if not np.can_cast(value.dtype, self._dtype, "safe"):
            title = type_name(self._cls)
            wrong = DecodeError(
                f"{title}.{self._name}: an array of {value.dtype} does not fit into {self._dtype}",
                sample_type=title,
                field=self._name,
            )
            raise locate(wrong, *self._place(row))
        return value.astype(self._dtype)
