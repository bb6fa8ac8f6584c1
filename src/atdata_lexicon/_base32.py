"""Base32 as CIDs are written, lower case and without padding, of the 36 bytes that nearly all of them have."""

from __future__ import annotations

from typing import Final

__all__ = ["cid_text"]

_SIZE: Final = 36  # bytes; filled up to 40 they are 64 groups of 5 bits
_LETTERS: Final = bytes(b"abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in range(256))


def _steps() -> list[tuple[int, int, int]]:
    """Masks and shifts that halve blocks of bits, over and over, until each group of 5 has a byte of its own."""
    found, bits, room, blocks = [], 160, 256, 1
    while bits >= 5:
        low = sum(((1 << bits) - 1) << (2 * room * block) for block in range(blocks))
        found.append((low, low << bits, room - bits))
        bits, room, blocks = bits // 2, room // 2, 2 * blocks
    return found


_STEPS: Final = _steps()


def cid_text(data: bytes) -> str:
    """The text of a CID's bytes, with the leading b.

    >>> cid_text(bytes(36))
    'baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    """
    if len(data) != _SIZE:
        from base64 import b32encode

        return "b" + b32encode(data).decode("ascii").rstrip("=").lower()
    number = int.from_bytes(data, "big") << 32
    for low, high, shift in _STEPS:  # all groups at once: one by one takes several times as long
        number = number & low | (number & high) << shift
    return "b" + number.to_bytes(64, "big").translate(_LETTERS)[:58].decode("ascii")
