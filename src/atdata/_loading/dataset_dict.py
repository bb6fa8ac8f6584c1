"""The splits of a dataset by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

if TYPE_CHECKING:
    from atdata._dataset.dataset import Dataset

__all__ = ["DatasetDict"]

S = TypeVar("S")


class DatasetDict(dict[str, "Dataset[S]"], Generic[S]):
    """A dictionary of split names to datasets, as :func:`~atdata.load_dataset` returns it.

    >>> splits = DatasetDict({"train": None, "test": None}, streaming=True)
    >>> list(splits), splits.streaming
    (['train', 'test'], True)
    """

    def __init__(
        self,
        splits: Mapping[str, Dataset[S]] | None = None,
        sample_type: type[S] | None = None,
        streaming: bool = False,
    ) -> None:
        super().__init__(splits or {})
        self._sample_type = sample_type
        self._streaming = streaming

    @property
    def sample_type(self) -> type[S] | None:
        """The class of the samples of every split; None when nobody has said it and there is no split."""
        if self._sample_type is None:
            first = next(iter(self.values()), None)
            return None if first is None else first.sample_type
        return self._sample_type

    @property
    def num_shards(self) -> dict[str, int]:
        """How many shards each split has."""
        return {name: len(dataset.list_shards()) for name, dataset in self.items()}

    @property
    def streaming(self) -> bool:
        """Whether it was loaded with ``streaming=True``. Datasets are read as streams either way."""
        return self._streaming

    def __missing__(self, name: object) -> NoReturn:
        raise KeyError(f"there is no split {name!a}; there are {', '.join(map(ascii, self)) or 'none'}")

    def __repr__(self) -> str:
        kind = getattr(self.sample_type, "__name__", "?")
        splits = ", ".join(f"{name!r}: {_count(dataset)}" for name, dataset in self.items())
        return f"DatasetDict[{kind}]({{{splits}}})"

    def __reduce__(self) -> Any:
        return type(self), (dict(self), self._sample_type, self._streaming)


def _count(dataset: Any) -> str:
    count = len(dataset.list_shards())
    return f"{count} shard" if count == 1 else f"{count} shards"
