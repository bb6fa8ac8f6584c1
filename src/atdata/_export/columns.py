"""Samples as columns: rows are gathered until they fill one row group, or the dataset is at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from atdata._errors import shown
from atdata._export.layouts import Layout, Npy, Null, Ragged, Scalar, Tensor, Vector, fields_of

__all__ = ["Columns", "Exportable", "SampleMap", "declared", "groups", "row_of"]

S_co = TypeVar("S_co", covariant=True)
SampleMap = Callable[[Any], Mapping[str, Any]]


class Exportable(Protocol[S_co]):
    """What can be exported: anything that gives its samples in order, such as a Dataset."""

    @property
    def sample_type(self) -> type[S_co]: ...

    def ordered(self) -> Iterable[S_co]: ...


def row_of(sample: Any) -> Mapping[str, Any]:
    """The fields of a sample by name. Arrays that a :class:`~atdata.DictSample` keeps as bytes become arrays."""
    names = fields_of(sample)
    if names:
        return {name: getattr(sample, name) for name in names}
    from atdata._samples.npy import opened

    return {name: opened(value) for name, value in dict(sample.items()).items()}


class Columns:
    """Rows under way, column by column. A row may lack columns and bring new ones."""

    def __init__(self) -> None:
        self.values: dict[str, list[Any]] = {}
        self.rows = 0
        self.nbytes = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Put one row to the others."""
        for name, value in row.items():
            column = self.values.get(name)
            if column is None:
                column = self.values[name] = [None] * self.rows
            column.append(value)
            self.nbytes += _size(value)
        self.rows += 1
        if len(row) != len(self.values):
            for column in self.values.values():
                if len(column) < self.rows:
                    column.append(None)


def _size(value: Any) -> int:
    count = getattr(value, "size", None)
    if isinstance(count, int):
        # Parquet keeps small integers in four bytes, and takes as much again while it packs them.
        return max(int(value.nbytes), 4 * count)
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, list | tuple):
        return 8 + sum(map(_size, value))
    if isinstance(value, Mapping):
        return 8 + sum(map(_size, value.values()))
    return 8 + sum(_size(getattr(value, name, None)) for name in fields_of(value))


def groups(
    dataset: Exportable[Any], sample_map: SampleMap | None, rows: int, nbytes: int, segment: int | None
) -> Iterator[tuple[Columns, bool]]:
    """Row groups of bounded size, and whether a new segment of ``segment`` rows begins with them."""
    columns = Columns()
    taken = 0
    first = True
    for sample in dataset.ordered():
        if segment is not None and taken == segment:
            if columns.rows:
                yield columns, first
                columns = Columns()
            first, taken = True, 0
        columns.add(row_of(sample) if sample_map is None else _mapped(sample_map, sample))
        taken += 1
        if columns.rows >= rows or columns.nbytes >= nbytes:
            yield columns, first
            columns, first = Columns(), False
    if columns.rows:
        yield columns, first


def _mapped(sample_map: SampleMap, sample: Any) -> Mapping[str, Any]:
    row: Any = sample_map(sample)
    if not isinstance(row, Mapping):
        raise TypeError(f"sample_map must give a dictionary for each sample, not {shown(row)}")
    for name in row:
        if not isinstance(name, str):
            raise TypeError(f"sample_map must give names as keys, not {shown(name)}")
    return row


def declared(sample_type: type[Any]) -> dict[str, Layout]:
    """What the annotations of a sample class say about its columns, for those in which nothing was seen."""
    if not hasattr(sample_type, "__dataclass_fields__"):
        return {}
    from atdata._samples.hints import field_hints

    return {name: _declared(hint) for name, hint in field_hints(sample_type).items()}


def _declared(hint: Any) -> Layout:

    from atdata._samples.constraints import Shape
    from atdata._samples.hints import SCALARS, extras, is_array, split_optional

    kind, _ = split_optional(hint)
    if is_array(kind):
        shape = next((rule.dims for rule in extras(hint) if isinstance(rule, Shape)), None)
        return _declared_array(kind, shape)
    if isinstance(kind, type) and kind in SCALARS:
        return Scalar(SCALARS[kind])
    return Null()


def _declared_array(kind: Any, shape: tuple[str | int, ...] | None) -> Layout:
    import typing

    import numpy as np

    arguments = [typing.get_args(part) for part in typing.get_args(kind)[1:]]
    try:
        dtype = np.dtype(arguments[0][0])
    except (IndexError, TypeError):
        return Npy()
    if dtype.kind not in "biufc" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        return Npy()
    if shape is None:
        return Ragged(dtype.str)
    sizes = tuple(dim for dim in shape if isinstance(dim, int))
    if len(sizes) == len(shape) and 0 not in sizes:
        return Tensor(dtype.str, sizes)
    return Vector(dtype.str) if len(shape) == 1 else Ragged(dtype.str)
