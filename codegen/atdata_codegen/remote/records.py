"""Records of a repository, each held against the CID that the server says it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from atdata_codegen.problems import clean
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import Account
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.xrpc import query
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
    """Every record of a collection, page by page; a server that never ends is stopped."""
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        page = query(
            account.server, "com.atproto.repo.listRecords", network,
            repo=account.did, collection=collection, limit=_PAGE, cursor=cursor,
        )  # fmt: skip
        entries = page.get("records")
        if not isinstance(entries, list):
            raise RemoteError(account.server, "lists no records")
        for entry in entries:
            uri = entry.get("uri") if isinstance(entry, dict) else None
            prefix = f"at://{account.did}/{collection}/"
            if not isinstance(uri, str) or not uri.startswith(prefix) or "/" in uri[len(prefix) :] or uri in seen:
                raise RemoteError(account.server, f"lists {clean(uri, 200)}, which was not asked for, or twice")
            seen.add(uri)
            if len(seen) > _MOST:
                raise RemoteError(account.server, f"lists more than {_MOST:,} records", "name those you want")
            yield _checked(entry, uri)
        following = page.get("cursor")
        if not entries or not isinstance(following, str) or following == cursor:
            return
        cursor = following


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
