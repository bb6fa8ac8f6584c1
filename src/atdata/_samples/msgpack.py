"""msgpack at its border: one map in, one map out, and nothing behind it.

ormsgpack loads on first use. It accepts bytes behind the value and keys that stand twice,
so both are looked for here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from atdata._errors import DecodeError, EncodeError, shown

__all__ = ["pack_map", "unpack_front", "unpack_map"]

_SMALL = 8192
#: How a float of 64 bits begins, the only one that is written.
_FLOAT = b"\xcb"


def _load() -> None:
    global _packb, _unpackb, _AS_GIVEN
    import ormsgpack

    _packb, _unpackb = ormsgpack.packb, ormsgpack.unpackb
    _AS_GIVEN = (
        ormsgpack.OPT_PASSTHROUGH_DATACLASS
        | ormsgpack.OPT_PASSTHROUGH_DATETIME
        | ormsgpack.OPT_PASSTHROUGH_ENUM
        | ormsgpack.OPT_PASSTHROUGH_UUID
    )


def _first_packb(*args: Any) -> bytes:
    _load()
    return _packb(*args)


def _first_unpackb(raw: Any) -> Any:
    _load()
    return _unpackb(raw)


#: ormsgpack would write dates, UUIDs and dataclasses as text and maps, which come back as text and maps.
_AS_GIVEN: int | None = None
_packb: Callable[..., bytes] = _first_packb
_unpackb: Callable[[Any], Any] = _first_unpackb


def _other(value: Any) -> Any:
    """What ormsgpack does not know by itself: numpy scalars are taken as the numbers they are."""
    kind = type(value)
    if kind.__module__ == "numpy" and hasattr(kind, "item") and getattr(value, "ndim", 1) == 0:
        plain = value.item()
        if plain is None or isinstance(plain, bool | int | float | str | bytes):
            return plain
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, set | frozenset):
        raise TypeError("a set; pack a list")
    if isinstance(value, Enum):
        for plain in (bool, int, float, str):
            if isinstance(value, plain):
                return plain(value.value)
    raise TypeError(shown(value) + _hint(kind))


def _hint(kind: type[Any]) -> str:
    if kind.__name__ == "ndarray":
        return "; annotate the field as NDArray"
    if kind.__module__ == "datetime":
        return ", which would come back as text; keep a number (timestamp(), total_seconds()) or a str (isoformat())"
    if issubclass(kind, Enum):
        return ", which would come back as its value; keep the value, or make the class an IntEnum or StrEnum"
    if hasattr(kind, "__dataclass_fields__"):
        return "; decorate its class with @atdata.packable, and annotate the field with it"
    return "; keep it as a str, bytes or a number"


def pack_map(data: dict[str, Any]) -> bytes:
    """``data`` as msgpack bytes."""
    try:
        if _AS_GIVEN is None:
            _load()
        return _packb(data, _other, _AS_GIVEN)
    except (TypeError, ValueError, RecursionError) as error:
        reason = _refused(data) or str(error)[:300].encode("unicode_escape").decode()
        raise EncodeError(f"cannot be packed: {reason}") from error


def _refused(data: dict[str, Any]) -> str:
    """What :func:`_other` says against a value in ``data``, which ormsgpack does not pass on."""
    said: list[str] = []

    def other(value: Any) -> Any:
        try:
            return _other(value)
        except TypeError as error:
            said.append(str(error))
            raise

    with suppress(TypeError, ValueError, RecursionError):
        _packb(data, other, _AS_GIVEN)
    return said[0] if said else ""


def unpack_map(raw: Any) -> dict[str, Any]:
    """The one map that ``raw`` holds."""
    try:
        data = _unpackb(raw)
        # Packing a small map again costs less than any other proof that nothing follows it, and nothing stands twice.
        if type(data) is dict and len(raw) <= _SMALL and _packb(data) == raw:
            return data
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        reason = str(error)[:200].encode("unicode_escape").decode()
        raise DecodeError(f"not the msgpack bytes of a sample: {reason}") from error
    return _checked(raw, data)


def unpack_front(raw: Any) -> tuple[Any, int]:
    """The first value in ``raw``, whatever it is, and how many bytes it takes."""
    try:
        value = _unpackb(raw)
        packed = _packb(value)
    except (ValueError, TypeError, RecursionError, OverflowError) as error:
        reason = str(error)[:200].encode("unicode_escape").decode()
        raise DecodeError(f"not the msgpack bytes of a value: {reason}") from error
    size = len(packed)
    if bytes(raw[:size]) == packed:
        return value, size
    end, entries = _walk(raw)
    if end < 0 or entries != _entries(value):
        raise DecodeError("a key stands twice in a map of the sample")
    return value, end


def _checked(raw: Any, data: Any) -> dict[str, Any]:
    if type(data) is not dict:
        raise DecodeError(f"not a map but {shown(data)}")
    if not isinstance(raw, bytes):
        raw = bytes(raw)
    if len(data) != _claimed(raw):
        raise DecodeError("a field stands twice in the map")
    if not _is_packed(raw, data):
        end, entries = _walk(raw)
        if end != len(raw):
            raise DecodeError("more bytes follow the sample")
        if entries != _entries(data):
            raise DecodeError("a key stands twice in a map of the sample")
    return data


def _claimed(raw: bytes) -> int:
    first = raw[0]
    if first & 0xF0 == 0x80:
        return first & 0x0F
    return int.from_bytes(raw[1:3] if first == 0xDE else raw[1:5], "big")


def _is_packed(raw: bytes, data: dict[str, Any]) -> bool:
    """Whether ``raw`` is how ``data`` is packed, found by packing it again, at first without its large parts.

    Then nothing follows it and no key stands twice. Writers that do not choose the shortest form come out at
    another length; only theirs are walked. A float of 32 bits alone comes out longer than it was, and could hide
    something of the same length: where there may be floats, every byte is compared.
    """
    try:
        if len(raw) > _SMALL:
            length = len(raw)
            small: dict[str, Any] = {}
            for key, value in data.items():
                if type(value) is bytes and len(value) > 255:
                    length -= len(value) + (2 if len(value) < 65536 else 4)
                    small[key] = None
                else:
                    small[key] = value
            packed = _packb(small)
            if len(packed) != length:
                return False
            if _FLOAT not in packed:
                return True
        return _packb(data) == raw
    except (TypeError, ValueError, RecursionError):
        return False


def _entries(data: dict[str, Any]) -> int:
    """How many entries all maps in ``data`` have together."""
    count = 0
    todo: list[Any] = [data]
    while todo:
        value = todo.pop()
        if type(value) is dict:
            count += len(value)
            todo.extend(value.values())
        elif type(value) is list:
            todo.extend(value)
    return count


#: First byte -> (bytes of payload behind it, children), for types of one size.
_FIXED = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_FIXED |= {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
#: First byte -> bytes of the length field, for strings and bytes.
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def _walk(raw: Any) -> tuple[int, int]:
    """Where the first value of ``raw`` ends, and the entries of all its maps; it was decoded, so it is well formed."""
    at, todo, entries = 0, 1, 0
    while todo:
        todo -= 1
        first = raw[at]
        at += 1
        if first < 0x80 or first >= 0xE0:
            continue
        if first < 0x90:
            todo += 2 * (first & 0x0F)
            entries += first & 0x0F
        elif first < 0xA0:
            todo += first & 0x0F
        elif first < 0xC0:
            at += first & 0x1F
        elif first in _FIXED:
            at += _FIXED[first]
        elif first in _SIZED:
            width = _SIZED[first]
            at += width + int.from_bytes(raw[at : at + width], "big")
        elif first in _ARRAYS:
            width, factor = _ARRAYS[first]
            count = int.from_bytes(raw[at : at + width], "big")
            todo += factor * count
            entries += count if factor == 2 else 0
            at += width
        else:
            return -1, 0
    return at, entries
