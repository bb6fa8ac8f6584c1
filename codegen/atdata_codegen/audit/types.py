"""Texts that tools evaluate as types: they are audited as the code that they are."""

from __future__ import annotations

import ast

from atdata_codegen.audit.errors import refuse

__all__ = ["expression", "texts"]


def texts(node: ast.AST) -> list[ast.Constant]:
    """Texts in ``node`` that tools evaluate as types: in annotations, in aliases, in what bases take."""
    kind = node.__class__
    found: list[ast.AST | None]
    if kind is ast.AnnAssign:
        annotation = node.annotation  # type: ignore[attr-defined]
        found = [annotation]
        if getattr(annotation, "id", "") == "TypeAlias":
            found.append(node.value)  # type: ignore[attr-defined]
    elif kind is ast.arg:
        found = [node.annotation]  # type: ignore[attr-defined]
    elif kind is ast.FunctionDef:
        found = [node.returns]  # type: ignore[attr-defined]
    elif kind is ast.ClassDef:
        found = list(node.bases)  # type: ignore[attr-defined]
    else:
        return []
    made: list[ast.Constant] = []
    while found:
        one = found.pop()
        if isinstance(one, ast.Constant):
            if isinstance(one.value, str):
                made.append(one)
        elif isinstance(one, ast.Subscript) and getattr(one.value, "id", "").endswith("Literal"):
            continue  # texts are values there
        elif one is not None and not isinstance(one, ast.Call):
            found.extend(ast.iter_child_nodes(one))
    return made


def expression(filename: str, text: ast.Constant) -> ast.AST:
    """The syntax tree of a text that stands for a type."""
    try:
        made = ast.parse(str(text.value), filename, "eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        refuse(filename, text, "a text as a type that is none")
    inner = [one for one in ast.walk(made) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    literal = [one for one in ast.walk(made) if getattr(getattr(one, "value", None), "id", "").endswith("Literal")]
    if inner and not literal:
        refuse(filename, text, "a text in a text as a type")
    if any(isinstance(one, ast.Call) for one in ast.walk(made)):
        refuse(filename, text, "a call in a type")
    return made
