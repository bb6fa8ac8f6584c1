"""A dataset of a class that is known at run time only."""

from __future__ import annotations

from typing import Any, TypeVar

from atdata._dataset.dataset import Dataset

__all__ = ["dataset_of"]

S = TypeVar("S")


def dataset_of(source: Any, sample_type: type[S], **options: Any) -> Dataset[S]:
    """The dataset of a source, with the options of :class:`Dataset`."""
    kind: Any = Dataset
    made: Dataset[S] = kind[sample_type](source, **options)
    return made
