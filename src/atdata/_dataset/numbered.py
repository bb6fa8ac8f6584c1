"""Samples by number: random access to shards that are files here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atdata._dataset.core import Core

__all__ = ["by_number", "chosen"]


def by_number(core: Core, numbers: Sequence[int]) -> list[Any]:
    """The samples of ``numbers``, each from 0 on."""
    if core.view.drops:
        raise TypeError("a filtered dataset has no numbers; use ordered()")
    if core.mixture is not None:
        raise TypeError("a mixture has no numbers; use ordered() or shuffled()")
    if not len(numbers):
        return []
    table = core.random_table()
    wanted = np.asarray(numbers, np.int64)
    if core.chosen is not None:
        wanted = np.asarray(core.chosen, np.int64)[wanted]
    if int(wanted.max()) >= table.count:
        raise IndexError(f"sample {int(wanted.max())} was asked for, and there are only {table.count}")
    decoder = core.decoder()
    pieces, order = table.pieces(wanted)
    if order is None:
        stored = [sample for block, indices in pieces for sample in decoder.rows(block, indices)]
    else:
        stored = decoder.columns(pieces, order=order).rows(0, len(wanted))
    return [core.view.sample(sample) for sample in stored] if core.view.steps else stored


def chosen(core: Core, numbers: Iterable[int]) -> Core:
    """``core`` with only the samples of ``numbers``."""
    if core.view.drops:
        raise TypeError("select() comes before filter(): what a filter leaves has no numbers")
    if core.mixture is not None:
        raise TypeError("select() comes before mix(): a mixture has no numbers")
    if isinstance(numbers, range):
        if len(numbers) and min(numbers) < 0:
            raise IndexError("samples are counted from 0 on")
        kept: NDArray[np.int64] | range = numbers
        if core.chosen is not None:
            kept = _of(core, numbers)
        return replace(core, chosen=kept)
    given = np.asarray(list(numbers) if not isinstance(numbers, np.ndarray) else numbers)
    if given.dtype == bool or (given.size and given.dtype.kind not in "iu") or given.ndim != 1:
        raise TypeError("select() takes numbers of samples; for a condition use filter()")
    found = given.astype(np.int64)
    if found.size and int(found.min()) < 0:
        raise IndexError("samples are counted from 0 on")
    return replace(core, chosen=found if core.chosen is None else _of(core, found))


def _of(core: Core, numbers: Any) -> NDArray[np.int64]:
    """The numbers of the dataset behind an earlier selection."""
    before = np.asarray(core.chosen, np.int64)
    try:
        return before[np.asarray(numbers, np.int64)]
    except IndexError:
        raise IndexError(f"a sample was selected that is not among the {len(before)} selected before") from None
