"""What a conversion gives: the value, and everything that it could not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from atdata_codegen.samples.model import SampleField

__all__ = ["MAX_DEPTH", "Loss", "Mapped", "Nested", "unsaid"]

T = TypeVar("T")
#: Deepest nesting of samples; schemas that lead back to themselves are refused elsewhere.
MAX_DEPTH = 32
#: The fields of the schemas that fields refer to, by address.
Nested: TypeAlias = Mapping[str, Sequence[SampleField]]

#: What may be said of a field besides its type, in the words of a report.
_EXTRAS = (
    ("description", "description"), ("default", "default"), ("unit", "unit"), ("labels", "labels"),
    ("enum", "enum"), ("minimum", "minimum"), ("maximum", "maximum"), ("media_type", "media type"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Loss:
    """Something about one field that does not come back, or that never was in the other language."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


@dataclass(frozen=True, slots=True)
class Mapped(Generic[T]):
    """A converted value, and what was lost on the way."""

    value: T
    losses: tuple[Loss, ...] = ()


def unsaid(field: SampleField, kept: Iterable[str] = ()) -> list[Loss]:
    """The extras of ``field`` that a format without room for notes drops, but for those in ``kept``."""
    held = set(kept)
    found = [
        Loss(field.name, f"its {word} is not kept")
        for key, word in _EXTRAS
        if key not in held and getattr(field, key) not in (None, "", ())
    ]
    if field.optional and "optional" not in held:
        found.append(Loss(field.name, "that it is optional is not kept"))
    return found
