"""Tar headers from a template: what differs between members is name, size and checksum."""

from __future__ import annotations

from atdata._shards.names import SUFFIX, is_meta, split

__all__ = ["END", "ZEROS", "header", "long_header", "member_name"]

#: All that there is of padding: ``ZEROS[n]`` is n NULs.
ZEROS = tuple(bytes(n) for n in range(512))
#: The end-of-archive marker.
END = bytes(1024)
#: Members are read-only files of nobody, from 1980: the same samples give the same bytes.
_BEFORE_SIZE = b"0000444\x00" + b"0000000\x00" * 2
_AFTER_SIZE = b"\x00%011o\x00" % 315532800
_AFTER_SUM = b"\x00 0" + bytes(100) + b"ustar\x0000" + bytes(80) + bytes(167)
_AFTER_SUM_X = _AFTER_SUM.replace(b" 0", b" x", 1)
_FIXED = sum(_BEFORE_SIZE) + sum(_AFTER_SIZE) + sum(_AFTER_SUM[2:]) + 8 * 32
_LARGEST = 8**11
_MAX_KEY = 4096


def member_name(key: str) -> bytes:
    """The name of the member of ``key``; raises ``ValueError`` for a key that readers would not give back."""
    try:
        name = key.encode("utf-8") + SUFFIX
    except UnicodeEncodeError as error:
        raise ValueError("it is not Unicode text") from error
    if len(name) > _MAX_KEY:
        raise ValueError(f"it is longer than {_MAX_KEY - len(SUFFIX)} bytes")
    if split(name) != (name[: -len(SUFFIX)], b"msgpack"):
        raise ValueError("readers cut keys at the first dot after the last slash, so there must be none, nor nothing")
    if is_meta(name) or "\0" in key or "\n" in key or key.startswith("/") or ".." in key.split("/"):
        raise ValueError("it has a meaning of its own to readers of tar files")
    return name


def header(name: bytes, size: int) -> bytes:
    """The header of a regular member, for names of up to 99 bytes."""
    digits = b"%011o" % size
    return b"".join(
        (
            name.ljust(100, b"\0"),
            _BEFORE_SIZE,
            digits,
            _AFTER_SIZE,
            b"%06o" % (_FIXED + sum(name) + sum(digits)),
            _AFTER_SUM,
        )
    )


def long_header(name: bytes, size: int) -> bytes:
    """Headers of any member: a pax header says what the plain one has no room for."""
    records = b""
    if len(name) > 99:
        records += _record(b"path=" + name)
    if size >= _LARGEST:
        records += _record(b"size=%d" % size)
    if not records:
        return header(name, size)
    plain = bytearray(header(b"././@PaxHeader", len(records)))
    plain[148:512] = b"%06o" % (int(plain[148:154], 8) + ord("x") - ord("0")) + _AFTER_SUM_X
    return bytes(plain) + records + ZEROS[-len(records) % 512] + header(name[:99], size % _LARGEST)


def _record(text: bytes) -> bytes:
    return b"%d %s\n" % (len(text) + 2 + _digits(len(text) + 2), text)


def _digits(rest: int) -> int:
    """How many digits the length of a record has, which counts them too."""
    for digits in range(1, 8):
        if len(str(rest + digits)) == digits:
            return digits
    raise ValueError("a record beyond all bounds")
