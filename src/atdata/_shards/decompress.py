"""Compressed shards: gzip and Zstandard, told by their first bytes, never by their names.

What comes out is asked for in small pieces, so that a few bytes cannot become more memory than the reader offers.
"""

from __future__ import annotations

import io
import zlib
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

from atdata._shards.errors import ShardError
from atdata._shards.limits import Limits

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["opened"]

_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_REFUSED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x04\x22\x4d\x18": "lz4", b"PK\x03\x04": "zip"}


def opened(stream: IO[bytes], shard: str, limits: Limits) -> io.RawIOBase:
    """The tar bytes of ``stream``, decompressed when it is compressed."""
    head = b""
    while len(head) < 6:
        part = stream.read(6 - len(head))
        if not part:
            break
        head += part
    rest = _Rest(head, stream)
    if head.startswith(_GZIP):
        return _Watched(_Gunzip(rest, shard), rest, shard, limits)
    if head.startswith(_ZSTD):
        return _Watched(_unzstd(rest, shard), rest, shard, limits)
    for magic, name in _REFUSED.items():
        if head.startswith(magic):
            raise ShardError(f"is compressed with {name}; .tar, .tar.gz and .tar.zst are read", shard=shard)
    return rest


class _Rest(io.RawIOBase):
    """A stream with its first bytes put back."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head = head
        self._stream = stream
        self._readinto = getattr(stream, "readinto", None)
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        view = memoryview(target).cast("B")
        if self._head:
            got = min(len(view), len(self._head))
            view[:got], self._head = self._head[:got], self._head[got:]
        else:
            got = self._more(view)
        self.count += got
        return got

    def _more(self, view: memoryview) -> int:
        if self._readinto is not None:
            try:
                return int(self._readinto(view) or 0)
            except (NotImplementedError, io.UnsupportedOperation):
                self._readinto = None  # inherited, and never written
        part = self._stream.read(len(view))
        view[: len(part)] = part
        return len(part)


class _Gunzip(io.RawIOBase):
    """One or more gzip members, each to its very end."""

    def __init__(self, source: _Rest, shard: str) -> None:
        self._source = source
        self._shard = shard
        self._inflate = zlib.decompressobj(31)
        self._pending = b""
        self._started = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        view = memoryview(target).cast("B")
        while len(view):
            if self._inflate.eof:
                self._pending = (self._inflate.unused_data or self._pending).lstrip(b"\0")
                self._pending = self._pending or (self._source.read(_CHUNK) or b"").lstrip(b"\0")
                if not self._pending:
                    return 0
                self._inflate = zlib.decompressobj(31)
            if not self._pending:
                self._pending = self._source.read(_CHUNK) or b""
                if not self._pending:
                    raise ShardError("the compressed data is cut off", shard=self._shard)
            try:
                out = self._inflate.decompress(self._pending, len(view))
            except zlib.error as error:
                raise ShardError(f"the compressed data is damaged: {error}", shard=self._shard) from error
            self._pending = self._inflate.unconsumed_tail
            if out:
                view[: len(out)] = out
                return len(out)
        return 0


def _unzstd(source: _Rest, shard: str) -> io.RawIOBase:
    try:
        zstandard: Any = import_module("zstandard")
    except ImportError as error:
        raise ShardError(
            "is compressed with Zstandard, which needs another package: pip install 'atdata[zstd]'", shard=shard
        ) from error
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        source, read_size=_CHUNK, read_across_frames=True
    )
    return _Unzstd(reader, zstandard.ZstdError, shard)


class _Unzstd(io.RawIOBase):
    def __init__(self, reader: io.RawIOBase, error: type[Exception], shard: str) -> None:
        self._reader = reader
        self._error = error
        self._shard = shard

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        try:
            return self._reader.readinto(target) or 0
        except self._error as error:
            raise ShardError(f"the compressed data is damaged: {error}", shard=self._shard) from error


class _Watched(io.RawIOBase):
    """Counts what goes in and comes out, and stops what grows beyond reason."""

    def __init__(self, inner: io.RawIOBase, source: _Rest, shard: str, limits: Limits) -> None:
        self._inner = inner
        self._source = source
        self._shard = shard
        self._limits = limits
        self._out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        got = self._inner.readinto(target) or 0
        self._out += got
        ratio = self._limits.expansion
        if self._out > self._limits.expansion_grace and self._out > ratio * self._source.count:
            raise ShardError(
                f"expands more than {ratio}-fold, to {self._out} bytes so far; Limits.expansion bounds it",
                shard=self._shard,
            )
        return got
