"""One question to one server: every address checked, every redirect too, and an end to how long it may take."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import urljoin, urlsplit

from atdata._atmosphere.net.errors import FetchError, FetchTimeoutError, FetchTooLargeError
from atdata._atmosphere.net.network import Network, origin_of
from atdata._sources import addresses
from atdata._sources.connect import Connection, connect
from atdata._sources.errors import UrlError, url_text

__all__ = ["BROKEN", "Answer", "Clock", "ask"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS = 5
_CHUNK = 1 << 18
#: What goes wrong with connections. A watch that hangs up shows in odd ways, too.
BROKEN = (OSError, http.client.HTTPException, ValueError, AttributeError)


class Clock:
    """How long something may take: ``timeout`` seconds, and one more for each ``rate`` bytes that came."""

    def __init__(self, timeout: float, rate: float) -> None:
        self._start = time.monotonic()
        self._timeout = timeout
        self._rate = rate
        self.got = 0

    @property
    def left(self) -> float:
        """Seconds that are left; negative when there are none."""
        return self._start + self._timeout + self.got / self._rate - time.monotonic()


class Answer:
    """A server's answer whose body was not read yet."""

    def __init__(self, url: str, response: http.client.HTTPResponse, clock: Clock) -> None:
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._clock = clock

    def parts(self, limit: int) -> Iterator[bytes]:
        """The body piece by piece. :class:`FetchTooLargeError` as soon as it is longer than ``limit`` bytes."""
        where = url_text(self.url)
        announced = self.headers.get("content-length", "")
        expected = int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 19 else None
        if expected is not None and expected > limit:
            raise FetchTooLargeError(f"{where}: {expected} bytes are announced, and at most {limit} are taken")
        got = 0
        while part := self._response.read1(_CHUNK):
            got += len(part)
            self._clock.got += len(part)
            if got > limit:
                raise FetchTooLargeError(f"{where}: more than {limit} bytes came")
            yield part
        if self._clock.left <= 0:
            raise _late(self.url)
        if expected is not None and got < expected:
            raise FetchError(f"{where}: the connection ended after {got} of {expected} bytes")


@contextmanager
def ask(
    url: str, network: Network, clock: Clock, *, host: str | None = None, accept: str = "application/json"
) -> Iterator[Answer]:
    """The answer of a server to GET; redirects are followed, each to an address that was checked.

    ``host`` is the name that the server is asked by. Raises :class:`UrlError` for addresses that may not be opened,
    :class:`FetchError` for what does not come.
    """
    headers = {"User-Agent": "atdata", "Accept-Encoding": "identity", "Accept": accept}
    if host is not None:
        headers["Host"] = host
    for _ in range(_MAX_REDIRECTS + 1):
        trusted = network.trusts(url)
        if not trusted:
            addresses.check_untrusted(url)
        connection, path, extra = connect(
            url, timeout=max(0.001, min(clock.left, network.timeout)), guarded=not trusted
        )
        with _watched(connection, clock, url):
            connection.request("GET", path, headers={**headers, **extra})
            response = connection.getresponse()
            with response:
                if response.status not in _REDIRECTS:
                    yield Answer(url, response, clock)
                    return
                location = response.headers.get("Location", "")
        if not location or len(location) > 2048:
            raise FetchError(f"{url_text(url)}: a redirect to nowhere")
        target = urljoin(url, location)
        if trusted and origin_of(target) != origin_of(url) and network.trusts(target):
            # A server of the user's own may be made to say anything: it sends nobody to another one of them.
            raise UrlError(f"{url_text(url)}: a redirect to {url_text(target)}, which only the user may name")
        if not trusted:
            addresses.check_untrusted(target)
        if urlsplit(target)[:2] != urlsplit(url)[:2]:
            headers.pop("Host", None)
        url = target
    raise FetchError(f"{url_text(url)}: more than {_MAX_REDIRECTS} redirects")


@contextmanager
def _watched(connection: Connection, clock: Clock, url: str) -> Iterator[None]:
    """Hang up when the time is over: a server cannot hold us by sending a little now and then."""
    done = threading.Event()

    def watch() -> None:
        while (left := clock.left) > 0:
            if done.wait(left):
                return
        sock = kept.get("sock") or connection.sock
        if sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    kept: dict[str, socket.socket] = {}
    watcher = threading.Thread(target=watch, daemon=True, name="atdata-watch")
    try:
        watcher.start()
        try:
            connection.connect()
            kept["sock"] = connection.sock
            yield
        except (UrlError, FetchError):
            raise
        except BROKEN as error:
            if clock.left <= 0 or isinstance(error, TimeoutError):
                raise _late(url) from error
            reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:200]
            raise FetchError(f"{url_text(url)}: {reason}") from error
    finally:
        done.set()
        connection.close()
        watcher.join()


def _late(url: str) -> FetchTimeoutError:
    return FetchTimeoutError(f"{url_text(url)}: the server is too slow")
