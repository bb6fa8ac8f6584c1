"""Connections that know where they go: the address that was checked is the one that is connected to."""

from __future__ import annotations

import base64
import http.client
import os
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, TypeVar
from urllib.parse import quote, unquote, urlsplit

from atdata._sources import addresses
from atdata._sources.errors import UrlError, url_text

__all__ = ["Connection", "Pool", "connect", "reach"]

T = TypeVar("T")
Connection: TypeAlias = http.client.HTTPConnection
#: Connections that wait for another request for one object.
_MOST_KEPT = 16
#: Characters that stand for themselves in what is asked of a server; all others are percent-encoded.
_SAFE = "/%:@!$&'()*+,;=~-._?"


class _Plain(http.client.HTTPConnection):
    """A connection to public addresses only."""

    def connect(self) -> None:
        def open_to(address: str, wait: float | None) -> socket.socket:
            return socket.create_connection((address, self.port), wait)

        self.sock = reach(self.host, self.port, self.timeout, open_to, (OSError,))
        self.sock.settimeout(self.timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class _Secure(_Plain):
    default_port = 443

    def connect(self) -> None:
        super().connect()
        self.sock = _context().wrap_socket(self.sock, server_hostname=self.host)


def reach(
    host: str,
    port: int,
    timeout: float | None,
    connect: Callable[[str, float | None], T],
    broken: tuple[type[Exception], ...],
) -> T:
    """What ``connect`` makes of the first address of ``host`` that answers, an IP that was checked to be public.

    ``connect`` gets the address and how long it may wait; all of them together have ``timeout`` seconds. ``broken``
    are its errors after which the next address is tried. Raises :class:`UrlError` for hosts that are not public.
    """
    found = addresses.resolve(host, port)
    addresses.check_peer(host, found)
    last: Exception | None = None
    end = None if timeout is None else time.monotonic() + timeout
    tried = found[:8]
    for number, address in enumerate(tried):
        wait = None if end is None else max(0.1, (end - time.monotonic()) / (len(tried) - number))
        try:
            return connect(address, wait)
        except broken as error:
            last = error
    raise last or OSError("the host has no address")


@lru_cache(maxsize=1)
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


class Pool:
    """Connections that wait for another request for the same address."""

    def __init__(self) -> None:
        self._kept: list[tuple[Connection, str, str, dict[str, str]]] = []
        self._process = os.getpid()
        self._lock = threading.Lock()

    def take(self, url: str) -> tuple[Connection, str, dict[str, str]] | None:
        """A connection, with what :func:`connect` gives for ``url``; None when none waits."""
        if self._process != os.getpid():
            self.__init__()  # type: ignore[misc]  # connections of a parent are the parent's
        with self._lock:
            for i, (connection, known, path, extra) in enumerate(self._kept):
                if known == url:
                    del self._kept[i]
                    return connection, path, extra
        return None

    def keep(self, connection: Connection, url: str, path: str, extra: dict[str, str]) -> None:
        """Let ``connection`` wait."""
        with self._lock:
            if connection.sock is not None and len(self._kept) < _MOST_KEPT:
                self._kept.append((connection, url, path, extra))
                return
        connection.close()

    def __del__(self) -> None:
        for connection, *_ in self._kept:
            connection.close()

    def __reduce__(self) -> tuple[type[Pool], tuple[()]]:
        return Pool, ()


def connect(url: str, *, timeout: float, guarded: bool) -> tuple[Connection, str, dict[str, str]]:
    """A connection for ``url`` (not opened yet), what to ask it for, and headers to send.

    ``guarded`` connections go to public addresses only, and past any proxy: what a proxy connects to cannot be seen.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"{url_text(url)}: {error}") from error
    host, scheme = parts.hostname or "", parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise UrlError(f"{url_text(url)}: not an http(s) address")
    path = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE + '[]')}" if parts.query else "")
    headers: dict[str, str] = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    secure = scheme == "https"
    if guarded:
        return (_Secure if secure else _Plain)(host, port, timeout=timeout), path, headers
    proxy = None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme)
    if not proxy:
        if secure:
            return http.client.HTTPSConnection(host, port, timeout=timeout, context=_context()), path, headers
        return http.client.HTTPConnection(host, port, timeout=timeout), path, headers
    middle = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if middle.scheme != "http" or not middle.hostname:
        raise UrlError(f"the proxy {url_text(proxy)} is not an http:// address")
    login = {}
    if middle.username is not None:
        pair = f"{unquote(middle.username)}:{unquote(middle.password or '')}"
        login["Proxy-Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    if not secure:
        plain = http.client.HTTPConnection(middle.hostname, middle.port or 80, timeout=timeout)
        return plain, f"http://{parts.netloc.rpartition('@')[2]}{path}", headers | login
    tunnel = http.client.HTTPSConnection(middle.hostname, middle.port or 80, timeout=timeout, context=_context())
    tunnel.set_tunnel(host, port or 443, headers=login)
    return tunnel, path, headers
