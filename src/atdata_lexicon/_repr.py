"""Records as short text: fields that are set, long values cut, control characters escaped."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

from ._base import Base
from .errors import UnknownDefinitionError
from .values import UNSET

__all__ = ["short_repr"]

_MAX_TEXT: Final = 80
_MAX_ITEMS: Final = 4
_MAX_DEPTH: Final = 4
_MAX_TOTAL: Final = 2000


def short_repr(record: Base) -> str:
    """The record as `Name(field=value, ...)` of at most about 2,000 characters."""
    text = _record(record, _MAX_DEPTH)
    return text if len(text) <= _MAX_TOTAL else text[:_MAX_TOTAL] + "...)"


def _record(record: Base, depth: int) -> str:
    if depth == 0:
        return f"{type(record).__name__}(...)"
    parts = [
        f"{field.name}={_value(value, depth - 1)}"
        for field in fields(record)  # type: ignore[arg-type]  # generated classes are dataclasses
        if (value := getattr(record, field.name, UNSET)) is not UNSET and not (value is None and field.default is None)
    ]
    try:
        unknown = len(record.unknown_fields)
    except UnknownDefinitionError:  # a class of nobody's making still has a repr
        unknown = 0
    if unknown:
        parts.append(f"<{unknown} unknown>")
    return f"{type(record).__name__}({', '.join(parts)})"


def _value(value: Any, depth: int) -> str:
    if isinstance(value, Base):
        return _record(value, depth)
    if isinstance(value, (str, bytes)):
        return repr(value) if len(value) <= _MAX_TEXT else f"{value[:_MAX_TEXT]!r}...<{len(value)}>"
    if isinstance(value, int) and value.bit_length() > 256:
        return f"<an integer of {value.bit_length()} bits>"
    if isinstance(value, (list, dict)) and value and depth <= 0:
        return "[...]" if isinstance(value, list) else "{...}"
    if isinstance(value, list):
        shown = [_value(item, depth - 1) for item in value[:_MAX_ITEMS]]
        return f"[{', '.join(_counted(shown, len(value)))}]"
    if isinstance(value, dict):
        pairs = [f"{_value(key, 0)}: {_value(item, depth - 1)}" for key, item in list(value.items())[:_MAX_ITEMS]]
        return f"{{{', '.join(_counted(pairs, len(value)))}}}"
    text = repr(value)
    return text if len(text) <= 2 * _MAX_TEXT else text[: 2 * _MAX_TEXT] + "..."


def _counted(shown: list[str], count: int) -> list[str]:
    return shown if count <= len(shown) else [*shown, f"...<{count}>"]
