"""DAG-CBOR of the AT Protocol's data model, strict both ways.

One value has one encoding: map keys sorted by length and then by bytes, shortest integers, no floats, tag 42 for
links and no other tag. What `decode` accepts, `encode` gives back byte for byte.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from ._text import show
from .cid import Cid, parse_cid
from .errors import DataModelError, IdentifierError
from .values import Blob, CidLink

__all__ = ["MAX_DEPTH", "decode", "encode"]

MAX_DEPTH: Final = 256
"""How deep arrays and objects may nest."""

_MIN_INT = -(1 << 63)
_MAX_INT = (1 << 63) - 1


def encode(value: object) -> bytes:
    """The DAG-CBOR of a value made of None, bool, int, str, bytes, CidLink, Blob, list and dict.

    Raises DataModelError for everything else: floats, integers beyond 64 bits, nesting beyond 256.

    >>> encode({"bb": 1, "a": [True, None]}).hex()
    'a2616182f5f662626201'
    """
    out = bytearray()
    try:
        _write(out, value, 0)
    except RecursionError:
        raise DataModelError("nested too deep to encode") from None
    return bytes(out)


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major | number)
    elif number < 0x100:
        out += bytes((major | 24, number))
    elif number < 0x10000:
        out.append(major | 25)
        out += number.to_bytes(2, "big")
    elif number < 0x100000000:
        out.append(major | 26)
        out += number.to_bytes(4, "big")
    else:
        out.append(major | 27)
        out += number.to_bytes(8, "big")


def _write(out: bytearray, value: Any, depth: int) -> None:
    kind = type(value)
    if kind is str:
        _write_text(out, value)
    elif kind is dict:
        _write_map(out, value, depth)
    elif value is None:
        out.append(0xF6)
    elif value is True:
        out.append(0xF5)
    elif value is False:
        out.append(0xF4)
    elif isinstance(value, int):
        if not _MIN_INT <= value <= _MAX_INT:
            raise DataModelError(f"{show(value)} does not fit in a signed 64-bit integer")
        if value >= 0:
            _head(out, 0x00, value)
        else:
            _head(out, 0x20, -1 - value)
    elif isinstance(value, str):
        _write_text(out, value)
    elif isinstance(value, bytes):
        _head(out, 0x40, len(value))
        out += value
    elif isinstance(value, CidLink):
        link = _link_bytes(value)
        out += b"\xd8\x2a"
        _head(out, 0x40, len(link) + 1)
        out.append(0)
        out += link
    elif isinstance(value, (list, tuple)):
        _check_depth(depth)
        _head(out, 0x80, len(value))
        for item in value:
            _write(out, item, depth + 1)
    else:
        _write_map(out, value, depth)


def _write_text(out: bytearray, text: str) -> None:
    data = _utf8(text)
    if len(data) < 24:
        out.append(0x60 | len(data))
    else:
        _head(out, 0x60, len(data))
    out += data


def _write_map(out: bytearray, value: Any, depth: int) -> None:
    if isinstance(value, Blob):
        value = {"$type": "blob", "ref": value.ref, "mimeType": value.mime_type, "size": value.size}
    if not isinstance(value, dict):
        hint = "; write it as a string or a scaled integer" if isinstance(value, float) else ""
        raise DataModelError(f"{show(value)} has no form in the data model{hint}")
    _check_depth(depth)
    _head(out, 0xA0, len(value))
    for key, head in _orders.get(tuple(value)) or _in_order(value):
        out += head
        item = value[key]
        if type(item) is str:
            _write_text(out, item)
        else:
            _write(out, item, depth + 1)


_Order: TypeAlias = "list[tuple[str, bytes]]"
_MOST_ORDERS: Final = 1024
#: Keys of objects as they came, and as they are written: few sets of keys make up nearly all records.
_orders: dict[tuple[str, ...], _Order] = {}


def _in_order(keys: dict[Any, Any]) -> _Order:
    """The keys by the length of their UTF-8 and then by its bytes, each with what is written for it."""
    found: list[tuple[int, bytes, str]] = []
    for key in keys:
        if not isinstance(key, str):
            raise DataModelError(f"an object's keys are strings, not {show(key)}")
        data = _utf8(key)
        found.append((len(data), data, key))
    order: _Order = []
    for _, _, key in sorted(found):
        out = bytearray()
        _write_text(out, key)
        order.append((key, bytes(out)))
    if len(order) <= 32 and all(len(key) <= 64 for key in keys):
        if len(_orders) >= _MOST_ORDERS:
            _orders.clear()
        _orders[tuple(keys)] = order
    return order


def _check_depth(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise DataModelError(f"nested deeper than {MAX_DEPTH} levels")


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise DataModelError(f"{show(text)} holds half of a surrogate pair, which is not Unicode text") from None


def _link_bytes(link: CidLink) -> bytes:
    try:
        return bytes(parse_cid(link.cid))
    except IdentifierError as error:
        raise DataModelError(f"a link that cannot be encoded: {error}") from None


def decode(data: bytes) -> Any:  # Any: whatever the block holds
    """The value of a DAG-CBOR block.

    Raises DataModelError for whatever `encode` would not have written: unsorted or repeated keys, long forms,
    indefinite lengths, floats, other tags, trailing bytes, nesting beyond 256. Claimed lengths are compared with the
    bytes that are there before anything is allocated.

    >>> decode(bytes.fromhex("a2616182f5f662626201"))
    {'a': [True, None], 'bb': 1}
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except RecursionError:
        raise DataModelError("nested too deep to decode") from None
    if reader.at != len(reader.data):
        raise reader.error(f"{len(reader.data) - reader.at} bytes follow the value")
    return value


class _Reader:
    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = bytes(data)
        self.at = 0

    def error(self, message: str) -> DataModelError:
        return DataModelError(f"not DAG-CBOR at byte {self.at}: {message}")

    def value(self, depth: int) -> Any:
        major, number = self.head()
        if major == 3:
            return self.text(number)
        if major == 0:
            if number > _MAX_INT:
                raise self.error("an integer beyond 64 bits")
            return number
        if major == 5:
            return self.map(number, depth)
        if major == 4:
            if depth >= MAX_DEPTH:
                raise self.error(f"nested deeper than {MAX_DEPTH} levels")
            self.need(number)
            return [self.value(depth + 1) for _ in range(number)]
        if major == 1:
            if number > _MAX_INT:
                raise self.error("an integer beyond 64 bits")
            return -1 - number
        if major == 2:
            return self.take(number)
        if major == 6:
            return self.link(number)
        return self.simple(number)

    def head(self) -> tuple[int, int]:
        self.need(1)
        byte = self.data[self.at]
        self.at += 1
        major, low = byte >> 5, byte & 0x1F
        if low < 24:
            return major, low
        if major == 7:
            raise self.error("floats, `undefined` and other simple values are not in the data model")
        if low > 27:
            raise self.error("indefinite lengths are not allowed")
        size = 1 << (low - 24)
        number = int.from_bytes(self.take(size), "big")
        if number < (24 if size == 1 else 1 << (4 * size)):
            raise self.error("a number that is not in its shortest form")
        return major, number

    def need(self, count: int) -> None:
        if count > len(self.data) - self.at:
            raise self.error(f"{count} bytes or items are announced, and {len(self.data) - self.at} bytes are left")

    def take(self, count: int) -> bytes:
        self.need(count)
        start = self.at
        self.at = start + count
        return self.data[start : self.at]

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode()
        except UnicodeDecodeError:
            raise self.error("text that is not UTF-8") from None

    def map(self, count: int, depth: int) -> dict[str, Any]:
        if depth >= MAX_DEPTH:
            raise self.error(f"nested deeper than {MAX_DEPTH} levels")
        self.need(2 * count)
        result: dict[str, Any] = {}
        last = (-1, b"")
        for _ in range(count):
            major, length = self.head()
            if major != 3:
                raise self.error("an object's key must be text")
            key = self.take(length)
            if (length, key) <= last:
                raise self.error("an object's keys must be sorted by length and bytes, each once")
            last = (length, key)
            try:
                name = key.decode()
            except UnicodeDecodeError:
                raise self.error("a key that is not UTF-8") from None
            result[name] = self.value(depth + 1)
        return result

    def link(self, tag: int) -> CidLink:
        if tag != 42:
            raise self.error(f"tag {tag}; only 42, a link, is allowed")
        major, length = self.head()
        data = self.take(length) if major == 2 else b""
        if not data.startswith(b"\0"):
            raise self.error("a link must be a byte string that starts with 0")
        try:
            return CidLink(str(Cid.from_bytes(data[1:])))
        except IdentifierError as error:
            raise self.error(str(error)) from None

    def simple(self, number: int) -> bool | None:
        if number == 20:
            return False
        if number == 21:
            return True
        if number == 22:
            return None
        raise self.error("floats, `undefined` and other simple values are not in the data model")
