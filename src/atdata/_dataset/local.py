"""A pass over shards that are files here: positions to numbers to samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atdata._dataset.stretches import Stretch, decoded
from atdata._decoding.decoder import SMALL

if TYPE_CHECKING:
    from atdata._dataset.losses import Losses
    from atdata._dataset.table import Table
    from atdata._decoding import Decoder, Piece
    from atdata._order import Order, Span

__all__ = ["LocalPass"]

#: Most samples decoded together, and most bytes that are copied or made into values together.
_MOST = 2048
#: As many when a sample has so few bytes.
_MOST_TINY, _TINY = 4096, 512
_BYTES = 2 << 20
#: Bytes that are fetched together from elsewhere.
_FETCHED = 16 << 20


class LocalPass:
    """One slot's way through a pass. ``chosen`` numbers the samples anew when only some were selected."""

    def __init__(
        self,
        table: Table,
        decoder: Decoder[Any],
        order: Order,
        span: Span,
        losses: Losses,
        *,
        chosen: NDArray[np.int64] | None = None,
        fields: frozenset[str] | None = None,
        scattered: bool = False,
    ) -> None:
        self._table = table
        self._decoder = decoder
        self._order = order
        self._span = span
        self._losses = losses
        self._chosen = chosen
        self._fields = fields
        self._scattered = scattered or chosen is not None

    def stretches(self, step: int) -> Iterator[Stretch]:
        """What the slot reads from its ``step`` on. The first stretch is short, so that it is there at once."""
        batch = self._span.batch
        batches = max(1, 32 // batch)
        most = max(1, _MOST // batch)
        while True:
            high = step - step % batch + batches * batch
            numbers = self._numbers(step, high)
            ended = len(numbers) < high - step
            if len(numbers):
                pieces, order = self._table.pieces(numbers)
                if order is None and len(pieces) > 1 and len(numbers) > batch:
                    # up to the shard's last whole batch, so that only the one across the border is put together
                    high = step + self._whole(pieces[0], step)
                    numbers, ended = numbers[: high - step], False
                    pieces, order = self._table.pieces(numbers)
                size = made = 1
                for stretch in decoded(self._decoder, pieces, order, step, self._fields, self._losses):
                    size = max(stretch.size, 1)
                    made = max(size - stretch.columns.lazy, 1)
                    yield stretch
                if self._table.remote:
                    most = max(1, min(_MOST, _FETCHED // size) // batch)
                elif self._scattered and size <= SMALL:
                    most = max(1, min(_MOST, max(_BYTES // size, 64)) // batch)
                elif size <= _TINY:
                    most = max(1, _MOST_TINY // batch)
                elif self._decoder.eager:
                    most = max(1, min(_MOST, max(_BYTES // made, 64)) // batch)
            if ended:
                break
            step = high
            batches = min(batches * 4, most)
        if self._span.total is None:
            self._table.check()

    def _whole(self, piece: Piece, step: int) -> int:
        """Steps from ``step`` on that end with a batch inside ``piece``, or with the first batch behind it."""
        block, indices = piece
        batch, inside = self._span.batch, len(block.offsets[indices])
        steps = (step + inside) // batch * batch - step
        return steps if steps > 0 else batch - step % batch

    def _numbers(self, low: int, high: int) -> NDArray[np.int64]:
        positions = self._span.positions(low, high)
        if not len(positions):
            return positions
        if self._span.total is None and not self._table.reach(int(positions[-1]), self._losses):
            positions = positions[: np.searchsorted(positions, self._table.count)]
        numbers = self._order(positions)
        return numbers if self._chosen is None else self._chosen[numbers]
