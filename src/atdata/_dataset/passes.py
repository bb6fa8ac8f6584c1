"""The beginning of a pass: which order, which slot, from where, and by which way to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from atdata._dataset.ahead import ahead
from atdata._dataset.local import LocalPass
from atdata._dataset.settings import current_slot
from atdata._dataset.state import Progress
from atdata._dataset.streamed import Mark, StreamPass, Window
from atdata._dataset.table import soon_known
from atdata._order import GlobalShuffle, Order, Sequential, Slot, WindowShuffle, shard_order

if TYPE_CHECKING:
    from atdata._dataset.core import Core
    from atdata._dataset.losses import Losses
    from atdata._dataset.settings import Settings
    from atdata._dataset.stretches import Stretch

__all__ = ["Pass", "begin", "planned"]


@dataclass(slots=True)
class Pass:
    """A pass under way. ``note`` is called when everything up to the present step was handed out."""

    progress: Progress
    stretches: Iterator[Stretch]
    note: Callable[[], None]


def planned(core: Core, settings: Settings, saved: Progress | None) -> Progress:
    """Where a new pass stands, or one that goes on from ``saved``, before anything is opened."""
    slot = current_slot(settings)
    batch = settings.batch_size or 1
    if saved is None:
        epoch = core.epochs.take() if settings.mode != "ordered" else 0
        return Progress(settings.mode, settings.seed, epoch, batch, slot)
    if settings.mode != "ordered":
        core.epochs.next = saved.epoch + 1
    progress = Progress(settings.mode, saved.seed, saved.epoch, batch, slot)
    progress.mark = saved.mark
    _resume(progress, saved)
    return progress


def begin(core: Core, settings: Settings, progress: Progress, saved: Progress | None, losses: Losses) -> Pass:
    """The pass that was planned."""
    shards = core.shards()
    local = core.local(shards)
    if core.mixture is not None and not local and not core.ranged(shards):
        core.open_table(losses, "mix()")  # raises, and says why
    mode: str = settings.mode
    if mode == "auto" and saved is not None and saved.mode in ("global", "window"):
        mode = saved.mode
    if mode == "auto":
        whole = local and (core.chosen is not None or core.mixture is not None or soon_known(core.source, shards))
        mode = "global" if whole else "window"
    if saved is not None:
        _check(saved, settings, mode)
    progress.mode = mode
    if mode == "window":
        progress.window = settings.buffer_shards, settings.buffer_samples
    counted = settings.even is not None or core.chosen is not None or core.mixture is not None
    if local and (mode != "window" or counted):
        return _local(core, settings, progress, losses)
    if (counted or mode == "global") and core.ranged(shards):
        return _local(core, settings, progress, losses, remote=True)
    if mode == "global":
        raise TypeError(
            'mode="global" needs shards that are plain .tar files on this machine, or that have an index and a server '
            'which answers range requests; use mode="window"'
        )
    return _streamed(core, settings, progress, saved, shards, losses, local)


def _check(saved: Progress, settings: Settings, mode: str) -> None:
    if saved.mode not in ("", "auto", mode):
        raise ValueError(f"the state is one of a pass in mode {saved.mode!r}, and this one is in mode {mode!r}")
    if mode == "window" and saved.window not in (None, (settings.buffer_shards, settings.buffer_samples)):
        raise ValueError(f"the state is one of a pass with buffers of {saved.window} shards and samples")


def _resume(progress: Progress, saved: Progress) -> None:
    if saved.fits(progress.slot, progress.batch) and progress.slot.count > 1:
        progress.start, progress.step = saved.start, saved.step
    elif saved.own_shards:
        raise ValueError(
            "this state belongs to one of several workers that streamed shards of their own; "
            'it fits the same workers only, or read with split="samples"'
        )
    else:
        progress.start = saved.position
    progress.own_shards = saved.own_shards


def _local(core: Core, settings: Settings, progress: Progress, losses: Losses, *, remote: bool = False) -> Pass:
    table = core.table(core.shards(), remote=remote)
    chosen = None if core.chosen is None else np.asarray(core.chosen, np.int64)
    total: int | None = None
    order: Order = Sequential()
    if core.mixture is not None:
        table.open_all(losses)
        order, total = core.mixture.order(core, table, progress.seed, progress.epoch, progress.mode != "ordered")
    elif progress.mode != "ordered" or settings.even is not None or chosen is not None:
        count = table.open_all(losses)
        if chosen is not None and len(chosen) and int(chosen.max()) >= count:
            raise IndexError(f"sample {int(chosen.max())} was selected, and there are only {count}")
        total = count if chosen is None else len(chosen)
        if progress.mode == "global":
            order = GlobalShuffle(total, progress.seed, progress.epoch)
        elif progress.mode == "window":
            counts = table.counts() if chosen is None else np.array([total])
            shuffle = progress.seed, progress.epoch, settings.buffer_shards, settings.buffer_samples
            order = WindowShuffle(counts, *shuffle)
    reader = LocalPass(
        table,
        core.decoder(),
        order,
        core.span(settings, progress.slot, progress.start, total),
        losses,
        chosen=chosen,
        fields=core.view.fields,
        scattered=progress.mode == "global" or core.mixture is not None,
    )
    stretches = reader.stretches(progress.step)
    return Pass(progress, ahead(stretches, 1) if remote else stretches, _nothing)


def _streamed(
    core: Core,
    settings: Settings,
    progress: Progress,
    saved: Progress | None,
    shards: list[str],
    losses: Losses,
    local: bool,
) -> Pass:
    if settings.even is not None or core.chosen is not None:
        # the words are Span's and Core's
        core.span(settings, progress.slot, 0, None)
        core.open_table(losses, "select()")
    if progress.mode == "window":
        order = shard_order(len(shards), progress.seed, progress.epoch, settings.buffer_shards)
        shards = [shards[i] for i in order]
    slot = progress.slot
    own = settings.split == "shards" or (settings.split == "auto" and len(shards) >= slot.count)
    if own and slot.count > 1 and not local:
        shards, slot = shards[slot.number :: slot.count], Slot()
        progress.own_shards = True
    mark = None
    if saved is not None and saved.mark is not None and saved.own_shards == progress.own_shards:
        mark = Mark(**saved.mark)
    window = Window(progress.seed, progress.epoch, settings.buffer_samples) if progress.mode == "window" else None
    reader = StreamPass(
        core.source,
        shards,
        core.decoder(),
        slot,
        progress.batch,
        losses,
        start=progress.start,
        mark=mark,
        window=window,
        fields=core.view.fields,
        depth=0 if local else 2,
        extensions=core.layout().extensions,
    )

    def note() -> None:
        found = reader.mark(progress.position)
        progress.mark = {"position": found.position, "shard": found.shard, "sample": found.sample}

    return Pass(progress, reader.stretches(progress.step), note)


def _nothing() -> None:
    """Shards that are files need no marks."""
