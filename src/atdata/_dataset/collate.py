"""What a DataLoader of torch makes of samples and batches by itself: batches of samples, and no batch twice."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from atdata._dataset.view import batch_of
from atdata._samples.base import PackableSample
from atdata._samples.batch import SampleBatch
from atdata._samples.dict_sample import DictSample

__all__ = ["known_to_torch", "only_one"]


def known_to_torch(passes: type[Any] | None = None) -> None:
    """Tell torch, where it is loaded, how samples become batches, and that it has to iterate over ``passes``."""
    data: Any = sys.modules.get("torch.utils.data")
    if data is None:
        return
    if passes is not None:
        data.IterableDataset.register(passes)
    collate: Any = sys.modules.get("torch.utils.data._utils.collate")
    known: Any = getattr(collate, "default_collate_fn_map", None)
    if known is not None and SampleBatch not in known:
        known.update({SampleBatch: only_one, PackableSample: _batch, DictSample: _batch})


def only_one(batches: Sequence[Any], *, collate_fn_map: Any = None) -> Any:
    """The one batch of a list that a DataLoader makes by itself; ``ValueError`` for several."""
    if len(batches) == 1:
        return batches[0]
    raise ValueError(
        f"batches were made twice, {len(batches)} of them by the DataLoader: give it batch_size=None, "
        "or let it make them of single samples, which a dataset gives without a batch_size of its own"
    )


def _batch(samples: Sequence[Any], *, collate_fn_map: Any = None) -> Any:
    return batch_of(type(samples[0]), list(samples))
