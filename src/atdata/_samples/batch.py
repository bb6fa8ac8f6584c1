"""Batches: the same attribute of many samples at once. Arrays stack, everything else is a list."""

from __future__ import annotations

import copyreg
import typing
from abc import ABCMeta
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from atdata._errors import UnequalShapesError, shown, type_name

if TYPE_CHECKING:
    from typing import Self

__all__ = ["BatchMeta", "SampleBatch", "aggregate", "batch_title", "batch_type_of"]

T_co = TypeVar("T_co", covariant=True)


class BatchMeta(ABCMeta):
    """The class of batch classes: one made at run time pickles as the batch class of its schema document."""

    def __reduce_class__(cls) -> Any:
        sample_type = cls.__dict__.get("_sample_type")
        if sample_type is None or "_document" not in sample_type.__dict__:
            return cls.__qualname__
        return batch_type_of, (sample_type,)


copyreg.pickle(BatchMeta, BatchMeta.__reduce_class__)


def batch_type_of(sample_type: type[Any]) -> type[SampleBatch[Any]]:
    """The typed batch class that came with ``sample_type``, or the plain one.

    >>> import atdata
    >>> batch_type_of(atdata.DictSample).__name__
    'SampleBatch'
    """
    return getattr(sample_type, "_batch_type", None) or SampleBatch


class SampleBatch(Generic[T_co], metaclass=BatchMeta):
    """Samples of one class, read column by column: ``batch.image`` stacks, ``batch.label`` is a list.

    A column is made when it is first asked for, and kept. ``batch["image"]`` is the same as
    ``batch.image``, ``batch[0]`` is the first sample, and ``column_list("image")`` does not stack.

    >>> import atdata
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> batch = SampleBatch[Word]([Word(text="a"), Word(text="b")])
    >>> batch.text, len(batch)
    (['a', 'b'], 2)
    """

    _sample_type: type[Any] | None = None
    _samples: list[Any] | None
    _columns: dict[str, Any]
    _length: int
    _load: Callable[[], list[Any]] | None = None
    _place: Callable[[int], Any] | None = None

    def __class_getitem__(cls, item: Any) -> Any:
        alias = super().__class_getitem__(item)  # type: ignore[misc]  # typeshed hides Generic's
        return _Alias(SampleBatch, alias.__args__) if cls is SampleBatch and isinstance(item, type) else alias

    def __init__(self, samples: Sequence[T_co]) -> None:
        if self._sample_type is None:
            raise TypeError(
                "SampleBatch needs the class of its samples: write SampleBatch[MySample](samples), "
                "not SampleBatch(samples)"
            )
        self._samples = list(samples)
        _check_kinds(self._samples, self._sample_type)
        self._columns = {}
        self._length = len(self._samples)

    @classmethod
    def _set_sample_type(cls, sample_type: type[Any]) -> None:
        cls._sample_type = sample_type

    @classmethod
    def _from_columns(cls, sample_type: type[Any], columns: Mapping[str, Any], length: int) -> Self:
        """A batch of ready columns, whose samples are made only when somebody asks for them."""
        batch = cls.__new__(cls)
        batch._sample_type = sample_type
        batch._samples = None
        batch._columns = dict(columns)
        batch._length = length
        return batch

    @classmethod
    def _from_reader(
        cls,
        sample_type: type[Any],
        columns: Any,
        length: int,
        load: Callable[[], list[Any]],
        place: Callable[[int], Any],
    ) -> Self:
        """A batch whose columns are made as ``columns`` is asked for them, and whose samples ``load`` makes.

        ``place`` gives the block and number of a row, for errors.
        """
        batch = cls.__new__(cls)
        batch._sample_type = sample_type
        batch._samples = None
        batch._columns = columns
        batch._length = length
        batch._load = load
        batch._place = place
        return batch

    @property
    def sample_type(self) -> type[T_co]:
        """The class of the samples."""
        assert self._sample_type is not None
        return self._sample_type

    @property
    def samples(self) -> list[T_co]:
        """The samples themselves."""
        if self._samples is None and self._load is not None:
            self._samples = self._load()
        elif self._samples is None:
            columns = {name: _values(column) for name, column in self._columns.items()}
            self._samples = [
                self._sample_type(**{name: column[i] for name, column in columns.items()})  # type: ignore[misc]
                for i in range(self._length)
            ]
        return self._samples

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T_co]:
        return iter(self.samples)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            try:
                return self._column(key)
            except KeyError:
                raise KeyError(_has_not(self._sample_type, key)) from None
        return self.samples[key]

    def __getattr__(self, name: str) -> Any:
        # Only called for names that are no attribute, so not for those of this class.
        if name.startswith("__") or name in ("_columns", "_samples", "_length"):
            raise AttributeError(name)
        try:
            return self._column(name)
        except KeyError:
            raise AttributeError(_has_not(self._sample_type, name)) from None

    def _column(self, name: str) -> Any:
        try:
            return self._columns[name]
        except KeyError:
            pass
        values = self.column_list(name)
        column = self._columns[name] = aggregate(values, batch_title(self._sample_type), name)
        return column

    def column_list(self, name: str) -> list[Any]:
        """The values of one field as a list, also when they are arrays of unequal shape."""
        if self._samples is None:
            try:
                return _values(self._columns[name])
            except UnequalShapesError:
                return [getattr(sample, name) for sample in self.samples]
        known = getattr(self._sample_type, "__dataclass_fields__", None)
        if known is not None:
            if name not in known:
                raise KeyError(name)
            return [getattr(sample, name) for sample in self._samples]
        if not any(name in sample for sample in self._samples):
            raise KeyError(name)
        return [sample.get(name) for sample in self._samples]

    def decoded_column(
        self, name: str, *, mode: str | None = None, stack: bool = True, max_bytes: int = 1 << 28
    ) -> Any:
        """The images or sounds of a field of encoded bytes as one array, or as a list without ``stack``.

        They are decoded now, in threads; see :func:`atdata.media.decode` for ``mode``, ``max_bytes`` and what comes
        out. Errors name shard, key and field. Needs the extra ``media``::

            for batch in photos.ordered(batch_size=32):
                images = batch.decoded_column("image", mode="RGB", stack=False)
        """
        from atdata._decoding.encoded import decode_values

        assert self._sample_type is not None
        try:
            values = self.column_list(name)
        except KeyError:
            raise KeyError(_has_not(self._sample_type, name)) from None
        found = decode_values(values, self._sample_type, name, self._place, mode=mode, max_bytes=max_bytes)
        return aggregate(found, batch_title(self._sample_type), name) if stack else found

    def __repr__(self) -> str:
        return f"<{batch_title(self._sample_type)} of {self._length} samples>"

    def __reduce__(self) -> Any:
        return _rebuild, (type(self), self._sample_type, self._samples, self._columns, self._length)


class _Alias(typing._GenericAlias, _root=True):  # type: ignore[misc, name-defined, call-arg]  # no other way to see the call
    """``SampleBatch[Word]``: what is made by calling it knows its sample class from the start."""

    def __call__(self, samples: Sequence[Any]) -> SampleBatch[Any]:
        batch: SampleBatch[Any] = SampleBatch._from_columns(self.__args__[0], {}, 0)
        SampleBatch.__init__(batch, samples)
        return batch


def _check_kinds(samples: list[Any], expected: type[Any]) -> None:
    """Raise ``TypeError`` for a sample of another class, which has other columns."""
    if set(map(type, samples)) <= {expected}:
        return
    for row, sample in enumerate(samples):
        if not isinstance(sample, expected):
            found, wanted = type_name(type(sample)), type_name(expected)
            same = ": that is another class of the same name" if found == wanted else ""
            raise TypeError(f"SampleBatch[{wanted}] takes samples of {wanted}, not of {found} as at {row}{same}")


def _values(column: Any) -> list[Any]:
    """The values of a column one by one; those of a row of numbers are arrays without dimensions, not scalars."""
    if getattr(column, "ndim", None) == 1:
        return [column[i, ...] for i in range(len(column))]
    return list(column)


def _rebuild(cls: Any, sample_type: Any, samples: Any, columns: Any, length: int) -> SampleBatch[Any]:
    batch: SampleBatch[Any] = cls._from_columns(sample_type, columns, length)
    batch._samples = samples
    return batch


def batch_title(sample_type: type[Any] | None) -> str:
    """What a batch of ``sample_type`` is called in messages."""
    typed = batch_type_of(sample_type) if sample_type is not None else SampleBatch
    return type_name(typed) if typed is not SampleBatch else f"SampleBatch[{type_name(sample_type or object)}]"


def aggregate(values: list[Any], title: str, name: str) -> Any:
    """The column of ``values``: stacked when all are arrays. ``title`` and ``name`` are for the error's text."""
    import numpy as np

    if not values or not isinstance(values[0], np.ndarray) or not all(isinstance(v, np.ndarray) for v in values):
        return values
    if any(v.shape != values[0].shape for v in values):
        what = "shape", "crop or pad the samples first", [str(v.shape) for v in values]
    else:
        try:
            return np.stack(values)
        except TypeError:  # numpy knows no dtype that could hold both
            what = "dtype", "convert the samples first", [str(v.dtype) for v in values]
    kind, advice, every = what
    found = list(dict.fromkeys(every))
    listed = ", ".join(found[:6]) + (", ..." if len(found) > 6 else "")
    raise UnequalShapesError(
        f"{title}.{name}: arrays of unequal {kind} do not stack ({listed}); "
        f"use column_list({name!r}) for a list, or {advice}",
        sample_type=title,
        field=name,
    )


def _has_not(sample_type: Any, name: str) -> str:
    known = getattr(sample_type, "__dataclass_fields__", None)
    has = "its samples have no such field" if known is None else f"it has {', '.join(known) or 'none'}"
    return f"{batch_title(sample_type)} has no column {shown(name)}; {has}"
