"""The network as the user sees it: which servers are the user's own, and how long anything may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from atdata_codegen.remote.errors import RemoteError

__all__ = ["PLC", "Network", "origin_of"]

PLC = "https://plc.directory"


@dataclass(frozen=True, slots=True)
class Network:
    """Settings for all that is read and written.

    Names that strangers write lead to public HTTPS servers only. ``trusted`` are origins that the user named, which
    are asked wherever they are; ``authorities`` says whose Lexicons lie where, instead of the DNS:
    ``{"example.com": "did:plc:..."}``. A whole listing of a repository is taken up to ``listing_bytes``, and within
    ``listing_time`` seconds of waiting for the server.
    """

    plc: str = PLC
    trusted: frozenset[str] = frozenset()
    timeout: float = 30.0
    authorities: Mapping[str, str] = field(default_factory=dict)
    listing_bytes: int = 1 << 28
    listing_time: float = 300.0

    def trusts(self, url: str) -> bool:
        """Whether the user named the server.

        >>> Network(trusted=frozenset({"http://localhost:2583"})).trusts("http://localhost:2583/xrpc/x")
        True
        """
        return origin_of(url) in self.trusted


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; raises :class:`RemoteError` for what is none.

    >>> origin_of("https://Example.com:443/a"), origin_of("http://localhost:2583")
    ('https://example.com', 'http://localhost:2583')
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise RemoteError(url, "is no address of a server") from error
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or not url.isascii():
        raise RemoteError(url, "is no address of a server", "write https://host")
    name = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{name}" + (f":{port}" if port not in (None, usual) else "")
