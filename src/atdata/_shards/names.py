"""Names of members: which are samples, and under which key. The rule is webdataset's."""

from __future__ import annotations

import re

__all__ = ["SUFFIX", "is_meta", "key_of", "member_name", "text"]

SUFFIX = b".msgpack"
_POSIX = b"ustar\x00"
_META = re.compile(rb"__[^/]*__($|/)")


def text(name: bytes) -> str:
    """A name as text. Bytes that are not UTF-8 survive as surrogates."""
    return name.decode("utf-8", "surrogateescape")


def member_name(header: bytes) -> bytes:
    """The name that a ustar, GNU or old tar header itself carries."""
    name = header[:100].partition(b"\0")[0]
    if header[257:263] == _POSIX and header[345]:
        return header[345:500].partition(b"\0")[0] + b"/" + name
    return name


def split(name: bytes) -> tuple[bytes, bytes]:
    """Key and extension, cut at the first dot of the last component; both empty when there is no such dot.

    >>> split(b"a.d/0001.seg.png")
    (b'a.d/0001', b'seg.png')
    """
    folder, slash, last = name.rpartition(b"/")
    stem, dot, extension = last.partition(b".")
    if not stem or not dot:
        return b"", b""
    return folder + slash + stem, extension.lower()


def key_of(name: bytes) -> tuple[str, str]:
    """Key and extension as text; a name without an extension is its own key."""
    key, extension = split(name)
    return text(key or name), text(extension)


def is_meta(name: bytes) -> bool:
    """Whether webdataset would leave the member out: ``__index__``, ``__meta__/x``."""
    return name.startswith(b"__") and _META.match(name) is not None
