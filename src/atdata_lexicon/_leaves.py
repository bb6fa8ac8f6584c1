"""Checks of the Lexicon types that hold no other values: each says what is wrong with a value, or None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ._text import escape, show
from .data import is_object
from .graphemes import count_graphemes, graphemes_at_least, graphemes_at_most
from .syntax import check_format
from .values import Blob, CidLink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LEAVES", "Node", "length_problem"]

Node: TypeAlias = "Mapping[str, Any]"
"""A definition, as in JSON."""

_MAX_SHOWN = 5


def length_problem(node: Node, least: str, most: str, length: int, unit: str) -> str | None:
    """What is wrong with a length, given the names of the two limits."""
    limit = node.get(least)
    if isinstance(limit, int) and length < limit:
        return f"has {length} {unit}, must have at least {limit}"
    limit = node.get(most)
    if isinstance(limit, int) and length > limit:
        return f"has {length} {unit}, must have at most {limit}"
    return None


def _boolean(node: Node, value: object) -> str | None:
    if not isinstance(value, bool):
        return f"must be a boolean, not {show(value)}"
    return _constant(node, value)


def _integer(node: Node, value: object) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return f"must be an integer, not {show(value)}: write {int(value)}"
    if not isinstance(value, int) or isinstance(value, bool):
        return f"must be an integer, not {show(value)}"
    limit = node.get("minimum")
    if isinstance(limit, int) and value < limit:
        return f"must be at least {limit}, not {show(value)}"
    limit = node.get("maximum")
    if isinstance(limit, int) and value > limit:
        return f"must be at most {limit}, not {show(value)}"
    return _constant(node, value)


def _string(node: Node, value: object) -> str | None:
    if not isinstance(value, str):
        return f"must be a string, not {show(value)}"
    if "minLength" in node or "maxLength" in node:
        length = len(value) if value.isascii() else len(value.encode(errors="surrogatepass"))
        problem = length_problem(node, "minLength", "maxLength", length, "bytes in UTF-8")
        if problem is not None:
            return problem
    limit = node.get("minGraphemes")
    if isinstance(limit, int) and not graphemes_at_least(value, limit):
        return f"has {count_graphemes(value)} graphemes, must have at least {limit}"
    limit = node.get("maxGraphemes")
    if isinstance(limit, int) and not graphemes_at_most(value, limit):
        return f"has {count_graphemes(value)} graphemes, must have at most {limit}"
    name = node.get("format")
    if isinstance(name, str):
        problem = check_format(name, value)
        if problem is not None:
            return problem
    return _constant(node, value)


def _constant(node: Node, value: object) -> str | None:
    if "const" in node and (value != node["const"] or type(value) is not type(node["const"])):
        return f"must be {show(node['const'])}, not {show(value)}"
    allowed = node.get("enum")
    if isinstance(allowed, list) and not _is_one_of(value, allowed):
        names = ", ".join(show(one) for one in allowed[:_MAX_SHOWN])
        more = ", ..." if len(allowed) > _MAX_SHOWN else ""
        return f"must be one of {names}{more}, not {show(value)}"
    return None


_sets: dict[int, tuple[list[Any], int, frozenset[Any]]] = {}


def _is_one_of(value: object, allowed: list[Any]) -> bool:
    """Whether a scalar is in a list, which is long in few definitions, and then asked for again and again."""
    if len(allowed) <= 16:
        return value in allowed
    kept = _sets.get(id(allowed))
    if kept is None or kept[0] is not allowed or kept[1] != len(allowed):
        if len(_sets) >= 64:
            _sets.clear()
        scalars = frozenset(one for one in allowed if isinstance(one, (str, int)))
        kept = _sets[id(allowed)] = (allowed, len(allowed), scalars)
    return value in kept[2]


def _bytes(node: Node, value: object) -> str | None:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("$bytes"), str):
        length = len(value["$bytes"].rstrip("=")) * 3 // 4
    elif isinstance(value, bytes):
        length = len(value)
    else:
        return f'must be bytes, {{"$bytes": base64}} in JSON, not {show(value)}'
    return length_problem(node, "minLength", "maxLength", length, "bytes")


def _cid_link(node: Node, value: object) -> str | None:
    if isinstance(value, CidLink) or (isinstance(value, dict) and "$link" in value):
        return None  # the data model has checked the CID itself
    return f'must be a link, {{"$link": cid}} in JSON, not {show(value)}'


def _blob(node: Node, value: object) -> str | None:
    if isinstance(value, Blob):
        value = value.to_json()
    if not isinstance(value, dict):
        return f"must be a blob, not {show(value)}"
    mime_type, size = value.get("mimeType"), value.get("size")
    if value.get("$type") != "blob":
        old = len(value) == 2 and isinstance(value.get("cid"), str) and isinstance(mime_type, str)
        if not old:
            return 'must be a blob, an object with "$type": "blob", "ref", "mimeType" and "size"'
    accept = node.get("accept")
    if isinstance(accept, list) and isinstance(mime_type, str) and not any(_accepts(one, mime_type) for one in accept):
        names = ", ".join(escape(str(one), 40) for one in accept[:_MAX_SHOWN])
        return f"has the MIME type {show(mime_type)}, must have one of {names}"
    limit = node.get("maxSize")
    if isinstance(limit, int) and isinstance(size, int) and size > limit:
        return f"has {show(size)} bytes, must have at most {limit}"
    return None


def _accepts(accepted: object, mime_type: str) -> bool:
    if not isinstance(accepted, str):
        return False
    accepted, mime_type = accepted.lower(), mime_type.lower()
    if accepted in ("*/*", "*", mime_type):
        return True
    if accepted.endswith("/*"):
        return mime_type.startswith(accepted[:-1])
    return mime_type.partition(";")[0].rstrip() == accepted


def _unknown(node: Node, value: object) -> str | None:
    if is_object(value):
        return None
    what = "a link, bytes or a blob" if isinstance(value, dict) else show(value)
    return f"must be an object, not {what}"


LEAVES: Final[dict[str, Callable[[Node, object], str | None]]] = {
    "blob": _blob,
    "boolean": _boolean,
    "bytes": _bytes,
    "cid-link": _cid_link,
    "integer": _integer,
    "string": _string,
    "unknown": _unknown,
}
