"""Bytes over HTTP: retries, resuming by range, timeouts, and a look at every address that is connected to."""

from __future__ import annotations

import http.client
import io
import random
import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from atdata._sources import addresses
from atdata._sources.connect import Connection, Pool, connect
from atdata._sources.errors import ShardNotFoundError, SourceError, UrlError, url_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Buffer

__all__ = ["HttpOptions", "HttpStream"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_REDIRECTS = 10
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)", re.ASCII)
#: What goes wrong with connections. A refused address is none of it: it is never tried again.
_BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How to ask. ``timeout`` is for each wait, in seconds; ``retries`` counts tries without any progress."""

    timeout: float = 30.0
    retries: int = 4
    trusted: bool = True
    allow_http: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The first pause before another try; it doubles each time.
    pause: float = 0.25
    #: Bytes a second that a stranger's server sends at least, on the average of ``patience`` seconds of waiting.
    min_rate: float = 1024.0
    patience: float = 60.0


class HttpStream(io.RawIOBase):
    """The body at ``url``, opened at the first read. A connection that breaks is resumed where it broke."""

    def __init__(
        self,
        url: str,
        options: HttpOptions | None = None,
        *,
        start: int = 0,
        stop: int | None = None,
        known: tuple[str | None, int] | None = None,
        pool: Pool | None = None,
    ) -> None:
        self._url = url
        self._options = options or HttpOptions()
        self._position = start
        self._stop = stop
        self._failures = 0
        self._waited, self._came, self._moved = 0.0, 0, 0.0
        self._socket: socket.socket | None = None
        self._connection: Connection | None = None
        self._place: tuple[str, str, dict[str, str]] = ("", "", {})
        self._answer: http.client.HTTPResponse | None = None
        #: The answer, once it was looked at and is what was asked for.
        self._response: http.client.HTTPResponse | None = None
        self._pool = pool
        self._reused = False
        #: What says that the body is still the same, and its whole length, once a server has said it.
        self.validator: str | None
        self.length: int | None
        self.validator, self.length = known or (None, None)
        #: Whether the server sends parts when it is asked for them.
        self.ranged = False

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        if self._options.trusted:
            return self._read(target)
        began = self._moved = time.monotonic()
        done = threading.Event()
        threading.Thread(target=self._watch, args=(done,), daemon=True, name="atdata-watch").start()
        try:
            got = self._read(target)
        finally:
            done.set()
        self._waited += time.monotonic() - began
        self._came += got
        if self._waited > self._options.patience:
            if self._came < self._options.min_rate * self._waited:
                what = f"{self._came} bytes in {self._waited:.0f} seconds"
                raise SourceError(f"{url_text(self._url)}: the server is too slow: {what}")
            self._waited, self._came = 0.0, 0
        return got

    def _read(self, target: Buffer) -> int:
        view = memoryview(target).cast("B")
        if self._stop is not None:
            view = view[: max(0, self._stop - self._position)]
        while len(view):
            if self._response is None:
                self._open()
            if self._response is None:
                return 0
            try:
                got = self._take(self._response, view)
            except _BROKEN as error:
                self._failed(error)
                continue
            if got:
                self._position += got
                self._failures = 0
                return got
            if self._at_end() or (self._stop is None and self.length is None):
                return 0
            self._failed(ConnectionError("the connection ended early"))
        return 0

    def _watch(self, done: threading.Event) -> None:
        """End each wait in time: a server can hold us in the middle of a line, by sending a little now and then."""
        while not done.wait(max(0.0, self._moved + self._options.patience - time.monotonic())):
            if time.monotonic() < self._moved + self._options.patience:
                continue
            self._moved = time.monotonic()
            if self._socket is not None:
                with suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _take(self, response: http.client.HTTPResponse, view: memoryview) -> int:
        if self._options.trusted:
            return response.readinto(view)
        part = response.read1(len(view))  # what is there, rather than as much as there is room for
        view[: len(part)] = part
        return len(part)

    def _at_end(self) -> bool:
        ends = [end for end in (self._stop, self.length) if end is not None]
        return bool(ends) and self._position >= min(ends)

    def close(self) -> None:
        self._hang_up()
        super().close()

    # ------------------------------------------------------------------ asking

    def _open(self) -> None:
        """Ask for what is still missing, until a server answers or the tries are used up."""
        while self._response is None and not self._at_end():
            try:
                self._ask()
            except _BROKEN as error:
                if isinstance(error, SourceError | UrlError) and getattr(error, "status", None) not in _TRANSIENT:
                    raise
                self._failed(error)

    def _ask(self) -> None:
        url, sent = self._url, dict(self._options.headers)
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._request(url, sent)
            if response.status not in _REDIRECTS:
                return self._accept(response)
            location = response.headers.get("Location")
            self._hang_up()
            if not location or len(location) > 8192:
                raise SourceError(f"{url_text(url)}: a redirect to nowhere")
            target = urljoin(url, location)
            if urlsplit(target)[:2] != urlsplit(url)[:2]:
                sent = {}  # what was meant for one server is no business of another
            url = target
        raise SourceError(f"{url_text(self._url)}: more than {_MAX_REDIRECTS} redirects")

    def _request(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        options = self._options
        if not options.trusted:
            addresses.check_untrusted(url, allow_http=options.allow_http)
        self._hang_up()
        guarded = not options.trusted
        kept = self._pool.take(url) if self._pool is not None else None
        self._connection, path, extra = kept or connect(url, timeout=options.timeout, guarded=guarded)
        self._reused, self._place = kept is not None, (url, path, extra)
        asked = {"User-Agent": "atdata", "Accept-Encoding": "identity", **extra, **headers}
        if self._position or self._stop is not None:
            asked["Range"] = f"bytes={self._position}-{'' if self._stop is None else self._stop - 1}"
            if self.validator:
                asked["If-Range"] = self.validator
        self._connection.request("GET", path, headers=asked)
        self._socket = self._connection.sock
        self._answer = self._connection.getresponse()
        return self._answer

    def _accept(self, response: http.client.HTTPResponse) -> None:
        status = response.status
        if status == 416 and self.length is None and self._position:
            self.length = self._position
            return
        if status not in (200, 206):
            self._refused(response)
        self.ranged = status == 206
        headers = response.headers
        etag = headers.get("ETag")
        validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
        total = self._total(response)
        changed = self.validator is not None and validator != self.validator
        if changed or (self.length is not None and total is not None and total != self.length):
            raise SourceError(f"{url_text(self._url)}: changed while it was read")
        self.validator, self.length = validator, total if total is not None else self.length
        self._response = response
        if status == 200 and self._position:
            self._skip(self._position)

    def _total(self, response: http.client.HTTPResponse) -> int | None:
        if response.status == 206:
            found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if not found or int(found[1]) != self._position:
                raise SourceError(f"{url_text(self._url)}: the server sent another range than it was asked for")
            return None if found[3] == "*" else int(found[3])
        length = response.headers.get("Content-Length", "")
        return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None

    def _skip(self, count: int) -> None:
        """The server begins anew: pass over what is known."""
        assert self._response is not None
        while count:
            part = self._response.read(min(count, 1 << 20))
            if not part:
                raise ConnectionError("the connection ended early")
            count -= len(part)
            self._moved = time.monotonic()

    def _refused(self, response: http.client.HTTPResponse) -> None:
        status, wait = response.status, response.headers.get("Retry-After", "")
        self._hang_up()
        where = f"{url_text(self._url)}: the server answered {status} {ascii(response.reason)[1:-1][:60]}"
        if status in (404, 410):
            if "*" in self._url:
                where += "; web servers do not list their files: name shards with braces, as data-{000..009}.tar"
            raise ShardNotFoundError(where, status=status)
        if status in (401, 403):
            where += "; private data needs credentials: S3Source for buckets, or headers= for servers"
        if status in _TRANSIENT and wait.isascii() and wait.isdigit() and len(wait) < 5:
            time.sleep(min(int(wait), self._options.timeout))
        raise SourceError(where, status=status)

    # ------------------------------------------------------------------ failing

    def _failed(self, error: Exception) -> None:
        """Count a failure and wait a little, or give up."""
        self._hang_up()
        if self._reused:  # it was closed meanwhile, which says nothing of the server
            self._reused = False
            return
        self._failures += 1
        options = self._options
        if self._failures > options.retries:
            where = f"{url_text(self._url)}: gave up at byte {self._position} after {self._failures} tries"
            reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:200]
            raise SourceError(f"{where}: {reason}", status=getattr(error, "status", None)) from error
        pause = options.pause * 2.0 ** (self._failures - 1)
        time.sleep(min(pause, 8.0) * (0.5 + random.random() / 2))

    def _hang_up(self) -> None:
        if self._pool is not None and self._answer is not None and self._answer.isclosed() and self._connection:
            # all was read, and the server waits for more
            self._pool.keep(self._connection, *self._place)
            self._connection = None
        # The answer holds the socket, too, and for longer than the connection.
        for open_one in (self._answer, self._connection):
            if open_one is not None:
                open_one.close()
        self._answer = self._connection = self._response = None
