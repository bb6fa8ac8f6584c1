"""Versions of sample schemas and the lenses between them, as values for a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Graph", "Lens", "State", "Version"]

State = Literal["same", "added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a schema; ``state`` is what the change under review did to it."""

    name: str
    version: str
    fields: int = 0
    state: State = "same"


@dataclass(frozen=True, slots=True)
class Lens:
    """A lens from one version to another, each as name and version; ``mapping`` when it is whole as data."""

    name: str
    source: tuple[str, str]
    target: tuple[str, str]
    mapping: bool = True
    state: State = "same"


@dataclass(frozen=True, slots=True)
class Graph:
    """Everything in one picture; versions in the order of their numbers."""

    versions: tuple[Version, ...] = ()
    lenses: tuple[Lens, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.versions)
