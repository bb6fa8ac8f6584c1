"""Stored samples held against all that their class says, as far as decoding them does not do it.

Decoding checks the types of plain values. Of arrays, dtypes and shapes decide: samples whose arrays agree in them are
alike, and of each kind one is validated. Only classes whose rules reach into arrays, lists or other samples have every
sample validated.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.chunk import LazyColumns, SampleChunk
from atdata._decoding.errors import locate
from atdata._decoding.protocol import Columns, Decoder, Indices, Piece, SampleBlock
from atdata._errors import SampleError
from atdata._samples.base import PackableSample
from atdata._samples.constraints import Labels, OneOf, Range, Shape
from atdata._samples.hints import SCALARS, is_array, split_optional
from atdata._samples.meta import SampleMeta
from atdata._samples.rules import rules_of
from atdata._samples.validate import declared_scalar

__all__ = ["CheckedDecoder", "checked"]

T = TypeVar("T")

#: So many kinds of samples are remembered as good, and so many samples are made together to be looked at.
_KNOWN = 1024
_GROUP = 64

_Rules = tuple[Labels | OneOf | Range, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be checked: dtypes and shapes of ``arrays``, plain values by their ``rules``; or each sample.

    ``data``: a check of a sample looks into its arrays.
    """

    arrays: tuple[str, ...]
    rules: Mapping[str, _Rules]
    each: bool
    data: bool

    @property
    def empty(self) -> bool:
        return not (self.arrays or self.rules or self.each)


def checked(decoder: Decoder[T], sample_type: type[T]) -> Decoder[T]:
    """``decoder``, refusing also what ``validate()`` of ``sample_type`` refuses."""
    plan = _plan(sample_type)
    return decoder if plan.empty else CheckedDecoder(decoder, sample_type, plan)


def _plan(cls: Any) -> _Plan:
    arrays: list[str] = []
    rules: dict[str, _Rules] = {}
    own = cls.validate is not PackableSample.validate
    each = data = own
    for name, kind, _, extra, items in rules_of(cls):
        bounds = tuple(rule for rule in extra if isinstance(rule, Labels | OneOf | Range))
        if is_array(kind):
            if declared_scalar(kind) is not None or any(isinstance(rule, Shape) for rule in extra):
                arrays.append(name)
            each, data = each or bool(bounds), data or bool(bounds)
        elif isinstance(kind, type) and kind in SCALARS:
            if bounds:
                rules[name] = bounds
        elif extra or items is not None or not _decided(kind):
            each = True
    return _Plan(tuple(arrays), rules, each, data)


def _decided(kind: Any) -> bool:
    """Whether decoding a value of this type has checked all that the type says."""
    if is_array(kind) or isinstance(kind, SampleMeta):
        return False
    if (typing.get_origin(kind) or kind) not in (list, tuple):
        return True
    inside = [split_optional(argument) for argument in typing.get_args(kind) if argument is not Ellipsis]
    return all(not nullable and _decided(item) for item, nullable in inside)


class CheckedDecoder(Generic[T]):
    """What another decoder makes, checked before anybody sees it."""

    def __init__(self, decoder: Decoder[T], sample_type: type[T], plan: _Plan) -> None:
        self._decoder = decoder
        self._cls = sample_type
        self._plan = plan
        self._good: set[Any] = set()

    @property
    def eager(self) -> bool:
        return self._decoder.eager or self._plan.each

    def rows(self, block: SampleBlock, indices: Indices) -> list[T]:
        columns = self.columns([(block, indices)])
        return columns.rows(0, len(columns))

    def columns(
        self, pieces: Sequence[Piece], fields: Iterable[str] | None = None, order: NDArray[np.intp] | None = None
    ) -> Columns:
        found = self._decoder.columns(pieces, None, order)  # rules tie fields to each other, so all are looked at
        if found.late:
            return _Late(self._cls, found)
        if self._plan.each:
            for low in range(0, len(found), _GROUP):
                high = min(low + _GROUP, len(found))
                _validate(found, low, found.rows(low, high) if self._plan.data else found.probes(low, high))
        else:
            self._values(found)
            self._kinds(found)
        return found

    def _values(self, columns: Columns) -> None:
        part = columns.part(0, len(columns))
        for name, rules in self._plan.rules.items():
            for row, value in enumerate(part[name]):
                if value is not None and any(rule.problem(value) for rule in rules):
                    _validate(columns, row, columns.probes(row, row + 1))

    def _kinds(self, columns: Columns) -> None:
        hollow = [columns.hollow(name) for name in self._plan.arrays]
        # the same stand-in means the same dtype and shape, so most samples are told apart by a number
        seen: set[tuple[int, ...]] = set()
        for row, marks in enumerate(zip(*[map(id, values) for values in hollow], strict=True)):
            if marks in seen:
                continue
            seen.add(marks)
            kind = tuple(_kind(values[row]) for values in hollow)
            if kind not in self._good:
                _validate(columns, row, columns.probes(row, row + 1))
                if len(self._good) < _KNOWN:
                    self._good.add(kind)


def _kind(value: Any) -> Any:
    return None if value is None else (type(value), value.dtype, value.shape)


def _validate(columns: Columns, low: int, samples: Sequence[Any]) -> None:
    """Raise for the first of ``samples``, which begin at row ``low``, that is not what its class says."""
    for row, sample in enumerate(samples, low):
        try:
            sample.validate()
        except SampleError as error:
            raise locate(error, *columns.place(row)) from error


class _Late:
    """Columns of what is decoded when somebody asks: checked then."""

    late = True
    lazy = 0

    def __init__(self, cls: type[Any], columns: Columns) -> None:
        self._cls = cls
        self._columns = columns

    def __len__(self) -> int:
        return len(self._columns)

    def place(self, row: int) -> tuple[SampleBlock, int]:
        return self._columns.place(row)

    def part(self, start: int, stop: int) -> Mapping[str, Any]:
        made: list[Mapping[str, Any]] = []

        def make(name: str) -> Any:
            if not made:
                rows = SampleChunk(self._cls, self.rows(start, stop), lambda row: self.place(start + row))
                made.append(rows.part(0, stop - start))
            return made[0][name]

        return LazyColumns(lambda: list(self._cls.__dataclass_fields__), make)

    def rows(self, start: int, stop: int) -> list[Any]:
        found = self._columns.rows(start, stop)
        _validate(self._columns, start, found)
        return found

    probes = rows

    def hollow(self, name: str) -> list[Any]:
        return [getattr(sample, name) for sample in self.rows(0, len(self))]
