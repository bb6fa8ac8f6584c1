"""Records of a repository, each held against the CID that the server says it has."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from atdata_codegen.problems import clean
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import Account
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.xrpc import query, sized_query
from atdata_lexicon.data import record_cid
from atdata_lexicon.errors import AtdataError

__all__ = ["RemoteRecord", "get_record", "list_records"]

_PAGE: Final = 50
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class RemoteRecord:
    """A record as it came, whose bytes have the CID."""

    uri: str
    cid: str
    value: dict[str, Any] = field(repr=False)

    @property
    def rkey(self) -> str:
        return self.uri.rpartition("/")[2]


def get_record(account: Account, collection: str, rkey: str, network: Network) -> RemoteRecord | None:
    """One record; None when there is none. Raises :class:`RemoteError` for one that is not what was asked for."""
    try:
        found = query(
            account.server, "com.atproto.repo.getRecord", network, repo=account.did, collection=collection, rkey=rkey
        )
    except RemoteError as error:
        if error.name == "RecordNotFound" or "Could not locate record" in str(error):
            return None
        raise
    return _checked(found, f"at://{account.did}/{collection}/{rkey}")


def list_records(account: Account, collection: str, network: Network) -> Iterator[RemoteRecord]:
    """Every record of a collection, page by page; a server that never ends is stopped.

    Raises :class:`RemoteError` for a listing that is longer, larger or slower than a listing may be.
    """
    seen: set[str] = set()
    prefix = f"at://{account.did}/{collection}/"
    for page in _pages(account, collection, network):
        entries = page.get("records")
        if not isinstance(entries, list):
            raise RemoteError(account.server, "lists no records")
        for entry in entries:
            uri = entry.get("uri") if isinstance(entry, dict) else None
            if not isinstance(uri, str) or not uri.startswith(prefix) or "/" in uri[len(prefix) :] or uri in seen:
                raise RemoteError(account.server, f"lists {clean(uri, 200)}, which was not asked for, or twice")
            seen.add(uri)
            if len(seen) > _MOST:
                raise _endless(account, collection, f"more than {_MOST:,} records")
            yield _checked(entry, uri)
        if not entries:
            return


def _pages(account: Account, collection: str, network: Network) -> Iterator[dict[str, Any]]:
    """The answers of a listing, as many as all of them together may be."""
    cursor: str | None = None
    size, waited = 0, 0.0
    while True:
        left = network.listing_time - waited
        began = time.monotonic()
        try:
            page, more = sized_query(
                account.server, "com.atproto.repo.listRecords", replace(network, timeout=min(network.timeout, left)),
                repo=account.did, collection=collection, limit=_PAGE, cursor=cursor,
            )  # fmt: skip
        except RemoteError as error:
            if time.monotonic() - began < left - 0.01:  # it gives up a moment before
                raise
            raise _endless(account, collection, f"for longer than {network.listing_time:g} seconds") from error
        size += more
        waited += time.monotonic() - began
        if size > network.listing_bytes:
            raise _endless(account, collection, f"more than {network.listing_bytes:,} bytes")
        if waited >= network.listing_time:
            raise _endless(account, collection, f"for longer than {network.listing_time:g} seconds")
        yield page
        following = page.get("cursor")
        if not isinstance(following, str) or following == cursor:
            return
        cursor = following


def _endless(account: Account, collection: str, what: str) -> RemoteError:
    where = f"at://{account.did}/{collection}"
    return RemoteError(where, f"{clean(account.server, 200)} lists {what}", "name the records that you want")


def _checked(found: dict[str, Any], uri: str) -> RemoteRecord:
    value, cid = found.get("value"), found.get("cid")
    if found.get("uri") != uri or not isinstance(value, dict) or not isinstance(cid, str):
        raise RemoteError(uri, f"the server answers with {clean(found.get('uri'), 200)}, which was not asked for")
    try:
        own = record_cid(value)
    except (AtdataError, RecursionError) as error:
        raise RemoteError(uri, f"is no record of the data model: {clean(str(error), 200)}") from error
    if own != cid:
        raise RemoteError(uri, f"has the CID {own}, and the server says {clean(cid, 80)}", "do not trust this server")
    return RemoteRecord(uri, cid, value)
