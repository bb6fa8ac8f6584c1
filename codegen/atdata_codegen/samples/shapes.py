"""Shapes of arrays as documents write them: a list with one entry a dimension."""

from __future__ import annotations

from atdata_codegen.names import is_identifier

__all__ = ["MAX_DIMS", "Dim", "parse_dim", "shape_text"]

#: numpy's own limit is 64 in version 2 and 32 before; nobody has needed either.
MAX_DIMS = 32

#: A size, a name, or ``_`` for any.
Dim = int | str

_MAX_SIZE = 1 << 48


def parse_dim(value: object) -> Dim | None:
    """One dimension: ``"3"``, ``3``, ``"h"``, ``"_"``; -1 and null are ``"_"``. None when it is none of them.

    >>> parse_dim("3"), parse_dim("h"), parse_dim(-1), parse_dim("3,3")
    (3, 'h', '_', None)
    """
    if value is None:
        return "_"
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if value in ("_", "-1", "*", "?"):
            return "_"
        if value.isascii() and value.isdigit() and len(value) <= 15:
            value = int(value)
        else:
            return value if is_identifier(value) else None
    if isinstance(value, int):
        if value == -1:
            return "_"
        return value if 0 <= value <= _MAX_SIZE else None
    return None


def shape_text(shape: tuple[Dim, ...]) -> str:
    """``h w 3``."""
    return " ".join(str(dim) for dim in shape)
