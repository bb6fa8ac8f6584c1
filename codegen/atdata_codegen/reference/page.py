"""The plan of a page, ready to be printed in any form: templates make no decisions."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Entry", "Example", "Page", "Piece", "Row", "Section"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a type's text; ``page`` is where it leads, with ``anchor`` on it."""

    text: str
    page: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One field: ``need`` is required, optional, or either with nullable; ``notes`` are its constraints."""

    name: str
    type: tuple[Piece, ...]
    need: str
    notes: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """Code that is valid as it stands."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """One definition, or one version."""

    title: str
    anchor: str
    kind: str = ""
    description: str = ""
    rows: tuple[Row, ...] = ()
    facts: tuple[str, ...] = ()
    example: Example | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A link in a list, with a line about it."""

    text: str
    page: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page; ``stem`` is the name of its file without an ending."""

    stem: str
    title: str
    kind: str
    description: str
    sections: tuple[Section, ...]
    lists: tuple[tuple[str, tuple[Entry, ...]], ...] = field(default=())
    svg: str = ""
