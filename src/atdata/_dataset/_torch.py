"""torch, loaded when somebody asks for it: datasets for DataLoader and StatefulDataLoader."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from atdata._dataset.collate import only_one
from atdata._errors import shown
from atdata._samples.batch import aggregate, batch_title
from atdata._samples.npy import opened
from atdata_lexicon.errors import MissingExtraError

try:
    torch: Any = import_module("torch")
    data: Any = import_module("torch.utils.data")
    _collate: Any = import_module("torch.utils.data._utils.collate")
except ImportError as error:
    raise MissingExtraError("torch datasets need torch: pip install 'atdata[torch]'") from error

__all__ = ["NumberedSamples", "TensorBatch", "TensorPasses", "iterable", "numbered"]


def iterable(
    dataset: Any, batch_size: int | None, shuffle: bool, decode: Sequence[str], options: dict[str, Any]
) -> TensorPasses:
    """See :meth:`atdata.Dataset.torch`."""
    rank, world_size = _rank()
    options.setdefault("rank", rank)
    options.setdefault("world_size", world_size)
    make = dataset.shuffled if shuffle else dataset.ordered
    return TensorPasses(make(batch_size=batch_size, **options), _fields(dataset, decode))


def numbered(dataset: Any, decode: Sequence[str]) -> NumberedSamples:
    """See :meth:`atdata.Dataset.torch_map`."""
    return NumberedSamples(dataset, _fields(dataset, decode))


def _fields(dataset: Any, decode: Sequence[str]) -> frozenset[str]:
    if isinstance(decode, str):
        raise TypeError(f"decode is a list of fields; write [{shown(decode)}]")
    known = getattr(dataset.sample_type, "__dataclass_fields__", None)
    for name in decode:
        if known is not None and name not in known:
            raise KeyError(f"decode: there is no field {shown(name)}; there are {', '.join(map(shown, known))}")
    return frozenset(decode)


def _rank() -> tuple[int, int]:
    """Rank and world size of this process, asked here because workers do not know them."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank()), int(distributed.get_world_size())
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


class TensorBatch(dict[str, Any]):
    """A batch as a dictionary of tensors. A DataLoader that makes batches itself (of one, by default) hands it on."""


_collate.default_collate_fn_map[TensorBatch] = only_one


class TensorPasses(data.IterableDataset):  # type: ignore[misc]  # torch is not there for checkers
    """Batches (or samples) as dictionaries of tensors, pass after pass."""

    def __init__(self, passes: Any, decode: frozenset[str] = frozenset()) -> None:
        self.passes = passes
        self.decode = decode

    def __repr__(self) -> str:
        return f"<tensors of {self.passes!r}>"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        single = self.passes.batch_size is None
        for item in self.passes:
            yield _sample(item, self.decode) if single else _batch(item, self.decode)

    def __len__(self) -> int:
        """Of the whole pass: DataLoader asks in its own process, for all workers."""
        return len(self.passes)

    def set_epoch(self, epoch: int) -> None:
        """Number the next pass ``epoch``. Call it before each epoch: workers begin every time as copies."""
        self.passes.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Where the pass stands in this process or worker."""
        found: dict[str, Any] = self.passes.state_dict()
        return found

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on from ``state``."""
        self.passes.load_state_dict(state)

    def state_after(self, batches: int) -> dict[str, Any]:
        """The state after ``batches`` batches came out of a DataLoader, for any number of workers."""
        found: dict[str, Any] = self.passes.state_after(batches)
        return found


class NumberedSamples(data.Dataset):  # type: ignore[misc]  # torch is not there for checkers
    """Samples by number as dictionaries of tensors."""

    def __init__(self, dataset: Any, decode: frozenset[str] = frozenset()) -> None:
        self.dataset = dataset
        self.decode = decode

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = _sample(self.dataset[number], self.decode)
        return found

    def __getitems__(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        return [_sample(sample, self.decode) for sample in self.dataset.__getitems__(numbers)]


def _sample(sample: Any, decode: frozenset[str]) -> Any:
    names = getattr(sample, "__dataclass_fields__", None)
    if names is not None:
        values = {name: getattr(sample, name) for name in names}
    elif hasattr(sample, "items"):
        values = {name: value if name in decode else opened(value) for name, value in dict(sample.items()).items()}
    else:
        return sample
    if decode:
        from atdata.media import decode as decoded

        values.update({name: decoded(values[name]) for name in decode if values.get(name) is not None})
    return {name: _tensor(value) for name, value in values.items()}


def _batch(batch: Any, decode: frozenset[str]) -> Any:
    kind = getattr(batch, "sample_type", None)
    if kind is None:
        return batch
    known: Any = getattr(kind, "__dataclass_fields__", None)
    names = dict.fromkeys(name for sample in batch.samples for name in sample) if known is None else known
    found = TensorBatch()
    for name in names:
        if name in decode:
            found[name] = _tensor(batch.decoded_column(name))
        elif known is None:  # arrays are bytes in samples without a class, and nobody can compute with those
            found[name] = _column(aggregate(list(map(opened, batch[name])), batch_title(kind), name))
        else:
            found[name] = _column(batch[name])
    return found


def _tensor(value: Any) -> Any:
    """An array as a tensor over the same memory; what torch has no dtype for stays as it is."""
    if not isinstance(value, np.ndarray):
        return value
    try:
        return torch.from_numpy(value)
    except TypeError:
        return value


def _column(values: Any) -> Any:
    if isinstance(values, list) and values:
        kinds = set(map(type, values))
        if kinds == {bool} or kinds == {int}:
            try:
                return torch.tensor(values)
            except (RuntimeError, OverflowError):
                return values  # beyond 64 bits
        if kinds == {float}:
            return torch.tensor(values, dtype=torch.float64)
        return values
    return _tensor(values)
