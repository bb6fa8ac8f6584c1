"""The network as the user sees it: where the directory is, which servers are the user's own, how long to wait."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from atdata._errors import shown
from atdata._sources.errors import UrlError

__all__ = ["Network", "current_network", "origin_of", "set_network", "using_network"]


@dataclass(frozen=True, slots=True)
class Network:
    """Settings for all that is read from the AT Protocol's network.

    Names that strangers write lead to public HTTPS servers only. ``trusted`` are origins of the user's own
    (``"http://localhost:2583"``) that may be asked all the same, and ``hosts`` gives the server that stands for a
    name, or for all names below a suffix (``{".test": "http://localhost:2583"}``): such names are not looked up in
    the DNS.

    >>> Network(plc_url="http://localhost:2582", trusted=("http://localhost:2582",)).trusts("http://localhost:2582/x")
    True
    """

    #: The directory of did:plc identities.
    plc_url: str = "https://plc.directory"
    #: Origins that are asked wherever they are, plain HTTP and loopback included.
    trusted: tuple[str, ...] = ()
    #: Servers that stand for names of a private network.
    hosts: Mapping[str, str] = field(default_factory=dict)
    #: A relay, which knows the repositories that hold a collection.
    relay_url: str = "https://relay1.us-east.bsky.network"
    #: Seconds that an answer may take, and what a larger one gets beside: one second for that many bytes.
    timeout: float = 30.0
    min_rate: float = 16_384.0
    #: Tries beyond the first when a server is busy or a connection breaks, and the seconds to wait at most for each.
    retries: int = 3
    patience: float = 60.0
    #: Seconds that an identity is believed without being looked up again.
    ttl: float = 3600.0
    #: The largest answer of a method, and the largest blob, in bytes.
    max_answer: int = 8 << 20
    max_blob: int = 5_000_000_000

    def __post_init__(self) -> None:
        for origin in (*self.trusted, *self.hosts.values(), self.plc_url, self.relay_url):
            origin_of(origin)

    def trusts(self, url: str) -> bool:
        """Whether ``url`` lies on a server of the user's own."""
        origin = origin_of(url)
        own = (*self.trusted, *self.hosts.values(), self.plc_url, self.relay_url)
        return any(origin == origin_of(each) for each in own)

    def stand_in(self, name: str) -> str | None:
        """The server that stands for the host ``name``, if one was set."""
        if name in self.hosts:
            return self.hosts[name].rstrip("/")
        found = [suffix for suffix in self.hosts if suffix.startswith(".") and name.endswith(suffix)]
        return self.hosts[max(found, key=len)].rstrip("/") if found else None


def origin_of(url: str) -> str:
    """Scheme, host and port of an address. :class:`UrlError` when it is no http(s) address.

    >>> origin_of("https://example.com:443/path")
    'https://example.com'
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError(f"{shown(url, 200)} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UrlError(f"{shown(url, 200)} is no http(s) address; write it with https://")
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")


_default = Network()
_chosen: ContextVar[Network | None] = ContextVar("atdata_network", default=None)


def current_network() -> Network:
    """The settings in force: those of :func:`using_network` here, or else those of the process."""
    return _chosen.get() or _default


def set_network(network: Network) -> Network:
    """Let ``network`` be the settings of this process; returns those before."""
    global _default
    before, _default = _default, network
    return before


@contextmanager
def using_network(network: Network) -> Iterator[Network]:
    """Settings for the time of a ``with`` block, in this thread or task.

    >>> with using_network(Network(plc_url="http://localhost:2582")):
    ...     current_network().plc_url
    'http://localhost:2582'
    """
    token = _chosen.set(network)
    try:
        yield network
    finally:
        _chosen.reset(token)
