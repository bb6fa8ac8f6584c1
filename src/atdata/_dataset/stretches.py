"""Decoded stretches of a pass, and how to get past what does not decode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atdata._errors import SampleError

if TYPE_CHECKING:
    from atdata._dataset.losses import Losses
    from atdata._decoding import Columns, Decoder, Piece

__all__ = ["Stretch", "decoded", "sound_rows"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of the steps from ``step`` on. ``steps`` says which when some of them are lost."""

    step: int
    columns: Columns
    #: Bytes of a sample, about.
    size: int
    steps: Sequence[int] | None = None


def decoded(
    decoder: Decoder[Any],
    pieces: Sequence[Piece],
    order: NDArray[np.intp] | None,
    step: int,
    fields: frozenset[str] | None,
    losses: Losses,
) -> Iterator[Stretch]:
    """The samples of ``pieces`` as one stretch; when some do not decode, the others, and each error in its place."""
    count = total = 0
    for block, indices in pieces:
        sizes = block.sizes[indices]
        count += len(sizes)
        total += int(sizes.sum())
    size = total // max(count, 1)
    try:
        yield Stretch(step, decoder.columns(pieces, fields, order), size)
        return
    except SampleError:
        pass
    yield from _one_by_one(decoder, pieces, order, step, fields, size, losses)


def sound_rows(columns: Columns, low: int, high: int, losses: Losses) -> tuple[list[Any], Sequence[int]]:
    """Samples from ``low`` to ``high`` and their rows; of values made late, those that can be made."""
    try:
        return columns.rows(low, high), range(low, high)
    except SampleError:
        if losses.fatal:
            raise
    found: list[Any] = []
    rows: list[int] = []
    for row in range(low, high):
        try:
            found += columns.rows(row, row + 1)
            rows.append(row)
        except SampleError as error:
            losses(error)
    return found, rows


def _one_by_one(
    decoder: Decoder[Any],
    pieces: Sequence[Piece],
    order: NDArray[np.intp] | None,
    step: int,
    fields: frozenset[str] | None,
    size: int,
    losses: Losses,
) -> Iterator[Stretch]:
    places = [
        (block, i)
        for block, indices in pieces
        for i in (range(*indices.indices(len(block.offsets))) if isinstance(indices, slice) else indices.tolist())
    ]
    if order is not None:
        places = [places[i] for i in order.tolist()]
    good: list[Piece] = []
    steps: list[int] = []
    failure: Exception | None = None
    for number, (block, i) in enumerate(places):
        single: Piece = (block, np.array([i], np.int64))
        try:
            decoder.columns([single], fields)
        except SampleError as error:
            if losses.fatal:
                failure = error
                break
            losses(error)
            continue
        good.append(single)
        steps.append(step + number)
    if good:
        yield Stretch(step, decoder.columns(good, fields), size, steps)
    if failure is not None:
        raise failure
