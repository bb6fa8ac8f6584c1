"""The decoders in pure Python: many samples at once where they lie alike, else one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from atdata._decoding.arrays import Arrays, Pieces, Ready
from atdata._decoding.chunk import Chunk, SampleChunk, places
from atdata._decoding.columns import Column, Listed
from atdata._decoding.errors import decode_one
from atdata._decoding.fields import SamplePlan, sample_plan
from atdata._decoding.layout import Layout, learn
from atdata._decoding.make import Make, converters, maker
from atdata._decoding.protocol import Columns, Decoder, Indices, Piece, SampleBlock
from atdata._decoding.source import Ints, Odd, Source
from atdata._decoding.walk import read_columns

__all__ = ["SMALL", "ColumnDecoder", "SampleDecoder", "decoder_for"]

T = TypeVar("T")

#: Samples up to this size are put side by side when they come from several buffers.
SMALL = 16_384

#: So many samples of so few bytes are sooner read when they are side by side.
_MANY, _TINY = 64, 256

#: So few samples are sooner read one by one.
_FEW = 8

_known: WeakKeyDictionary[type[Any], Decoder[Any]] = WeakKeyDictionary()


def decoder_for(sample_type: type[T]) -> Decoder[T]:
    """The decoder of ``sample_type``, the same one each time.

    >>> import atdata
    >>> type(decoder_for(atdata.DictSample)).__name__
    'SampleDecoder'
    """
    found = _known.get(sample_type)
    if found is None:
        found = _known[sample_type] = _make(sample_type)
    return cast("Decoder[T]", found)


def _make(sample_type: type[Any]) -> Decoder[Any]:
    if hasattr(sample_type, "__dataclass_fields__") and hasattr(sample_type, "_decode"):
        plan = sample_plan(sample_type)
        if plan.direct and plan.fields:
            return ColumnDecoder(sample_type, plan)
    return SampleDecoder(sample_type)


class SampleDecoder(Generic[T]):
    """Any sample type, by its own ``from_bytes``."""

    eager = True

    def __init__(self, sample_type: type[T]) -> None:
        self._cls = sample_type

    def rows(self, block: SampleBlock, indices: Indices) -> list[T]:
        return [self._one(block, i) for i in _numbers(block, indices)]

    def columns(
        self, pieces: Sequence[Piece], fields: Iterable[str] | None = None, order: NDArray[np.intp] | None = None
    ) -> Columns:
        samples = [self._one(block, i) for block, indices in pieces for i in _numbers(block, indices)]
        if order is not None:
            samples = [samples[i] for i in order.tolist()]
        return SampleChunk(self._cls, samples, places(pieces, order))

    def _one(self, block: SampleBlock, index: int) -> T:
        from_bytes: Any = self._cls.from_bytes  # type: ignore[attr-defined]  # every sample type has it
        return cast(T, decode_one(from_bytes, block, index))


class ColumnDecoder(SampleDecoder[T]):
    """A class whose samples are their fields and nothing else."""

    def __init__(self, sample_type: type[T], plan: SamplePlan) -> None:
        super().__init__(sample_type)
        self.eager = any(field.kind in ("list", "other", "str", "bytes") for field in plan.fields.values())
        self._plan = plan
        self._names = tuple(plan.fields)
        self._makers: dict[frozenset[str] | None, Make] = {None: maker(self._names)}
        self._convert = {name: partial(convert, sample_type) for name, convert in converters(plan).items()}
        self._layouts: dict[frozenset[str] | None, Layout] = {}

    def rows(self, block: SampleBlock, indices: Indices) -> list[T]:
        if not isinstance(indices, slice) and len(indices) < _FEW:
            return super().rows(block, indices)
        columns = self.columns([(block, indices)])
        return columns.rows(0, len(columns))

    def columns(
        self, pieces: Sequence[Piece], fields: Iterable[str] | None = None, order: NDArray[np.intp] | None = None
    ) -> Columns:
        wanted = None if fields is None else frozenset(fields)
        if wanted is not None and not wanted <= self._plan.fields.keys():
            unknown = ", ".join(sorted(wanted - self._plan.fields.keys()))
            raise KeyError(f"{self._cls.__name__} has no field {unknown}")
        try:
            read, length = self._read(pieces, wanted, order)
        except (Odd, IndexError):
            return super().columns(pieces, fields, order)
        names = self._names if wanted is None else [name for name in self._names if name in wanted]
        columns = {name: read[name] for name in names}
        make = self._makers.get(wanted) or self._makers.setdefault(wanted, maker(names))
        return Chunk(self._cls, columns, length, make, places(pieces, order))

    def _read(
        self, pieces: Sequence[Piece], wanted: frozenset[str] | None, order: NDArray[np.intp] | None
    ) -> tuple[dict[str, Column], int]:
        spans = [(block, *_spans(block, indices)) for block, indices in pieces]
        length = sum(len(starts) for _, starts, _ in spans)
        if length == 0:
            return {name: Listed([]) for name in self._names}, 0
        if len(spans) > 1 and sum(int(sizes.sum()) for _, _, sizes in spans) <= SMALL * length:
            source, starts, ends = _joined(spans, order)
            return self._scan(source, starts, ends, wanted), length
        if len(spans) == 1:
            block, starts, sizes = spans[0]
            if order is not None:
                starts, sizes = starts[order], sizes[order]
            if length >= _MANY and (most := int(sizes.max())) <= _TINY:
                source, starts = Source(block.buffer).gathered(starts, most)
            else:
                source = Source(block.buffer)
            return self._scan(source, starts, starts + sizes, wanted), length
        read = [self._scan(Source(block.buffer), starts, starts + sizes, wanted) for block, starts, sizes in spans]
        return _merged(read, [len(starts) for _, starts, _ in spans], order), length

    def _scan(self, source: Source, starts: Ints, ends: Ints, wanted: frozenset[str] | None) -> dict[str, Column]:
        known = self._layouts.get(wanted)
        if known is not None:
            try:
                return self._by(known, source, starts, ends, wanted)
            except (Odd, IndexError):
                pass
        layout = learn(source.memory[int(starts[0]) : int(ends[0])], self._plan.fields, wanted)
        if layout is None or layout == known:
            raise Odd
        found = self._by(layout, source, starts, ends, wanted)
        self._layouts[wanted] = layout
        return found

    def _by(
        self, layout: Layout, source: Source, starts: Ints, ends: Ints, wanted: frozenset[str] | None
    ) -> dict[str, Column]:
        found = read_columns(layout, source, starts, ends, self._convert)
        for name in layout.absent:
            if wanted is None or name in wanted:
                found[name] = self._default(name, source, int(starts[0]), int(ends[0]), len(starts))
        return found

    def _default(self, name: str, source: Source, start: int, end: int, count: int) -> Column:
        """What the first sample gets for a field that the data does not have, when all can share it."""
        if self._plan.fields[name].required:
            raise Odd
        from_bytes: Any = self._cls.from_bytes  # type: ignore[attr-defined]  # every sample type has it
        try:
            value = getattr(from_bytes(bytes(source.memory[start:end])), name)
        except ValueError:
            raise Odd from None
        if value is not None and type(value) not in (str, int, float, bool, bytes):
            raise Odd
        return Listed([value] * count)


def _numbers(block: SampleBlock, indices: Indices) -> Iterator[int]:
    if isinstance(indices, slice):
        yield from range(*indices.indices(len(block.offsets)))
    else:
        yield from indices.tolist()


def _spans(block: SampleBlock, indices: Indices) -> tuple[Ints, Ints]:
    return block.offsets[indices], block.sizes[indices]


def _joined(
    spans: Sequence[tuple[SampleBlock, Ints, Ints]], order: NDArray[np.intp] | None
) -> tuple[Source, Ints, Ints]:
    """Samples of several buffers side by side in one, in their final order."""
    parts = []
    for block, starts, sizes in spans:
        memory = block.buffer
        parts += [memory[a:b] for a, b in zip(starts.tolist(), (starts + sizes).tolist(), strict=True)]
    lengths = np.concatenate([sizes for _, _, sizes in spans])
    if order is not None:
        parts = [parts[i] for i in order.tolist()]
        lengths = lengths[order]
    ends = np.cumsum(lengths, dtype=np.int64)
    # a little more than the samples, so that numbers at the very end are read like all others
    return Source(b"".join([*parts, bytes(64)])), ends - lengths, ends


def _merged(
    read: Sequence[dict[str, Column]], lengths: Sequence[int], order: NDArray[np.intp] | None
) -> dict[str, Column]:
    owners = np.repeat(np.arange(len(lengths)), lengths)
    rows = np.concatenate([np.arange(n) for n in lengths])
    if order is not None:
        owners, rows = owners[order], rows[order]
    merged: dict[str, Column] = {}
    for name, first in read[0].items():
        columns = [found[name] for found in read]
        if isinstance(first, Arrays):
            arrays = [c for c in columns if isinstance(c, Arrays) and (c.dtype, c.shape) == (first.dtype, first.shape)]
            if len(arrays) < len(columns):
                raise Odd
            merged[name] = Pieces(arrays, owners, rows)
            continue
        values = [value for column, n in zip(columns, lengths, strict=True) for value in column.values(0, n)]
        merged[name] = Ready(values if order is None else [values[i] for i in order.tolist()])
    return merged
