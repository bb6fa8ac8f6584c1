"""The one door to HTTP: every address checked when the connection is made, and an end to size, time and redirects."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from atdata_codegen.problems import clean
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.network import Network, origin_of

__all__ = ["Answer", "ask"]

#: A page of a hundred records, each as large as a server takes them.
MAX_ANSWER: Final = 1 << 25
_MAX_REDIRECTS: Final = 3
_CHUNK: Final = 1 << 16
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_EMBEDDING: Final = tuple(
    ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer of a server."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    url: str,
    network: Network,
    *,
    body: bytes | None = None,
    token: str = "",
    limit: int = MAX_ANSWER,
) -> Answer:
    """What the server answers to GET, or to POST where there is a ``body``; redirects of GET are followed.

    Raises :class:`RemoteError` for addresses that may not be asked, and for answers that do not come whole.
    """
    deadline = time.monotonic() + network.timeout
    headers = {"User-Agent": "atdata-gen", "Accept": "application/json", "Accept-Encoding": "identity"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    if token:
        headers["Authorization"] = f"Bearer {token}"
    for _ in range(_MAX_REDIRECTS + 1):
        trusted = network.trusts(url)
        if not trusted and not url.startswith("https://"):
            raise RemoteError(url, "is not asked: strangers' servers are asked by HTTPS only", "name it with --trust")
        answer = _once(url, body, headers, not trusted, deadline, limit)
        if answer.status not in _REDIRECTS or body is not None:
            return answer
        target = urljoin(url, answer.headers.get("location", ""))
        if network.trusts(target) and origin_of(target) != origin_of(url):
            raise RemoteError(url, f"sends us to {clean(target, 200)}, which only you may name")
        headers.pop("Authorization", None)
        url = target
    raise RemoteError(url, f"redirects more than {_MAX_REDIRECTS} times")


def _once(
    url: str, body: bytes | None, headers: Mapping[str, str], guarded: bool, deadline: float, limit: int
) -> Answer:
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _translated(url, deadline):
        connection = http.client.HTTPConnection(host, port, timeout=_left(deadline))
        connection.sock = _connected(url, host, port, guarded, deadline)
        if secure:
            connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
        with _watched(connection, deadline):
            connection.request("GET" if body is None else "POST", path, body, {"Host": parts.netloc, **headers})
            response = connection.getresponse()
            found = bytearray()
            while part := response.read1(_CHUNK):
                found += part
                if len(found) > limit:
                    raise RemoteError(url, f"answers with more than {limit:,} bytes")
            if response.length:
                raise RemoteError(url, "the connection ended before the whole answer came", "try again")
            names = {name.lower(): value for name, value in response.headers.items()}
        if _left(deadline) <= 0.001:
            raise TimeoutError
    return Answer(url, response.status, names, bytes(found))


def _connected(url: str, host: str, port: int, guarded: bool, deadline: float) -> socket.socket:
    """A connection to one of the host's addresses; with ``guarded``, all of them must be public."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if guarded and not all(_public(str(entry[4][0])) for entry in found):
        raise RemoteError(url, "leads to a private address", "name the server with --trust if it is your own")
    failure: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in found:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _public(address: str) -> bool:
    """Whether an address is one of the public internet, and does not carry another one inside.

    >>> _public("127.0.0.1"), _public("::ffff:10.0.0.1"), _public("1.1.1.1")
    (False, False, True)
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return _public(str(ip.ipv4_mapped))
        if ip.is_site_local or any(ip in net for net in _EMBEDDING):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _left(deadline: float) -> float:
    return max(0.001, deadline - time.monotonic())


@contextmanager
def _watched(connection: http.client.HTTPConnection, deadline: float) -> Iterator[None]:
    """Hang up when the time is over: a server cannot hold us by sending a little now and then."""
    sock = connection.sock

    def hang_up() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(_left(deadline), hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        connection.close()


@contextmanager
def _translated(url: str, deadline: float) -> Iterator[None]:
    try:
        yield
    except RemoteError:
        raise
    except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
        if isinstance(error, TimeoutError) or _left(deadline) <= 0.001:
            raise RemoteError(url, "the server is too slow", "try again, or give --timeout") from error
        said = f"{type(error).__name__}: {error}"
        raise RemoteError(url, f"cannot be asked: {clean(said, 200)}") from error
