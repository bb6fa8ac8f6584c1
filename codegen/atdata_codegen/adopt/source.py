"""A Python file as adopting sees it: its classes, its imports and its constants, as text, with lines and comments."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["ClassSource", "FieldSource", "FileSource", "expression"]


def expression(text: str) -> ast.expr:
    """The expression that ``text`` is; raises ValueError for what is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Python thinks of an odd escape is for its author
        try:
            return ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError("no expression") from error


@dataclass(frozen=True, slots=True)
class FieldSource:
    """One annotated name of a class body. ``default`` is None where there is none."""

    name: str
    annotation: str
    default: str | None
    line: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ClassSource:
    """One class at the top of a file. ``others`` are the lines of its body that are no fields, with what they are."""

    name: str
    line: int
    decorators: tuple[str, ...]
    bases: tuple[str, ...]
    fields: tuple[FieldSource, ...]
    doc: str = ""
    others: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FileSource:
    """One file. ``imports`` says what each name stands for, ``assigned`` what is assigned to names at the top."""

    file: str
    classes: tuple[ClassSource, ...]
    imports: Mapping[str, str]
    assigned: Mapping[str, str] = field(default_factory=dict)

    def qualified(self, node: ast.expr) -> str:
        """``numpy.uint8`` for ``np.uint8``; a name that is not imported is itself; empty for what is no name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.imports.get(node.id, node.id), *reversed(parts)])

    def resolved(self, node: ast.expr, depth: int = 8) -> ast.expr:
        """What a name at the top of the file stands for, where it was assigned; the node itself otherwise."""
        while isinstance(node, ast.Name) and node.id in self.assigned and depth:
            depth -= 1
            try:
                node = expression(self.assigned[node.id])
            except ValueError:
                break
        return node
