"""Foreign values and JSON paths as short, printable ASCII text for messages."""

from __future__ import annotations

from typing import TypeAlias, Union

__all__ = ["Path", "escape", "render_path", "show"]

Path: TypeAlias = Union["tuple[Path, str | int]", None]
"""A place in a value, as a chain from the innermost key outwards; None is the root."""

_MAX_PATH_PARTS = 24
_MAX_KEY = 40


def escape(text: str, limit: int = 60) -> str:
    r"""The text as printable ASCII of at most about `limit` characters.

    >>> escape("caf\u00e9\u202e")
    'caf\\xe9\\u202e'
    """
    out = text[: limit + 1].encode("unicode_escape").decode("ascii")
    return out if len(out) <= limit else out[:limit] + "..."


def show(value: object) -> str:
    """A short description of any value, safe to print.

    >>> show("blue"), show(None), show([1, 2])
    ('"blue"', 'null', 'an array')
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(int(value)) if value.bit_length() <= 80 else f"an integer of {value.bit_length()} bits"
    if isinstance(value, float):
        return f"the float {float(value)!r}"
    if isinstance(value, str):
        return f'"{escape(value)}"'
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, dict):
        return "an object"
    return f"a Python {escape(type(value).__name__)}"


def render_path(path: Path) -> str:
    """The JSON path of a chain of keys.

    >>> render_path(((None, "tags"), 3))
    '$.tags[3]'
    """
    parts: list[str] = []
    while path is not None:
        path, key = path
        if isinstance(key, int):
            parts.append(f"[{key}]")
        elif key.isascii() and key.replace("_", "a").replace("-", "a").replace("$", "a").isalnum():
            parts.append(f".{escape(key, _MAX_KEY)}")
        else:
            quoted = escape(key, _MAX_KEY).replace('"', '\\"')
            parts.append(f'["{quoted}"]')
    parts.reverse()
    if len(parts) > _MAX_PATH_PARTS:
        half = _MAX_PATH_PARTS // 2
        parts[half:-half] = ["..."]
    return "$" + "".join(parts)
