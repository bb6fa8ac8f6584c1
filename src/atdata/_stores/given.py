"""What the user wants stored: shards that can be copied as they are, or samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any

from atdata._errors import shown

if TYPE_CHECKING:
    from atdata._protocols import DataSource

__all__ = ["is_source", "samples_of", "shards_of", "streamed"]


def shards_of(dataset: Any) -> DataSource | None:
    """The source whose shards hold the very samples of ``dataset``, or None when samples must be asked for.

    A view (a selection, a filter, another type), a mixture, and a dataset that skips damage is not what its shards
    are.
    """
    if is_source(dataset):
        source: DataSource = dataset
        return source
    core = getattr(dataset, "_core", None)
    if core is not None:
        return core.source if core.whole and core.on_error == "raise" else None
    source = getattr(dataset, "source", None)  # type: ignore[assignment]  # not known to be one yet
    return source if is_source(source) else None


def samples_of(dataset: Any) -> tuple[Iterable[Any], type[Any] | None]:
    """The samples of ``dataset``, in order and one by one, and their class where that is known."""
    kind = getattr(dataset, "sample_type", None)
    kind = kind if isinstance(kind, type) else None
    if hasattr(dataset, "ordered"):
        return dataset.ordered(batch_size=None), kind
    if is_source(dataset):
        raise TypeError("a source has shards and no samples; give a Dataset to cut its samples into other shards")
    if isinstance(dataset, Iterable) and not isinstance(dataset, str | bytes):
        return dataset, kind
    raise TypeError(f"a Dataset is stored, or samples; {shown(dataset, 120)} is neither")


def streamed(dataset: Any) -> Any:
    """The same samples without mapping files into memory, where that can be: pages of a mapping count as memory."""
    core = getattr(dataset, "_core", None)
    if core is None or core.chosen is not None or core.mixture is not None:
        return dataset
    return dataset._with(replace(core, source=_Unmapped(core.source)))


class _Unmapped:
    """A source that does not say where its files are."""

    def __init__(self, source: DataSource) -> None:
        self._source = source
        self.open_shard = source.open_shard

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return self._source.shards

    @property
    def shard_list(self) -> list[str]:
        return list(self._source.shard_list)


def is_source(value: Any) -> bool:
    """Whether ``value`` has shards and no samples of its own."""
    return callable(getattr(value, "open_shard", None)) and not hasattr(value, "ordered")
