"""The client's half that finds records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from atdata_generated.ac.foundation.dataset import lens, record, sample_schema

from atdata._atmosphere.answers import part, plain_object
from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.errors import AtmosphereError, AtUriError, TooLargeError, WrongRecordError
from atdata._atmosphere.net import methods
from atdata._atmosphere.repositories import Repositories
from atdata._errors import shown
from atdata._index.errors import DamagedEntryWarning
from atdata._warnings import warn
from atdata_lexicon.syntax import is_at_uri

__all__ = ["RecordReads", "RepoRecord"]

_PAGE = 100
#: How many records a listing may have when no limit is given: a hostile server has no end of them.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class RepoRecord:
    """A record with its address and the CID that the server gives it (empty when it gave none)."""

    uri: AtUri
    cid: str
    value: dict[str, Any]


class RecordReads(Repositories):
    """Finding records."""

    def get_record(self, uri: str | AtUri) -> dict[str, Any]:
        """The record at an address, as plain JSON. ``KeyError`` when there is none."""
        return self.find_record(uri).value

    def find_record(self, uri: str | AtUri) -> RepoRecord:
        """The record at an address, with its CID. ``KeyError`` when there is none."""
        found = AtUri.parse(uri)
        return self._patience.run(lambda: self._look(found))

    def _look(self, uri: AtUri) -> RepoRecord:
        if not self._given and not is_at_uri(str(uri)):
            raise AtUriError(f"{shown(str(uri), 300)} is no address of a record; write at://did/collection/rkey")
        what = f"reading {shown(str(uri), 300)}"
        params = {"repo": uri.authority, "collection": uri.collection, "rkey": uri.rkey}
        answer = self._server_of(uri.authority).query(methods.GET_RECORD, params, what)
        value = plain_object(part(answer, "value"))
        if value is None:
            raise WrongRecordError(f"{what}: the answer holds no record")
        cid = part(answer, "cid")
        return RepoRecord(uri, cid if isinstance(cid, str) else "", value)

    def list_records(
        self, collection: str, *, repo: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """One page of a collection, newest first, and the cursor of the next one (None behind the last).

        ``repo`` is a DID or handle, one's own repository by default; a page has 100 records at most.
        """
        found, cursor = self._page(collection, repo, limit, cursor)
        return [value for value in (plain_object(part(item, "value")) for item in found) if value is not None], cursor

    def iter_records(
        self, collection: str, *, repo: str | None = None, limit: int | None = None
    ) -> Iterator[RepoRecord]:
        """The records of a collection with their addresses, newest first, fetched page by page."""
        # What stands in for a client may not say the addresses of what it lists.
        unnamed = AtUri(repo or self._logged_in().did, collection, "unknown") if self._given else None
        for item in self._items(collection, repo, limit):
            made = _listed(item, unnamed)
            if made is not None:
                yield made

    def iter_values(
        self, collection: str, *, repo: str | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """The records of a collection as they are, newest first, fetched page by page."""
        for item in self._items(collection, repo, limit):
            value = plain_object(part(item, "value"))
            if value is not None:
                yield value

    def _items(self, collection: str, repo: str | None, limit: int | None) -> Iterator[Any]:
        """What the pages of a listing hold."""
        left, cursor, seen = limit, None, set[str]()
        count = 0
        while left is None or left > 0:
            found, cursor = self._page(collection, repo, _PAGE if left is None else left, cursor)
            count += len(found)
            if count > _MOST and left is None:
                raise TooLargeError(f"{shown(repo, 200)} lists more than {_MOST:,} records of {shown(collection)}")
            yield from found if left is None else found[:left]
            if not found or cursor is None or cursor in seen:
                return
            seen.add(cursor)
            left = None if left is None else left - len(found)

    def _page(self, collection: str, repo: str | None, limit: int, cursor: str | None) -> tuple[list[Any], str | None]:
        whose = self._logged_in().did if repo is None else repo
        params = {"repo": whose, "collection": collection, "limit": max(1, min(limit, _PAGE)), "cursor": cursor}
        what = f"listing {shown(collection)} of {shown(whose)}"
        answer = self._patience.run(lambda: self._server_of(whose).query(methods.LIST_RECORDS, params, what))
        found, following = part(answer, "records"), part(answer, "cursor")
        if not isinstance(found, list | tuple):
            raise WrongRecordError(f"{what}: the answer holds no list of records")
        return list(found), following if isinstance(following, str) and following else None

    def list_schemas(self, repo: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The schema records of a repository, ``limit`` at most."""
        return self._values(sample_schema.NSID, repo, limit)

    def list_datasets(self, repo: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The dataset records of a repository, ``limit`` at most."""
        return self._values(record.NSID, repo, limit)

    def list_lenses(self, repo: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
        """The lens records of a repository, ``limit`` at most."""
        return self._values(lens.NSID, repo, limit)

    def _values(self, collection: str, repo: str | None, limit: int | None) -> list[dict[str, Any]]:
        return list(self.iter_values(collection, repo=repo, limit=limit))


def _listed(item: Any, unnamed: AtUri | None) -> RepoRecord | None:
    """A record of a listing; one that is none is named, and does not hide the others."""
    value, uri, cid = plain_object(part(item, "value")), part(item, "uri"), part(item, "cid")
    try:
        if value is None:
            raise WrongRecordError(f"{shown(uri, 300)} is no record")
        return RepoRecord(
            unnamed if unnamed and not isinstance(uri, str) else AtUri.parse(uri),
            cid if isinstance(cid, str) else "",
            value,
        )
    except AtmosphereError as error:
        warn(f"left out: {error}", DamagedEntryWarning)
        return None
