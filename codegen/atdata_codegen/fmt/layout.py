"""JSON text in one layout only: an object takes a line for each key, a list of scalars one line where it fits."""

from __future__ import annotations

import json
from typing import Any, Final

__all__ = ["layout"]

#: The usual formatters of web projects break where this does, so that both may be used on one file.
_WIDTH: Final = 80


def layout(value: Any, indent: int = 0, used: int = 0) -> str:
    """``value`` as text; ``used`` are the columns that stand before and after it on its first line.

    >>> print(layout({"a": [1, 2], "b": {}}))
    {
      "a": [1, 2],
      "b": {}
    }
    """
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = " " * (indent + 2)
        lines = []
        for number, (key, item) in enumerate(value.items(), 1):
            name = _scalar(key)
            comma = number < len(value)
            lines.append(f"{inner}{name}: {layout(item, indent + 2, len(inner) + len(name) + 2 + comma)}")
        return "{\n" + ",\n".join(lines) + "\n" + " " * indent + "}"
    if isinstance(value, list):
        if not any(isinstance(item, dict | list) for item in value):
            line = "[" + ", ".join(_scalar(item) for item in value) + "]"
            if not value or used + len(line) <= _WIDTH:
                return line
        inner = " " * (indent + 2)
        items = [f"{inner}{layout(item, indent + 2, len(inner) + (i < len(value)))}" for i, item in enumerate(value, 1)]
        return "[\n" + ",\n".join(items) + "\n" + " " * indent + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    # Half of a pair is JSON when it is escaped, and no UTF-8 otherwise.
    return text if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text) else json.dumps(value)
