"""A dataset of a class that is known at run time only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from atdata._dataset.dataset import Dataset

__all__ = ["dataset_of"]

S = TypeVar("S")


def dataset_of(source: Any, sample_type: type[S], members: Mapping[str, str] | None = None) -> Dataset[S]:
    """The dataset of a source."""
    kind: Any = Dataset
    made: Dataset[S] = kind[sample_type](source, members=members)
    return made
