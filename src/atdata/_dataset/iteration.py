"""What ``ordered`` and ``shuffled`` return: something to iterate over, again and again, that knows where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from atdata._dataset.collate import known_to_torch
from atdata._dataset.losses import Losses
from atdata._dataset.passes import Pass, begin, planned
from atdata._dataset.settings import Settings, current_slot
from atdata._dataset.state import Progress
from atdata._dataset.stretches import sound_rows
from atdata._dataset.view import batch_of

if TYPE_CHECKING:
    from atdata._dataset.core import Core
    from atdata._dataset.stretches import Stretch

__all__ = ["Iteration"]

T_co = TypeVar("T_co", covariant=True)

_GROUP_BYTES = 1 << 20


class Iteration(Generic[T_co]):
    """One way through a dataset. Each ``iter`` begins a new pass; nothing is opened before.

    It pickles, and in a worker of a DataLoader it gives that worker's part. ``state_dict()`` says where the
    latest pass stands; after ``load_state_dict`` the next pass goes on from there, also with another
    number of workers or ranks. Batches lost to ``on_error`` are not filled up: they are shorter.
    """

    def __init__(self, core: Core, settings: Settings) -> None:
        self._core = core
        self._settings = settings
        self._progress: Progress | None = None
        self._resume: dict[str, Any] | None = None
        known_to_torch(Iteration)

    @property
    def sample_type(self) -> type[Any]:
        """The class of the samples."""
        return self._core.view.sample_type

    @property
    def batch_size(self) -> int | None:
        """How many samples a batch has; None for single samples."""
        return self._settings.batch_size

    def set_epoch(self, epoch: int) -> None:
        """Number the next pass ``epoch``; passes after it count on from there. A loaded state of another is dropped."""
        self._core.epochs.set(epoch)
        # workers are copies, so that nobody here sees when they have made use of the state
        if self._resume is not None and self._resume.get("epoch", 0) != epoch:
            self._resume = None

    def state_dict(self) -> dict[str, Any]:
        """Where the latest pass stands, as plain data; the beginning of the next one when there was none."""
        if self._progress is not None:
            return self._progress.as_dict()
        if self._resume is not None:
            return dict(self._resume)
        settings = self._settings
        slot = current_slot(settings)
        epoch = self._core.epochs.next if settings.mode != "ordered" else 0
        return Progress(settings.mode, settings.seed, epoch, settings.batch_size or 1, slot).as_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next pass go on from ``state``."""
        Progress.from_dict(state)
        self._resume = dict(state)
        self._progress = None

    def state_after(self, batches: int) -> dict[str, Any]:
        """The state after ``batches`` batches (samples, when unbatched) of the latest pass, counted where they arrive.

        For workers, whose own states are out of reach and run ahead: what a DataLoader gave out in order is
        counted in this process, and any number of workers can go on from there.
        """
        settings = self._settings
        size = settings.batch_size or 1
        at = Progress.from_dict(self.state_dict())
        start = at.position if at.step == 0 else at.start
        state = Progress(
            at.mode, at.seed, at.epoch, size, current_slot(settings), start, 0, at.window, at.mark, at.own_shards
        )
        state.start += batches * size * settings.ranks
        return state.as_dict()

    def __len__(self) -> int:
        """How many batches (or samples) a whole pass has here; ``TypeError`` where only reading would tell."""
        core, settings = self._core, self._settings
        if core.view.drops:
            raise TypeError("a filtered dataset does not know how many samples it has before they are read")
        slot = current_slot(settings)
        span = core.span(settings, slot, 0, core.count())
        found = span.batches() if settings.batch_size else span.steps()
        assert found is not None
        return found

    def __iter__(self) -> Iterator[T_co]:
        known_to_torch()
        resume, self._resume = self._resume, None
        saved = None if resume is None else Progress.from_dict(resume)
        # the epoch is settled now, the files are opened with the first item
        self._progress = progress = planned(self._core, self._settings, saved)
        items = self._run(progress, saved)
        if not self._settings.progress:
            return items
        from atdata._dataset._tqdm import shown

        try:
            total: int | None = len(self)
        except TypeError:
            total = None
        return shown(items, total, self._settings.batch_size)

    def _run(self, progress: Progress, saved: Progress | None) -> Iterator[T_co]:
        losses = Losses(self._core.on_error)
        this = begin(self._core, self._settings, progress, saved, losses)
        view = self._core.view
        if self._settings.batch_size is None:
            yield from self._singles(this, losses)
        elif view.drops:
            yield from self._refilled(this, self._settings.batch_size, losses)
        else:
            yield from self._batches(this, self._settings.batch_size, losses)

    def _batches(self, this: Pass, size: int, losses: Losses) -> Iterator[Any]:
        make = self._core.batch_maker()
        view, progress = self._core.view, this.progress
        for stretch in this.stretches:
            for low, high, step in _cuts(stretch, size):
                progress.step = step
                this.note()
                if stretch.columns.late and not losses.fatal:
                    found, _ = sound_rows(stretch.columns, low, high, losses)
                    if found:
                        yield batch_of(view.sample_type, view.samples(found))
                else:
                    yield make(stretch.columns, low, high)

    def _singles(self, this: Pass, losses: Losses) -> Iterator[Any]:
        view, progress = self._core.view, this.progress
        for stretch in this.stretches:
            for rows, steps in _groups(stretch, losses):
                if not view.steps:
                    for step, sample in zip(steps, rows, strict=True):
                        progress.step = step + 1
                        yield sample
                    this.note()
                    continue
                for number, sample in view.kept(rows):
                    progress.step = steps[number] + 1
                    yield sample
                progress.step = steps[-1] + 1
                this.note()

    def _refilled(self, this: Pass, size: int, losses: Losses) -> Iterator[Any]:
        """Batches of what a filter leaves, each full but the last."""
        view, progress = self._core.view, this.progress
        waiting: list[Any] = []
        at: list[int] = []
        done = progress.step
        for stretch in this.stretches:
            for rows, steps in _groups(stretch, losses):
                for number, sample in view.kept(rows):
                    waiting.append(sample)
                    at.append(steps[number])
                done = steps[-1] + 1
                while len(waiting) >= size:
                    progress.step = at[size] if len(at) > size else done
                    this.note()
                    ready, waiting, at = waiting[:size], waiting[size:], at[size:]
                    yield batch_of(view.sample_type, ready)
        progress.step = done
        if waiting:
            yield batch_of(view.sample_type, waiting)

    def __repr__(self) -> str:
        settings = self._settings
        how = "ordered" if settings.mode == "ordered" else "shuffled"
        asked: list[tuple[str, object, object]] = [
            ("batch_size", settings.batch_size, None),
            ("seed", settings.seed, -1 if how == "shuffled" else 0),
        ]
        asked += [("rank", settings.rank, 0), ("world_size", settings.ranks, 1), ("even", settings.even, None)]
        said = ", ".join(f"{name}={value!r}" for name, value, usual in asked if value != usual)
        return f"<{self._core.title}.{how}({said})>"

    def __getstate__(self) -> dict[str, Any]:
        # a copy begins where the latest pass stands only when it is told so
        return {"_core": self._core, "_settings": self._settings, "_progress": None, "_resume": self._resume}


def _cuts(stretch: Stretch, size: int) -> Iterator[tuple[int, int, int]]:
    """Rows of each batch in ``stretch``, and the step after it."""
    low, count = 0, len(stretch.columns)
    while low < count:
        step = stretch.step + low if stretch.steps is None else stretch.steps[low]
        behind = step - step % size + size
        if stretch.steps is None:
            high = min(count, low + behind - step)
            yield low, high, stretch.step + high
        else:
            high = low
            while high < count and stretch.steps[high] < behind:
                high += 1
            yield low, high, behind
        low = high


def _groups(stretch: Stretch, losses: Losses) -> Iterator[tuple[list[Any], Any]]:
    """Samples of ``stretch`` a few at a time, each group with its steps."""
    group = max(1, min(256, _GROUP_BYTES // max(stretch.size, 1)))
    for low in range(0, len(stretch.columns), group):
        found, rows = sound_rows(stretch.columns, low, min(low + group, len(stretch.columns)), losses)
        if not rows:
            continue
        if stretch.steps is not None:
            yield found, [stretch.steps[row] for row in rows]
        elif isinstance(rows, range):
            yield found, range(stretch.step + rows.start, stretch.step + rows.stop)
        else:
            yield found, [stretch.step + row for row in rows]
