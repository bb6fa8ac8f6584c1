"""How a pass is to go: everything that ``ordered`` and ``shuffled`` were asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from atdata._order import Even, Slot

__all__ = ["Mode", "Settings", "checked_batch", "current_slot"]

Mode: TypeAlias = Literal["ordered", "auto", "global", "window"]


#: What a setting is called by those who read.
_SAID = {"ranks": "world_size"}


@dataclass(frozen=True, slots=True)
class Settings:
    """``mode`` auto is global where every sample can be reached at once, else window."""

    mode: Mode = "ordered"
    batch_size: int | None = None
    seed: int = 0
    buffer_shards: int = 100
    buffer_samples: int = 10_000
    rank: int = 0
    ranks: int = 1
    even: Even = None
    split: Literal["auto", "shards", "samples"] = "auto"
    progress: bool = False

    def __post_init__(self) -> None:
        checked_batch(self.batch_size)
        for name in ("seed", "buffer_shards", "buffer_samples", "rank", "ranks"):
            given = getattr(self, name)
            if isinstance(given, bool) or not hasattr(given, "__index__"):
                raise TypeError(f"{_SAID.get(name, name)} is a whole number, not {given!r}")
        if self.buffer_samples < 1 or self.buffer_shards < 1:
            raise ValueError("buffer_shards and buffer_samples are at least 1")
        if self.split not in ("auto", "shards", "samples"):
            raise ValueError(f'split is "auto", "shards" or "samples", not {self.split!r}')
        if self.mode not in ("ordered", "auto", "global", "window"):
            raise ValueError(f'mode is "auto", "global" or "window", not {self.mode!r}')
        if self.even not in (None, "drop", "pad", "error"):
            raise ValueError(f'even is "drop", "pad", "error" or None, not {self.even!r}')
        Slot(self.rank, self.ranks)


def checked_batch(batch_size: Any) -> None:
    """Refuse what is no batch size."""
    if batch_size is None:
        return
    if isinstance(batch_size, bool) or not isinstance(batch_size, int):
        raise TypeError(f"batch_size is a number of samples, or None for single samples, not {batch_size!r}")
    if batch_size <= 0:
        raise ValueError(f"batch_size must be at least 1, or None for single samples; it is {batch_size}")


def current_slot(settings: Settings) -> Slot:
    """Which part of the pass is read here: of the settings' rank, and of the DataLoader worker that asks."""
    data: Any = sys.modules.get("torch.utils.data")
    info = data.get_worker_info() if data is not None else None
    if info is None:
        return Slot(settings.rank, settings.ranks)
    return Slot(settings.rank, settings.ranks, info.id, info.num_workers)
