"""Values between Python and records: moments, and metadata.

Records hold no floats: those are written as text that names its type.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from atdata._errors import UnsupportedTypeError, shown
from atdata_lexicon.values import bytes_from_text, bytes_to_text

__all__ = ["from_record_form", "metadata_of", "now", "to_record_form"]

FLOAT = "ac.foundation.dataset.schemaType#float"
_MAX_DEPTH = 64


def now() -> str:
    """This moment as records write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_record_form(value: Any, path: str = "metadata", depth: int = 0) -> Any:
    """``value`` as a record holds it. ``TypeError`` names the place of what no record can hold.

    >>> to_record_form({"lr": 0.5, "steps": (1, 2)})
    {'lr': {'$type': 'ac.foundation.dataset.schemaType#float', 'value': '0.5'}, 'steps': [1, 2]}
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        if -(1 << 63) <= value < 1 << 63:
            return int(value)
        raise UnsupportedTypeError(f"{path}: {shown(value)} has more than 64 bits; write it as a string")
    if isinstance(value, float):
        return {"$type": FLOAT, "value": repr(float(value))}
    if isinstance(value, bytes):
        return {"$bytes": bytes_to_text(value)}
    if depth >= _MAX_DEPTH:
        raise UnsupportedTypeError(f"{path}: nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise UnsupportedTypeError(f"{path}: the key {shown(key)} is no string")
        return {key: to_record_form(item, f"{path}.{key[:80]}", depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_record_form(item, f"{path}[{i}]", depth + 1) for i, item in enumerate(value)]
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return to_record_form(value.tolist(), path, depth)
    raise UnsupportedTypeError(
        f"{path}: {shown(value)} cannot be stored; use strings, numbers, truth values, bytes, lists and dictionaries"
    )


def metadata_of(value: Any) -> dict[str, Any] | None:
    """The metadata of a record, which is an object, or msgpack in bytes; None when there is none.

    >>> metadata_of({"$bytes": "gaFhAQ"})
    {'a': 1}
    """
    from atdata._samples.msgpack import unpack_map

    found = value if isinstance(value, bytes) else from_record_form(value)
    if isinstance(found, bytes):
        return unpack_map(found)
    return found if isinstance(found, dict) else None


def from_record_form(value: Any, depth: int = 0) -> Any:
    """What :func:`to_record_form` was given; unknown objects stay as they are.

    >>> from_record_form({"$type": "ac.foundation.dataset.schemaType#float", "value": "0.5"})
    0.5
    """
    if depth > 4 * _MAX_DEPTH:
        return value
    if isinstance(value, dict):
        if value.get("$type") == FLOAT and isinstance(value.get("value"), str):
            return _float(value)
        if value.keys() == {"$bytes"} and isinstance(value["$bytes"], str):
            try:
                return bytes_from_text(value["$bytes"])
            except ValueError:
                return value
        return {key: from_record_form(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [from_record_form(item, depth + 1) for item in value]
    return value


def _float(value: dict[str, Any]) -> Any:
    text = value["value"]
    try:
        number = float(text) if len(text) <= 128 and "_" not in text else math.inf
    except ValueError:
        return value
    return number if math.isfinite(number) or text in ("inf", "-inf", "nan") else value
