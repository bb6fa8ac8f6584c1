"""From a handle to the DID that it names, by the DNS and by the name's own web server.

The rules are those of https://atproto.com/specs/handle.
"""

from __future__ import annotations

from collections.abc import Callable

from atdata._atmosphere.identity import _dns
from atdata._atmosphere.identity.errors import IdentityError, IdentityNotFoundError
from atdata._atmosphere.net.errors import FetchError
from atdata._atmosphere.net.fetch import fetch
from atdata._atmosphere.net.network import Network
from atdata._errors import shown
from atdata._sources.errors import UrlError
from atdata_lexicon.syntax import is_did, is_handle

__all__ = ["Lookup", "did_of_handle"]

#: The TXT records of a name, within so many seconds.
Lookup = Callable[[str, float], list[str]]

#: Last parts of names that nobody owns.
_NOBODYS = frozenset({"alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"})
_DNS_SECONDS = 5.0


def did_of_handle(handle: str, network: Network, lookup: Lookup | None = None) -> str:
    """The DID that ``handle`` names, which has yet to claim it.

    Raises :class:`IdentityNotFoundError` when it names none, :class:`IdentityError` when it names several or is no
    handle at all.
    """
    name = handle.lower()
    if not is_handle(name):
        raise IdentityError(f"{shown(handle, 200)} is no handle; a handle is a domain name such as alice.example.com")
    stand_in = network.stand_in(name)
    if stand_in is None and name.rpartition(".")[2] in _NOBODYS:
        raise IdentityError(
            f"{shown(handle, 200)}: nobody can own such a name; name the server of a private network in Network(hosts=)"
        )
    if stand_in is None:
        found = _by_dns(name, lookup)
        if found is not None:
            return found
    return _by_web(name, network, stand_in)


def _by_dns(name: str, lookup: Lookup | None) -> str | None:
    if lookup is None:
        if not _dns.can_look_up():
            return None
        lookup = _dns.txt_records
    named = {text[4:].strip() for text in lookup(f"_atproto.{name}", _DNS_SECONDS) if text.startswith("did=")}
    if len(named) > 1:
        raise IdentityError(f"{shown(name, 200)}: its DNS names {len(named)} DIDs, and a handle has one")
    return next((did for did in named if is_did(did)), None)


def _by_web(name: str, network: Network, stand_in: str | None) -> str:
    base = f"https://{name}" if stand_in is None else stand_in
    host = None if stand_in is None else name
    hint = "" if _dns.can_look_up() else "; the DNS was not asked: pip install 'atdata[atmosphere]'"
    where = f"the handle {shown(name, 200)}"
    try:
        answer = fetch(f"{base}/.well-known/atproto-did", network, host=host, accept="text/plain", limit=4096)
    except (FetchError, UrlError) as error:
        raise IdentityNotFoundError(f"{where} leads nowhere: {error}{hint}") from error
    text = answer.body.decode("ascii", "replace").strip()
    if answer.status != 200 or not is_did(text):
        raise IdentityNotFoundError(f"{where} names no DID: its server answered {answer.status}{hint}")
    return text
