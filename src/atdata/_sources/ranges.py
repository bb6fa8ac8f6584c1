"""Remote shards that are read anywhere: what a source may offer besides streams."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, Protocol

from atdata._sources.errors import SourceError, url_text

if TYPE_CHECKING:
    from atdata._sources.http import HttpOptions

__all__ = ["HttpRanges", "Ranges", "S3Ranges"]

_FIRST = 512


class Ranges(Protocol):
    """One object that can be read from any byte on. It does not change, or reading it is an error."""

    @property
    def size(self) -> int: ...

    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop``, all of them."""
        ...

    def stream(self, start: int) -> IO[bytes]:
        """All bytes from ``start`` on."""
        ...


class HttpRanges:
    """An object behind a web server that answers range requests."""

    def __init__(self, url: str, options: HttpOptions, size: int, validator: str | None) -> None:
        from atdata._sources.connect import Pool

        self._url = url
        self._options = options
        self._known = (validator, size)
        self._pool = Pool()
        self.size = size

    @classmethod
    def find(cls, url: str, options: HttpOptions) -> HttpRanges | None:
        """The object at ``url``; None when its server sends objects as a whole only."""
        from atdata._sources.http import HttpStream

        with HttpStream(url, options, stop=_FIRST) as stream:
            stream.read(1)
            if not stream.ranged or stream.length is None:
                return None
            return cls(url, options, stream.length, stream.validator)

    def read(self, start: int, stop: int) -> bytes:
        from atdata._sources.http import HttpStream

        with HttpStream(self._url, self._options, start=start, stop=stop, known=self._known, pool=self._pool) as stream:
            return exactly(stream, stop - start, self._url)

    def stream(self, start: int) -> IO[bytes]:
        from atdata._sources.http import HttpStream

        return io.BufferedReader(HttpStream(self._url, self._options, start=start, known=self._known), 1 << 17)


class S3Ranges:
    """An object in a bucket."""

    def __init__(self, client: Any, bucket: str, key: str, size: int, etag: str | None) -> None:
        self._where = (client, bucket, key)
        self._etag = etag
        self.size = size

    @classmethod
    def find(cls, client: Any, bucket: str, key: str) -> S3Ranges | None:
        """The object called ``key``; None when the service sends objects as a whole only."""
        from atdata._sources._boto import S3Stream

        with S3Stream(client, bucket, key, stop=_FIRST) as stream:
            stream.read(1)
            if stream.total is None:
                return None
            return cls(client, bucket, key, stream.total, stream.etag)

    def read(self, start: int, stop: int) -> bytes:
        from atdata._sources._boto import S3Stream

        with S3Stream(*self._where, start=start, stop=stop, etag=self._etag) as stream:
            return exactly(stream, stop - start, f"s3://{self._where[1]}/{self._where[2]}")

    def stream(self, start: int) -> IO[bytes]:
        from atdata._sources._boto import S3Stream

        return io.BufferedReader(S3Stream(*self._where, start=start, etag=self._etag), 1 << 17)


def exactly(stream: io.RawIOBase, count: int, url: str) -> bytes:
    """``count`` bytes of ``stream``; fewer are an error."""
    found = bytearray(count)
    view = memoryview(found)
    while len(view):
        got = stream.readinto(view)
        if not got:
            raise SourceError(f"{url_text(url)}: it ends {len(view)} bytes before it should")
        view = view[got:]
    return bytes(found)
