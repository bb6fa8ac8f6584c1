"""Samples of several members as columns and samples: what :class:`~atdata._decoding.Decoder` is for packed ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.arrays import stack
from atdata._decoding.chunk import Chunk, SampleChunk
from atdata._decoding.columns import Column
from atdata._decoding.errors import locate
from atdata._decoding.fields import Field, sample_plan
from atdata._decoding.make import Make, converters, maker
from atdata._decoding.protocol import Columns, Indices, Piece, SampleBlock
from atdata._errors import DecodeError, MissingFieldError, SampleError, type_name
from atdata._foreign.fit import dtype_of, fits_of
from atdata._foreign.members import Place, Reading, media_type
from atdata._samples.hints import is_array

__all__ = ["MemberDecoder"]

T = TypeVar("T")


class _Groups(SampleBlock, Protocol):
    """What blocks of such samples can do besides."""

    def member(self, i: int, extension: str) -> memoryview | None: ...


_BANDS: dict[str | int, str] = {3: "RGB", 4: "RGBA"}
#: One sample: its block and its number there.
_Where = tuple[_Groups, int]


class MemberDecoder(Generic[T]):
    """Makes samples of ``sample_type`` from the members that ``mapping`` names for each field."""

    eager = False

    def __init__(self, sample_type: type[T], mapping: Mapping[str, str]) -> None:
        cls: Any = sample_type
        self._cls = cls
        self._places = {field: Place.parse(text) for field, text in mapping.items()}
        self._plain = hasattr(self._cls, "__dataclass_fields__") and hasattr(self._cls, "_decode")
        self._fits = fits_of(self._cls) if self._plain else {}
        self._fields: dict[str, Field] = {}
        self._makers: dict[tuple[str, ...], Make] = {}
        self._pictures: dict[str, tuple[np.dtype[Any] | None, str | None]] = {}
        if self._plain:
            plan = sample_plan(self._cls)
            self._fields = plan.fields
            self._plain = plan.direct
            self._convert = converters(plan)
            self._pictures = _pictures(self._cls)
            self._defaults = {f.name: _default(f) for f in dataclasses.fields(self._cls)}

    def rows(self, block: SampleBlock, indices: Indices) -> list[T]:
        found = self.columns([(block, indices)])
        return found.rows(0, len(found))

    def columns(
        self, pieces: Sequence[Piece], fields: Iterable[str] | None = None, order: NDArray[np.intp] | None = None
    ) -> Columns:
        every: list[_Where] = [(block, i) for block, indices in pieces for i in _numbers(block, indices)]  # type: ignore[misc]  # blocks of groups
        if order is not None:
            every = [every[i] for i in order.tolist()]
        if not self._plain:
            reading = Reading()
            samples = [_at(where, partial(self._sample, reading, where)) for where in every]
            return SampleChunk(self._cls, samples, every.__getitem__)
        wanted = self._fields.keys() if fields is None else set(fields)
        unknown = ", ".join(sorted(wanted - self._fields.keys()))
        if unknown:
            raise KeyError(f"{self._cls.__name__} has no field {unknown}")
        columns = self._columns([field for name, field in self._fields.items() if name in wanted], every)
        late = any(map(_is_late, columns.values()))
        make = self._makers.get(tuple(columns)) or self._makers.setdefault(tuple(columns), maker(tuple(columns)))
        return Chunk(self._cls, columns, len(every), make, every.__getitem__, late)

    # ------------------------------------------------------------------ one sample

    def _sample(self, reading: Reading, where: _Where) -> T:
        block, i = where
        values: dict[str, Any] = {}
        for field, place in self._places.items():
            raw = block.member(i, place.extension)
            value = None if raw is None else reading.value(place, raw, typed=bool(self._fields))
            if isinstance(value, bytes) and field in self._fields and _is_encoded(place, self._fields[field]):
                values[field] = self._encoded(self._fields[field], place, [where]).values(0, 1)[0]
            elif value is not None:
                values[field] = self._fits[field](value) if field in self._fits else value
        made: T = self._cls.from_data(values)
        return made

    # ------------------------------------------------------------------ one field of many samples

    def _columns(self, fields: Sequence[Field], every: Sequence[_Where]) -> dict[str, Column]:
        """Everything but whole members as bytes is read now, sample by sample, so that a JSON text is parsed once."""
        columns: dict[str, Column] = {}
        read: list[tuple[Field, list[Any]]] = []
        for field in fields:
            place = self._places.get(field.name)
            if place is not None and not place.pointer and field.kind == "bytes":
                columns[field.name] = _Raw(every, place.extension, partial(self._default, field))
                self._present(field, place, every)
            elif place is not None and _is_encoded(place, field):
                columns[field.name] = self._encoded(field, place, every)
                self._present(field, place, every)
            else:
                read.append((field, []))
                columns[field.name] = _Values(read[-1][1])
        if read:
            reading = Reading()
            for where in every:
                _at(where, partial(self._read, read, where, reading))
        return columns

    def _encoded(self, field: Field, place: Place, every: Sequence[_Where]) -> Column:
        from atdata._decoding.encoded import Encoded

        dtype, mode = self._pictures[field.name]
        raws = [block.member(i, place.extension) for block, i in every]
        return Encoded(raws, self._cls, field.name, every.__getitem__, dtype, mode)

    def _present(self, field: Field, place: Place, every: Sequence[_Where]) -> None:
        """Raise when a sample lacks the member of a required field."""
        if field.required:
            for where in every:
                if where[0].member(where[1], place.extension) is None:
                    _at(where, partial(self._default, field))

    def _read(self, fields: Sequence[tuple[Field, list[Any]]], where: _Where, reading: Reading) -> None:
        for field, values in fields:
            values.append(self._value(field, where, reading))

    def _value(self, field: Field, where: _Where, reading: Reading) -> Any:
        place = self._places.get(field.name)
        if place is None:
            return self._default(field)
        raw = where[0].member(where[1], place.extension)
        name = type_name(self._cls)
        try:
            value = None if raw is None else reading.value(place, raw, typed=True)
            if value is None:
                return self._default(field)
            value = self._fits[field.name](value) if field.name in self._fits else value
        except DecodeError as error:
            raise DecodeError(f"{name}.{field.name}: {error}", sample_type=name, field=field.name) from error
        return self._convert[field.name](self._cls, [value])[0]

    def _default(self, field: Field) -> Any:
        if field.required:
            name = type_name(self._cls)
            place = self._places.get(field.name)
            member = f"no member .{place.extension}" if place is not None else "no member for it"
            raise MissingFieldError(
                f"{name}.{field.name} is missing; it is required, and there is {member}{_inside(place)}",
                sample_type=name,
                field=field.name,
            )
        return self._defaults[field.name]()


def _is_encoded(place: Place, field: Field) -> bool:
    """Whether an array is to be made of an image or a sound."""
    media = media_type(place.extension).partition("/")[0]
    return field.kind == "ndarray" and not place.pointer and media in ("image", "audio")


def _pictures(cls: type[Any]) -> dict[str, tuple[np.dtype[Any] | None, str | None]]:
    """By field of arrays, the dtype that is wanted, and the mode of images that its shape calls for."""
    from atdata._samples.constraints import Shape
    from atdata._samples.rules import rules_of

    found: dict[str, tuple[np.dtype[Any] | None, str | None]] = {}
    for name, kind, _, extra, _ in rules_of(cls):
        if is_array(kind):
            dims = next((rule.dims for rule in extra if isinstance(rule, Shape)), ())
            dtype = dtype_of(kind)
            mode = _BANDS.get(dims[2]) if len(dims) == 3 else None
            found[name] = dtype, "L" if len(dims) == 2 and dtype == np.uint8 else mode
    return found


def _inside(place: Place | None) -> str:
    return f" with something at {'/'.join(['', *place.pointer])!a}" if place is not None and place.pointer else ""


def _default(field: dataclasses.Field[Any]) -> Callable[[], Any]:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    return lambda: field.default


def _numbers(block: SampleBlock, indices: Indices) -> Iterable[int]:
    return range(*indices.indices(len(block.offsets))) if isinstance(indices, slice) else indices.tolist()


def _at(where: _Where, make: Callable[[], Any]) -> Any:
    """What ``make`` makes; its errors say which sample it was."""
    try:
        return make()
    except SampleError as error:
        raise locate(error, *where) from error


def _is_late(column: Column) -> bool:
    from atdata._decoding.encoded import Encoded

    return isinstance(column, Encoded)


class _Values:
    """Values that are there; arrays stack."""

    __slots__ = ("_values",)

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def part(self, start: int, stop: int) -> Any:
        return stack(self._values[start:stop])

    def values(self, start: int, stop: int) -> list[Any]:
        return self._values[start:stop]


class _Raw:
    """Whole members as bytes, copied when somebody asks."""

    __slots__ = ("_default", "_every", "_extension")

    def __init__(self, every: Sequence[_Where], extension: str, default: Callable[[], Any]) -> None:
        self._every = every
        self._extension = extension
        self._default = default

    def part(self, start: int, stop: int) -> list[Any]:
        found = [block.member(i, self._extension) for block, i in self._every[start:stop]]
        return [self._default() if raw is None else bytes(raw) for raw in found]

    values = part
