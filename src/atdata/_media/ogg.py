"""Whether an Ogg file is whole: decoders take what is there for all, and leave out what is damaged."""

from __future__ import annotations

from zlib import crc32

__all__ = ["fault_of"]

_HEAD = 27
_BEGINS, _ENDS = 2, 4
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def fault_of(data: bytes) -> str:
    """What is wrong with the pages of a file, empty when nothing is.

    Each page has a sum, a number and the number of its stream, and the last of each stream says so:
    https://www.rfc-editor.org/rfc/rfc3533.

    >>> fault_of(b"OggS")
    'it was cut off in a page'
    """
    numbers: dict[bytes, int] = {}  # of the streams that have not ended
    at = 0
    while at < len(data):
        if data[at : at + 4] != b"OggS"[: len(data) - at]:
            return "something else stands between its pages" if numbers or not at else ""
        count = data[at + 26] if at + _HEAD <= len(data) else 0
        sizes = data[at + _HEAD : at + _HEAD + count]
        end = at + _HEAD + count + sum(sizes)
        if at + _HEAD > len(data) or len(sizes) < count or end > len(data):
            return "it was cut off in a page"
        page, kind, stream = data[at:end], data[at + 5], data[at + 14 : at + 18]
        number = int.from_bytes(page[18:22], "little")
        if _sum(page[:22] + bytes(4) + page[26:]) != int.from_bytes(page[22:26], "little"):
            return f"its page {number} is damaged"
        if not kind & _BEGINS and numbers.get(stream) != number - 1:
            return f"what stands before its page {number} is missing"
        numbers[stream] = number
        if kind & _ENDS:
            del numbers[stream]
        at = end
    return "its last page is missing" if numbers else ""


def _sum(page: bytes) -> int:
    """The CRC of a page, which takes bits from the other side than zlib's."""
    found = crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(found.to_bytes(4, "big").translate(_MIRRORED), "little")
