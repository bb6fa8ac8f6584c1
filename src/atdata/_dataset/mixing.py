"""Several datasets as one, sample by sample in shares that weights say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from atdata._dataset.core import Core
from atdata._dataset.losses import Losses
from atdata._errors import shown
from atdata._order.mixing import MixedOrder, quotas
from atdata._sources.listing import shard_names

if TYPE_CHECKING:
    from atdata._dataset.dataset import Dataset
    from atdata._dataset.table import Table
    from atdata._order import Order
    from atdata._protocols import DataSource

__all__ = ["Mixture", "mix"]

T = TypeVar("T")


def mix(
    datasets: Sequence[Dataset[T]],
    weights: Sequence[float] | None = None,
    *,
    stop: Literal["first", "all"] = "first",
) -> Dataset[T]:
    """One dataset that takes its samples from ``datasets`` in the shares of ``weights``; equal ones by default.

    Of every 1024 samples each dataset gives its exact share, in a changing pattern. A pass ends when the
    ``first`` dataset is used up, or when ``all`` are; those that end earlier begin again. Order, resume and
    the division among workers are those of any dataset. All datasets have one sample type (see ``as_type``)
    and shards that are files on this machine.

    >>> import atdata
    >>> atdata.mix([])
    Traceback (most recent call last):
    ValueError: mix() needs at least one dataset
    """
    if not isinstance(datasets, Sequence):
        raise TypeError("mix() needs a list of datasets: mix([first, second], weights=[3, 1])")
    if not datasets:
        raise ValueError("mix() needs at least one dataset")
    for dataset in datasets:
        if not hasattr(dataset, "_core"):
            raise TypeError(f"mix() needs a list of datasets; one of them is {shown(dataset)}")
    cores = [dataset._core for dataset in datasets]
    first = cores[0]
    # what one of them was found to be, the others are asked for
    looked = any(core.stored is not None for core in cores)
    for core in cores:
        if core.view != first.view:
            raise TypeError(
                f"{first.title} and {core.title} do not mix: bring them to one sample type with as_type(), "
                "and map or filter what mix() returns"
            )
        if core.mixture is not None:
            raise TypeError("mix all datasets at once: a mixture cannot be mixed again")
        if looked and core.layout() != first.layout():
            raise TypeError("datasets whose samples lie in shards in different ways do not mix: write them anew first")
    if stop not in ("first", "all"):
        raise ValueError(f'stop is "first" or "all", not {stop!r}')
    shares = tuple(weights) if weights is not None else (1.0,) * len(cores)
    if len(shares) != len(cores):
        raise ValueError(f"{len(shares)} weights for {len(cores)} datasets")
    quotas(shares)
    parts = tuple((core.source, core.chosen) for core in cores)
    mixture = Mixture(parts, shares, stop)
    core = Core(
        _Chain([core.source for core in cores]),
        first.view,
        first.title,
        first.on_error,
        mixture=mixture,
        stored=first.layout() if looked else None,
        check=any(core.check for core in cores),
    )
    return datasets[0]._with(core)  # type: ignore[no-any-return]


class _Chain:
    """The shards of several sources; each goes by the number of its source and its name."""

    def __init__(self, sources: Sequence[DataSource]) -> None:
        self._sources = list(sources)

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return ((shard, self.open_shard(shard)) for shard in self.list_shards())

    @property
    def shard_list(self) -> list[str]:
        return self.list_shards()

    def list_shards(self) -> list[str]:
        return [f"{i}:{shard}" for i, source in enumerate(self._sources) for shard in shard_names(source)]

    def _split(self, shard_id: str) -> tuple[DataSource, str]:
        number, _, shard = shard_id.partition(":")
        if not number.isdigit() or int(number) >= len(self._sources):
            raise KeyError(f"{shard_id} is no shard of this mixture")
        return self._sources[int(number)], shard

    def open_shard(self, shard_id: str) -> IO[bytes]:
        source, shard = self._split(shard_id)
        return source.open_shard(shard)

    def is_local(self, shard_id: str) -> bool:
        source, shard = self._split(shard_id)
        find: Any = getattr(source, "is_local", None)
        return self.local_path(shard_id) is not None if find is None else bool(find(shard))

    def ranges(self, shard_id: str) -> Any:
        source, shard = self._split(shard_id)
        find: Any = getattr(source, "ranges", None)
        return None if find is None else find(shard)

    def local_path(self, shard_id: str) -> str | None:
        source, shard = self._split(shard_id)
        find: Any = getattr(source, "local_path", None)
        path: str | None = None if find is None else find(shard)
        return path


@dataclass(frozen=True, slots=True)
class Mixture:
    """What :func:`mix` was told: sources with the numbers selected of each, weights, and when to stop."""

    parts: tuple[tuple[DataSource, NDArray[np.int64] | range | None], ...]
    weights: tuple[float, ...]
    stop: str

    def order(self, core: Core, table: Table, seed: int, epoch: int, shuffle: bool) -> tuple[Order, int]:
        """The order of a pass over ``table``, whose shards are all open, and how long the pass is."""
        counts = table.counts().tolist()
        numbers: list[NDArray[np.int64]] = []
        at = first = 0
        for source, chosen in self.parts:
            shards = len(shard_names(source))
            count = sum(counts[at : at + shards])
            kept = np.arange(count, dtype=np.int64) if chosen is None else np.asarray(chosen, np.int64)
            if len(kept) and int(kept.max()) >= count:
                raise IndexError(f"sample {int(kept.max())} was selected, and there are only {count}")
            numbers.append(kept + first)
            at += shards
            first += count
        mixed = MixedOrder([len(n) for n in numbers], self.weights, seed=seed, epoch=epoch, shuffle=shuffle)
        if all(chosen is None for _, chosen in self.parts):
            return mixed, mixed.length(self.stop)
        return _Renumbered(mixed, np.concatenate(numbers)), mixed.length(self.stop)

    def count(self, core: Core) -> int:
        """How long a pass is; its order's epoch moves the end by less than a round."""
        table = core.open_table(Losses(core.on_error), "mix()")
        return self.order(core, table, 0, core.epochs.next, False)[1]


class _Renumbered:
    """An order of numbers that stand for others."""

    def __init__(self, order: Order, numbers: NDArray[np.int64]) -> None:
        self._order = order
        self._numbers = numbers

    def __call__(self, positions: NDArray[Any]) -> NDArray[np.int64]:
        return self._numbers[self._order(positions)]
