"""One tar header at a time, read strictly: what the fast walk does not take comes here."""

from __future__ import annotations

from dataclasses import dataclass

from atdata._shards.names import member_name

__all__ = ["BLOCK", "EXTENSIONS", "Header", "HeaderError", "pax_records", "read_header"]

BLOCK = 512
_LARGEST = 1 << 62
#: Types of headers that describe the member after them.
EXTENSIONS = frozenset(b"xXgLK")
#: Links, devices, directories and FIFOs have no data, whatever their size field says.
_WITHOUT_DATA = frozenset(b"123456")


class HeaderError(ValueError):
    """A header that is none. The walk says which shard."""


@dataclass(slots=True)
class Header:
    """What one header says of its member. ``size`` is the number of bytes stored after it."""

    name: bytes
    size: int
    type: int

    @property
    def regular(self) -> bool:
        return self.type in b"0\x007"

    @property
    def has_data(self) -> bool:
        return self.type not in _WITHOUT_DATA


def read_header(raw: bytes) -> Header:
    """The header in the 512 bytes ``raw``; raises :class:`HeaderError`."""
    total = sum(raw) - sum(raw[148:156]) + 256
    stored = _number(raw[148:156], "checksum")
    if stored != total:
        signed = total - 256 * sum(1 for b in raw[:148] + raw[156:] if b > 127)
        if stored != signed:
            raise HeaderError("the header's checksum is wrong")
    size = _number(raw[124:136], "size")
    kind = raw[156]
    name = member_name(raw)
    if kind == 0 and name.endswith(b"/"):
        kind = ord("5")
    return Header(name, 0 if kind in _WITHOUT_DATA else size, kind)


def _number(field: bytes, what: str) -> int:
    if field[0] & 0x80:
        if field[0] != 0x80:
            raise HeaderError(f"the header's {what} is negative")
        value = int.from_bytes(field[1:], "big")
    else:
        digits = field.strip(b"\0 ")
        if digits.strip(b"01234567"):
            raise HeaderError(f"the header's {what} is no number")
        value = int(digits, 8) if digits else 0
    if value > _LARGEST:
        raise HeaderError(f"the header's {what} is beyond all bounds")
    return value


def pax_records(data: bytes) -> dict[bytes, bytes]:
    """The records of a pax header, ``28 mtime=1700000000.1234567\\n`` one after the other.

    >>> pax_records(b"11 path=ab\\n")
    {b'path': b'ab'}
    """
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 21)
        digits = data[at:space] if space > 0 else b""
        if not digits.isdigit():
            raise HeaderError("a pax header holds something that is no record")
        end = at + int(digits)
        if end > len(data) or end <= space + 1 or data[end - 1] != 0x0A:
            raise HeaderError("a record of a pax header has the wrong length")
        name, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or not name:
            raise HeaderError("a record of a pax header has no name")
        found[name] = value
        at = end
    return found


def pax_number(value: bytes) -> int:
    """The size that a pax header gives."""
    if not 0 < len(value) <= 19 or not value.isdigit():
        raise HeaderError("a pax header gives a size that is no number")
    return int(value)
