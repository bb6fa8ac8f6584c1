"""Progress bars, by tqdm: only where somebody asked for one and a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, TypeVar

from atdata_lexicon.errors import MissingExtraError

__all__ = ["shown"]

T = TypeVar("T")


def shown(items: Iterator[T], total: int | None, batch_size: int | None) -> Iterator[T]:
    """``items``, counted on the terminal."""
    try:
        tqdm: Any = import_module("tqdm")
    except ImportError as error:
        raise MissingExtraError("progress bars need tqdm: pip install 'atdata[progress]'") from error
    unit = "sample" if batch_size is None else "batch"
    bar: Any = tqdm.tqdm(items, total=total, unit=unit, disable=None, leave=False)
    yield from bar
