"""Which accounts have records of a collection: asked of a relay, or of a server about the accounts that it hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from atdata._atmosphere.net.errors import FetchError, XrpcError
from atdata._atmosphere.net.fetch import query
from atdata._atmosphere.net.methods import DESCRIBE_REPO, LIST_REPOS, LIST_REPOS_BY_COLLECTION
from atdata._atmosphere.net.network import Network, current_network
from atdata._sources.errors import UrlError, url_text
from atdata_lexicon.syntax import is_did

__all__ = ["repositories"]

_PAGE = 1000


def repositories(
    collection: str, *, server: str | None = None, network: Network | None = None, limit: int = 100_000
) -> Iterator[str]:
    """The DIDs of accounts with records of ``collection``, as the relay of ``network`` knows them, page by page.

    ``server`` may name another relay, or a server of accounts, which is asked about each account that it hosts.
    """
    network = network or current_network()
    asked = (server or network.relay_url).rstrip("/")
    try:
        first = _page(asked, LIST_REPOS_BY_COLLECTION, network, collection=collection)
    except XrpcError as error:
        if error.status not in (400, 401, 403, 404, 501):
            raise
        yield from _hosted(asked, collection, network, limit)
        return
    for entry in _entries(asked, LIST_REPOS_BY_COLLECTION, network, limit, first, collection=collection):
        yield entry["did"]


def _hosted(server: str, collection: str, network: Network, limit: int) -> Iterator[str]:
    """Accounts of one server that say to have the collection."""
    first = _page(server, LIST_REPOS, network)
    for entry in _entries(server, LIST_REPOS, network, limit, first):
        if entry.get("active") is False:
            continue
        try:
            about = query(server, DESCRIBE_REPO, network, repo=entry["did"])
        except (FetchError, UrlError):
            continue  # gone meanwhile
        collections = about.get("collections")
        if isinstance(collections, list) and collection in collections:
            yield entry["did"]


def _page(server: str, method: str, network: Network, **more: Any) -> dict[str, Any]:
    return query(server, method, network, limit=_PAGE, **more)


def _entries(
    server: str, method: str, network: Network, limit: int, page: dict[str, Any], **more: Any
) -> Iterator[dict[str, Any]]:
    """Accounts of a listing, each once, to its end or to ``limit``."""
    seen: set[str] = set()
    cursors: set[str] = set()
    while True:
        listed = page.get("repos")
        if not isinstance(listed, list):
            raise FetchError(f"{url_text(server)}: {method}: the answer lists no repositories")
        for entry in listed:
            did = entry.get("did") if isinstance(entry, dict) else None
            if not isinstance(did, str) or not is_did(did) or did in seen:
                continue
            if len(seen) >= limit:
                return
            seen.add(did)
            yield entry
        cursor = page.get("cursor")
        if not listed or not isinstance(cursor, str) or not cursor or cursor in cursors:
            return
        cursors.add(cursor)
        page = _page(server, method, network, cursor=cursor, **more)
