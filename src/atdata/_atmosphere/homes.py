"""Accounts on private servers, which no directory of the public network knows.

Whoever logs in to a server of a network of their own has named it; where that account's repository is need not be
looked up again in this process. What a public server says of its accounts is never believed here: for those there is
the directory.
"""

from __future__ import annotations

from atdata._atmosphere.net.network import Network
from atdata._sources.addresses import check_untrusted
from atdata._sources.errors import UrlError

__all__ = ["find", "is_private", "remember"]

PUBLIC_DIRECTORY = Network().plc_url
_known: dict[str, tuple[str, str]] = {}


def is_private(endpoint: str) -> bool:
    """Whether only the user can have named a server: it is on this machine, or in a network of one's own.

    >>> is_private("http://localhost:2583"), is_private("https://pds.example.com")
    (True, False)
    """
    try:
        check_untrusted(endpoint)
    except UrlError:
        return True
    return False


def remember(did: str, handle: str, endpoint: str) -> None:
    """Keep where an account is that somebody logged in to."""
    if endpoint and is_private(endpoint):
        _known[did] = _known[handle] = did, endpoint


def find(who: str, network: Network) -> tuple[str, str] | None:
    """The DID and the server of an account that was logged in to, by its DID or handle.

    None when the settings say where such accounts are looked up: then they decide.
    """
    if network.plc_url != PUBLIC_DIRECTORY or network.stand_in(who) is not None:
        return None
    return _known.get(who)
