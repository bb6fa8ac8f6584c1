"""The other half of a dataset's face: samples by number, raw samples, tables, and how it shows itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from atdata._dataset.view import batch_of
from atdata._errors import shown

if TYPE_CHECKING:
    import os
    from pathlib import Path

    import pandas
    import pyarrow

    from atdata._dataset.core import Core
    from atdata._samples.batch import SampleBatch

    # For editors. mypy could not tell what a DataLoader of them holds unless it read all of torch, ten seconds for
    # every program that has torch installed; for mypy, which takes MYPY for true, they are Any.
    MYPY = False
    if MYPY:
        from typing import Any as NumberedSamples
        from typing import Any as TensorPasses
    else:
        from atdata._dataset._torch import NumberedSamples, TensorPasses

__all__ = ["Access"]

S_co = TypeVar("S_co", covariant=True)


class Access(Generic[S_co]):
    """What :class:`Dataset` inherits."""

    _core: Core

    # ------------------------------------------------------------------ by number

    def __len__(self) -> int:
        """How many samples there are; ``TypeError`` where only reading would tell."""
        if self._core.view.drops:
            raise TypeError("a filtered dataset does not know how many samples it has before they are read")
        return self._core.count()

    def __bool__(self) -> bool:
        """Always true: a dataset is not opened to ask whether it is empty."""
        return True

    @overload
    def __getitem__(self, number: int) -> S_co: ...
    @overload
    def __getitem__(self, number: slice) -> list[S_co]: ...
    def __getitem__(self, number: int | slice) -> Any:
        """The sample of this number, or a list of the samples of a slice."""
        from atdata._dataset.numbered import by_number

        if isinstance(number, slice):
            return by_number(self._core, range(*number.indices(len(self))))
        if not hasattr(number, "__index__"):
            raise TypeError(
                f"a sample is asked for by its number, not by {shown(number)}; dataset[10:20] gives several, "
                "dataset.select([3, 7]) is the dataset of those, and a batch has columns: batch.name"
            )
        index = number.__index__()
        count = self._core.count(look=False)
        if not -count <= index < count:
            raise IndexError(f"sample {index} was asked for, and there are only {count}")
        return by_number(self._core, [index % count])[0]

    def __getitems__(self, numbers: Sequence[int]) -> list[S_co]:
        """The samples of these numbers, decoded together. DataLoader calls this."""
        from atdata._dataset.collate import known_to_torch
        from atdata._dataset.numbered import by_number

        known_to_torch()
        count = self._core.count(look=False)
        return by_number(self._core, [n if n >= 0 else n + count for n in numbers])

    def _chosen(self, numbers: Iterable[int]) -> Core:
        from atdata._dataset.numbered import chosen

        return chosen(self._core, numbers)

    # ------------------------------------------------------------------ raw samples

    def wrap(self, sample: Mapping[str, Any]) -> S_co:
        """The sample in a raw one as WebDataset has it: a dictionary with msgpack bytes under ``msgpack``.

        Where ``members`` were given, it is a dictionary with the bytes of each.
        """
        core = self._core
        if core.stored is not None and core.stored.mapping is not None:
            stored: Any = core.stored.one(core.view.stored, sample)
        else:
            stored = core.view.stored.from_bytes(_raw(sample))
        if core.check:
            stored.validate()
        return core.view.sample(stored)  # type: ignore[no-any-return]

    def wrap_batch(self, batch: Mapping[str, Any]) -> SampleBatch[Any]:
        """The samples in a raw batch: a dictionary with a list of msgpack bytes under ``msgpack``."""
        view = self._core.view
        stored = [view.stored.from_bytes(raw) for raw in _raw(batch)]
        if self._core.check:
            for sample in stored:
                sample.validate()
        return batch_of(view.sample_type, [view.sample(sample) for sample in stored])  # type: ignore[no-any-return]

    # ------------------------------------------------------------------ elsewhere

    def torch(
        self, batch_size: int | None = None, *, shuffle: bool = False, decode: Sequence[str] = (), **options: Any
    ) -> TensorPasses:
        """A torch ``IterableDataset`` of the samples as dictionaries of tensors, in batches of ``batch_size``.

        Give it to ``DataLoader(..., batch_size=None)``: batches are made here, workers and ranks share them
        so that the order is that of one process, and tensors use the memory that arrays were decoded into. Without
        ``batch_size`` there are single samples, of which a DataLoader may make batches as it does of any others.
        Rank and world size are those of ``torch.distributed`` or of the environment, unless given. Fields in
        ``decode`` are encoded images or sounds, and become tensors (see :meth:`SampleBatch.decoded`). Other
        options are those of :meth:`shuffled` or :meth:`ordered`. Call ``set_epoch`` before each epoch.
        """
        from atdata._dataset._torch import iterable

        return iterable(self, batch_size, shuffle, decode, options)

    def torch_map(self, *, decode: Sequence[str] = ()) -> NumberedSamples:
        """A map-style torch dataset: ``len``, and samples by number as dictionaries of tensors.

        Fields in ``decode`` are encoded images or sounds, and become tensors.
        """
        from atdata._dataset._torch import numbered

        return numbered(self, decode)

    def to_parquet(
        self,
        path: str | os.PathLike[str],
        sample_map: Any = None,
        maxcount: int | None = None,
        **kwargs: Any,
    ) -> list[Path]:
        """Write the samples, in order, as Parquet files, and return those written.

        ``sample_map`` turns a sample into a dictionary of columns; without it every field is a column.
        ``maxcount`` makes files of at most so many samples, ``{stem}-{segment:06d}.parquet``. Row groups are
        written as they fill up (``row_group_size`` rows, or 32 MiB), so that memory stays bounded. Other
        arguments go to ``pyarrow.parquet.ParquetWriter``, such as ``compression="zstd"``. Arrays keep dtype
        and shape, and :func:`~atdata.import_parquet` reads them back.
        """
        from atdata._export.parquet import to_parquet

        return to_parquet(self._exported(), path, sample_map, maxcount, **kwargs)

    def to_arrow(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pyarrow.Table:
        """The samples as a ``pyarrow.Table``: all fields or ``columns`` of them, all samples or the first ``limit``."""
        from atdata._export.tables import to_arrow

        return to_arrow(self._exported(), columns, limit)

    def to_pandas(self, columns: Sequence[str] | None = None, limit: int | None = None) -> pandas.DataFrame:
        """The samples as a ``pandas.DataFrame``, one column a field."""
        from atdata._export.tables import to_pandas

        return to_pandas(self._exported(), columns, limit)

    def _exported(self) -> Any:
        return self

    # ------------------------------------------------------------------ shown

    def __repr__(self) -> str:
        from atdata._dataset.show import told

        return told(self._core)

    def _repr_html_(self) -> str:
        from atdata._dataset.show import page

        return page(self)


def _raw(sample: Mapping[str, Any]) -> Any:
    found = sample.get("msgpack") if isinstance(sample, Mapping) else None
    if found is None:
        from atdata._shards.errors import MalformedSampleError

        has = ", ".join(sorted(str(name) for name in sample)[:10]) if isinstance(sample, Mapping) else repr(sample)[:80]
        raise MalformedSampleError(
            f"'msgpack' field not found (there is: {has}); write samples with sample.as_wds or atdata.write",
            shard=str(sample.get("__url__", "")) if isinstance(sample, Mapping) else "",
            key=str(sample.get("__key__", "")) if isinstance(sample, Mapping) else None,
        )
    return found
