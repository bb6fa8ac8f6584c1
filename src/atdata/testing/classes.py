"""Sample classes for the suites."""

from __future__ import annotations

from typing import Annotated, Any

from numpy import float32, uint8
from numpy.typing import NDArray

from atdata._dataset.dataset import Dataset
from atdata._samples.constraints import Labels, Shape
from atdata._samples.decorate import packable

__all__ = ["Box", "Photo", "dataset_of", "made"]


@packable
class Box:
    """A box in a picture."""

    x: float
    y: float


@packable
class Photo:
    """A picture with a label."""

    image: Annotated[NDArray[uint8], Shape("h w 3")]
    label: Annotated[int, Labels(("cat", "dog"))]
    boxes: list[Box]
    embedding: NDArray[float32] | None = None
    source: str = "web"


def made(name: str, **fields: type[Any]) -> type[Any]:
    """A sample class of that name with those fields."""
    return packable(type(name, (), {"__annotations__": fields}))


def dataset_of(cls: Any, url: str = "a.tar") -> Dataset[Any]:
    """A dataset of a class that only exists at run time."""
    alias: Any = Dataset[cls]
    found: Dataset[Any] = alias(url)
    return found
