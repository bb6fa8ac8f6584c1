"""Where a pass stands, as plain data: what ``state_dict`` gives and ``load_state_dict`` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from atdata._order import Slot

__all__ = ["Progress"]

_VERSION = 1


@dataclass(slots=True)
class Progress:
    """A slot has done ``step`` steps of a pass that began at position ``start``."""

    mode: str
    seed: int
    epoch: int
    batch: int
    slot: Slot
    start: int = 0
    step: int = 0
    #: How a window shuffle was set: shards, samples.
    window: tuple[int, int] | None = None
    #: Streams: a place to read on from, and whether the slots read shards of their own.
    mark: dict[str, int] | None = None
    own_shards: bool = False
    ended: bool = field(default=False)

    @property
    def position(self) -> int:
        """The position of the whole pass at which all slots are when all are as far as this one."""
        count = 1 if self.own_shards else self.slot.count
        if count == 1:
            return self.start + self.step
        return self.start + self.step // self.batch * count * self.batch

    def as_dict(self) -> dict[str, Any]:
        """Plain data: numbers, strings and dictionaries."""
        return {
            "version": _VERSION,
            "mode": self.mode,
            "seed": self.seed,
            "epoch": self.epoch,
            "position": self.position,
            "batch": self.batch,
            "slot": asdict(self.slot),
            "start": self.start,
            "step": self.step,
            "window": None if self.window is None else list(self.window),
            "mark": self.mark,
            "own_shards": self.own_shards,
        }

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Progress:
        """What :meth:`as_dict` gave, or a part of it: ``epoch`` and ``position`` are enough."""
        if not isinstance(state, Mapping) or state.get("version", _VERSION) != _VERSION:
            raise ValueError("this is no state of a pass, or one of another version of atdata")
        if "position" not in state:
            raise ValueError(
                "this is no state of a pass: it has no position; state_dict() gives one, and to begin anew load none"
            )
        numbers = {name: state.get(name, 0) for name in ("seed", "epoch", "position", "step", "start")}
        if any(type(number) is not int or number < 0 for name, number in numbers.items() if name != "seed"):
            raise ValueError("the state of a pass holds a number that is none, or is negative")
        slot = Slot(**state["slot"]) if "slot" in state else Slot()
        whole = "step" in state and "start" in state
        window = state.get("window")
        return cls(
            mode=str(state.get("mode", "")),
            seed=numbers["seed"],
            epoch=numbers["epoch"],
            batch=int(state.get("batch", 1)),
            slot=slot,
            start=numbers["start"] if whole else numbers["position"],
            step=numbers["step"] if whole else 0,
            window=None if window is None else (int(window[0]), int(window[1])),
            mark=state.get("mark"),
            own_shards=bool(state.get("own_shards", False)),
        )

    def fits(self, slot: Slot, batch: int) -> bool:
        """Whether a slot can go on step by step, because the pass is dealt out as it was."""
        return self.slot == slot and (self.batch == batch or slot.count == 1)
