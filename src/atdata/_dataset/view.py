"""What happens to samples between the bytes and the user: functions that change or drop them, and lenses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import length_hint
from typing import Any, Protocol

from atdata._errors import shown
from atdata._samples.batch import SampleBatch, batch_type_of

__all__ = ["ColumnLens", "Step", "View", "batch_of"]


class ColumnLens(Protocol):
    """A lens that works on whole columns. ``fields`` are those it reads; no others are decoded.

    A :class:`~atdata.Lens` that can do this has an attribute ``columns`` of this shape.
    """

    @property
    def fields(self) -> frozenset[str]: ...
    def __call__(self, columns: Mapping[str, Any], length: int) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One function: with ``keep`` it says whether a sample stays, else it gives the sample that takes its place."""

    call: Callable[[Any], Any]
    keep: bool = False
    columns: ColumnLens | None = None
    #: The only fields that it reads, when that is known.
    fields: frozenset[str] | None = None
    #: Of a lens, the class that it leads to.
    view: str = ""

    def __str__(self) -> str:
        if self.view:
            return f"as_type({self.view})"
        name = getattr(self.call, "__name__", type(self.call).__name__)
        return f"{'filter' if self.keep else 'map'}({name})"

    def of(self, samples: list[Any]) -> list[Any]:
        """What it gives for each of ``samples``; an error of the function says for which sample it was."""
        rest = iter(samples)
        try:
            if self.keep:
                return [bool(self.call(sample)) for sample in rest]
            return [self.call(sample) for sample in rest]
        except Exception as error:
            culprit = samples[len(samples) - length_hint(rest) - 1]
            error.add_note(f"{self} was given the sample {_said(culprit)}")
            raise


@dataclass(frozen=True, slots=True)
class View:
    """All steps from the stored samples to those of ``sample_type``."""

    stored: type[Any]
    sample_type: type[Any]
    steps: tuple[Step, ...] = ()

    def then(self, step: Step, sample_type: type[Any]) -> View:
        """This view, then ``step``."""
        return View(self.stored, sample_type, (*self.steps, step))

    @property
    def drops(self) -> bool:
        """Whether samples may be dropped, so that nobody knows how many there will be."""
        return any(step.keep for step in self.steps)

    @property
    def fields(self) -> frozenset[str] | None:
        """The only fields that are ever read, when that is known."""
        return self.steps[0].fields if self.steps else None

    @property
    def columnar(self) -> bool:
        """Whether whole batches can go through column by column."""
        return all(step.columns is not None for step in self.steps)

    def sample(self, sample: Any) -> Any:
        """One sample through all steps that change it."""
        for step in self.steps:
            if not step.keep:
                [sample] = step.of([sample])
        return sample

    def samples(self, samples: Iterable[Any]) -> list[Any]:
        """Samples through all steps; what is dropped is missing."""
        found = list(samples)
        for step in self.steps:
            given = step.of(found)
            found = [s for s, kept in zip(found, given, strict=True) if kept] if step.keep else given
        return found

    def kept(self, samples: Sequence[Any]) -> list[tuple[int, Any]]:
        """As :meth:`samples`, each with its place among the given ones."""
        places, found = list(range(len(samples))), list(samples)
        for step in self.steps:
            given = step.of(found)
            if step.keep:
                places = [i for i, kept in zip(places, given, strict=True) if kept]
                found = [s for s, kept in zip(found, given, strict=True) if kept]
            else:
                found = given
        return list(zip(places, found, strict=True))


def _said(sample: Any) -> str:
    """A sample in a message: of one that was read for a lens, the fields that the lens asked for."""
    if not hasattr(sample, "__dataclass_fields__") or not hasattr(sample, "__dict__"):
        text = repr(sample)
    else:
        found = [f"{name}={value!r}" for name, value in vars(sample).items()]
        text = f"{type(sample).__name__}({', '.join(found)})"
    return shown(text, 300)[1:-1]


def batch_of(sample_type: type[Any], samples: list[Any]) -> Any:
    """Samples as a batch of their type; a list when they are no samples any more.

    A function that says nothing of what it returns may have made anything of them.
    """
    if samples and not isinstance(samples[0], sample_type):
        sample_type = type(samples[0])
    if not hasattr(sample_type, "from_data"):
        return samples
    batch: SampleBatch[Any] = batch_type_of(sample_type)._from_columns(sample_type, {}, len(samples))
    batch._samples = samples
    return batch
