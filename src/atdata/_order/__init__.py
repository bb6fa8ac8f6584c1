"""Which sample comes when: arithmetic on positions that knows nothing of bytes."""

from __future__ import annotations

from atdata._order.orders import GlobalShuffle, Order, Sequential, WindowShuffle, shard_order
from atdata._order.permutation import Permutation
from atdata._order.slots import Even, Slot, Span

__all__ = [
    "Even",
    "GlobalShuffle",
    "Order",
    "Permutation",
    "Sequential",
    "Slot",
    "Span",
    "WindowShuffle",
    "shard_order",
]
