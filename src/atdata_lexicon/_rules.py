"""The rules of the data model for one value at a time: what is wrong with it, or None."""

from __future__ import annotations

from typing import Any, Final

from ._text import show
from .cid import is_link
from .values import Blob, CidLink, bytes_from_text

__all__ = [
    "MAX_INT", "MAX_SAFE", "MIN_INT", "is_leaf", "is_unicode", "object_problem", "scalar_problem", "special_problem",
]  # fmt: skip

MAX_SAFE: Final = (1 << 53) - 1
"""The largest integer that JavaScript, and so most servers, keep exactly."""

MIN_INT = -(1 << 63)
MAX_INT = (1 << 63) - 1


def scalar_problem(value: object, sending: bool) -> str | None:
    """What is wrong with a value that holds no others; None if nothing."""
    if value is None or isinstance(value, (bool, bytes)):
        return None
    if isinstance(value, str):
        return None if is_unicode(value) else "half of a surrogate pair, which is not Unicode text"
    if isinstance(value, int):
        if not MIN_INT <= value <= MAX_INT:
            return f"{show(value)} does not fit in a signed 64-bit integer: use a string"
        if sending and not -MAX_SAFE <= value <= MAX_SAFE:
            return f"{show(value)} is beyond 2^53-1, which servers refuse or change: use a string"
        return None
    if isinstance(value, float):
        if value.is_integer() and abs(value) <= MAX_SAFE:
            return f"{show(value)} would be stored as an integer: write {int(value)}" if sending else None
        return f"{show(value)} is not allowed in a record: use a string or a scaled integer"
    if isinstance(value, CidLink):
        return None if is_link(value.cid) else f"{show(value.cid)} is not a CID"
    if isinstance(value, Blob):
        return special_problem(value.to_json())
    return f"{show(value)} has no form in the data model"


def object_problem(value: dict[Any, Any], sending: bool) -> str | None:
    """What is wrong with an object's own keys and marks; None if nothing."""
    for key in value:
        if not isinstance(key, str):
            return f"keys must be strings, not {show(key)}"
        if not is_unicode(key):
            return f"the key {show(key)} holds half of a surrogate pair, which is not Unicode text"
    if sending and len(value) == 2 and isinstance(value.get("cid"), str) and isinstance(value.get("mimeType"), str):
        return "a blob reference of the old form, which servers refuse: upload the blob and use what the server returns"
    return special_problem(value)


def special_problem(value: dict[str, Any]) -> str | None:
    """What is wrong with an object's `$link`, `$bytes` or `$type`; None if nothing, or if it has none of them."""
    if "$link" in value:
        cid = value["$link"]
        if len(value) != 1:
            return 'an object with "$link" must have no other key'
        return None if isinstance(cid, str) and is_link(cid) else f'"$link" must be a CID, not {show(cid)}'
    if "$bytes" in value:
        text = value["$bytes"]
        if len(value) != 1:
            return 'an object with "$bytes" must have no other key'
        if isinstance(text, str) and bytes_from_text(text) is not None:
            return None
        return f'"$bytes" must be standard base64, not {show(text)}'
    if "$type" not in value:
        return None
    kind = value["$type"]
    if not isinstance(kind, str) or not kind:
        return f'"$type" must be a string that is not empty, not {show(kind)}'
    return _blob_problem(value) if kind == "blob" else None


def _blob_problem(value: dict[str, Any]) -> str | None:
    mime_type, size, ref = value.get("mimeType"), value.get("size"), value.get("ref")
    if isinstance(ref, dict) and len(ref) == 1:
        ref = ref.get("$link")
    elif isinstance(ref, CidLink):
        ref = ref.cid
    if not isinstance(ref, str) or not is_link(ref):
        return 'a blob\'s "ref" must be a link to its CID'
    if not isinstance(mime_type, str) or not mime_type:
        return f'a blob\'s "mimeType" must be a MIME type, not {show(mime_type)}'
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        return f'a blob\'s "size" must be a number of bytes, not {show(size)}'
    return None


def is_leaf(value: object) -> bool:
    """Whether a value that JSON writes as an object is a single value: a link or bytes."""
    return isinstance(value, dict) and len(value) == 1 and ("$link" in value or "$bytes" in value)


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
