"""Which addresses a stranger's text may name: public ones, over HTTPS.

:func:`check_untrusted` looks at the text, :func:`check_peer` at the address a connection is really made to. Both
are needed: a name that looks public may resolve to a machine of ours.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from atdata._sources.errors import UrlError, url_text

__all__ = ["check_peer", "check_untrusted", "is_public", "resolve"]

_MAX_LENGTH = 2048
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
_QUAD = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})", re.ASCII)
#: Last labels that are never public names.
_PRIVATE_NAMES = frozenset(
    {"arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost", "onion"}
)
_TUNNELS = tuple(
    ipaddress.IPv6Network(net) for net in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48", "::/96")
)


def check_untrusted(url: object, *, allow_http: bool = False) -> str:
    """``url`` as it came, when it is a plain HTTPS address of a public host; else :class:`UrlError`."""
    if not isinstance(url, str):
        raise UrlError(f"an address is text, not a value of type {type(url).__name__}")

    def refuse(why: str) -> UrlError:
        return UrlError(f"{url_text(url)} comes from a record and {why}")

    if not url or len(url) > _MAX_LENGTH:
        raise refuse(f"is empty or longer than {_MAX_LENGTH} characters")
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`|'):
        raise refuse("holds characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise refuse(f"is no address: {error}") from error
    schemes = ("https", "http") if allow_http else ("https",)
    if not url.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise refuse(
            "is no https:// address; to read it, name it yourself: URLSource(url), or S3Source for buckets of yours"
        )
    if "@" in parts.netloc:
        raise refuse("holds a user name")
    if port not in (None, 443, 80 if parts.scheme == "http" else 443):
        raise refuse("names a port of its own")
    if any(segment.lower().replace("%2e", ".") == ".." for segment in parts.path.split("/")):
        raise refuse("climbs out of its folder")
    _check_host(parts.hostname or "", refuse)
    return url


def _check_host(host: str, refuse: Callable[[str], UrlError]) -> None:
    if ":" in host or _QUAD.fullmatch(host):
        try:
            public = is_public(host)
        except ValueError:
            public = False
        if not public:
            raise refuse("names an address that is not public")
        return
    labels = host.lower().split(".")
    if labels[-1] == "" and len(labels) > 1:
        labels.pop()
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise refuse("names no public host")
    # 0177.0.0.1 and 127.1 are addresses to some resolvers.
    if labels[-1] in _PRIVATE_NAMES or labels[-1].isdigit() or labels[-1].startswith("0x"):
        raise refuse("names a host that is not public")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open Internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        mapped = ip.ipv4_mapped
        if mapped is not None:
            ip = mapped
        elif ip.is_site_local or any(ip in network for network in _TUNNELS):
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def check_peer(host: str, addresses: list[str]) -> None:
    """Raise :class:`UrlError` unless every address of ``host`` is public: which one is taken is chance."""
    if not addresses or not all(is_public(address) for address in addresses):
        raise UrlError(f"{host!a} comes from a record and resolves to an address that is not public")
