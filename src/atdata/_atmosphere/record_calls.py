"""The client's half that is about records."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset import lens, record, sample_schema

from atdata._atmosphere.answers import part, plain_object
from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.checks import sendable
from atdata._atmosphere.errors import (
    AtmosphereError,
    AtUriError,
    ConflictError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
    WrongRecordError,
)
from atdata._atmosphere.writes import COSTS, Write, as_sent, batches
from atdata._errors import shown
from atdata._index.errors import DamagedEntryWarning
from atdata_lexicon.data import record_cid
from atdata_lexicon.syntax import is_at_uri
from atdata_lexicon.tids import next_tid

if TYPE_CHECKING:
    from atdata._atmosphere.patience import Patience
    from atdata._atmosphere.servers import Account, Server
    from atdata_lexicon.record import Record

__all__ = ["RecordCalls", "RepoRecord"]

_PAGE = 100
#: How many records a listing may have when no limit is given: a hostile server has no end of them.
_MOST = 1_000_000
_UNSET: Any = object()


@dataclass(frozen=True, slots=True)
class RepoRecord:
    """A record with its address and the CID that the server gives it (empty when it gave none)."""

    uri: AtUri
    cid: str
    value: dict[str, Any]


class RecordCalls:
    """Making, changing, finding and removing records."""

    _given: bool
    _patience: Patience

    def _logged_in(self) -> Account:
        raise NotImplementedError

    def _server_of(self, repo: str) -> Server:
        raise NotImplementedError

    # Changing ------------------------------------------------------------------------------------------------

    def create_record(
        self,
        collection: str,
        record: Mapping[str, Any] | Record,
        *,
        rkey: str | None = None,
        validate: bool = False,
    ) -> AtUri:
        """Make a record in one's own repository; without ``rkey`` its key is a TID. Returns its address.

        The record is checked first, in full when its Lexicon is one of ours: ``ValidationError`` names the places.
        ``validate`` asks the server for a check, too, which it can do for Lexicons that it knows. ``ConflictError``
        when there is another record of that key.
        """
        account = self._logged_in()
        sent = sendable(collection, record)
        key = next_tid() if rkey is None else rkey
        data = {"repo": account.did, "collection": collection, "record": sent, "rkey": key, "validate": validate}
        what = f"creating a record of {shown(collection)}"
        answer = self._change("createRecord", data, what, 3, lambda: self._settled(collection, key, sent))
        return _uri_of(answer, what)

    def put_record(
        self,
        collection: str,
        rkey: str,
        record: Mapping[str, Any] | Record,
        *,
        validate: bool = False,
        swap_commit: str | None = None,
        swap_record: str | None = _UNSET,
    ) -> AtUri:
        """Write a record at a key, whether there is one already or not. Returns its address.

        With ``swap_commit`` or ``swap_record`` (CIDs) it is written only if the repository or the record is still that
        one, with ``swap_record=None`` only if there is no record: ``ConflictError`` otherwise.
        """
        account = self._logged_in()
        sent = sendable(collection, record)
        data = {"repo": account.did, "collection": collection, "rkey": rkey, "record": sent, "validate": validate}
        if swap_commit is not None:
            data["swapCommit"] = swap_commit
        if swap_record is not _UNSET:
            data["swapRecord"] = swap_record
        what = f"writing the record {shown(rkey)} of {shown(collection)}"
        answer = self._change("putRecord", data, what, 2, lambda: self._settled(collection, rkey, sent, other=False))
        return _uri_of(answer, what)

    def delete_record(
        self, uri: str | AtUri, *, swap_commit: str | None = None, swap_record: str | None = None
    ) -> None:
        """Remove a record, with ``swap_commit`` or ``swap_record`` only if nothing changed since. It may be gone."""
        self._logged_in()
        found = AtUri.parse(uri)
        data = {"repo": found.authority, "collection": found.collection, "rkey": found.rkey}
        if swap_commit is not None:
            data["swapCommit"] = swap_commit
        if swap_record is not None:
            data["swapRecord"] = swap_record
        self._change("deleteRecord", data, f"deleting {shown(str(found), 300)}", 1)

    def apply_writes(
        self, writes: Iterable[Write], *, swap_commit: str | None = None, validate: bool = False
    ) -> list[AtUri]:
        """Make many changes, as few commits as the server allows: 200 changes in each, and its size of a request.

        Each commit is made whole or not at all. All changes are checked before the first is sent. Returns the address
        of every record, in order.
        """
        account = self._logged_in()
        listed = list(writes)
        sent = [as_sent(write) for write in listed]
        for first, count in batches(sent):
            batch = sent[first : first + count]
            data = {"repo": account.did, "writes": batch, "validate": validate}
            if swap_commit is not None:
                data["swapCommit"] = swap_commit
            cost = sum(COSTS[type(write)] for write in listed[first : first + count])
            what = f"making the changes {first} to {first + count - 1} of {len(sent)}"
            answer = self._change("applyWrites", data, what, cost, lambda batch=batch: self._settled_batch(batch))
            if swap_commit is not None:
                swap_commit = part(part(answer, "commit"), "cid")
        return [AtUri(account.did, write["collection"], write["rkey"]) for write in sent]

    def _change(self, name: str, data: Mapping[str, Any], what: str, cost: int, settle: Any = None) -> Any:
        account = self._logged_in()
        pace = getattr(account, "pace", None)

        def send() -> Any:
            if pace is not None and (wait := pace.wait(cost)):
                raise pace.error(what, wait)
            return account.procedure(f"com.atproto.repo.{name}", data, what)

        return self._patience.run(send, settle)

    def _settled(self, collection: str, rkey: str, sent: dict[str, Any], *, other: bool = True) -> Any:
        """The answer to a write of which none came, when the record is there."""
        uri = AtUri(self._logged_in().did, collection, rkey)
        try:
            found = self._look(uri)
        except NotFoundError:
            return None
        except AtmosphereError as error:
            if isinstance(error, UnavailableError):
                return None
            raise
        if found.cid == record_cid(sent):
            return {"uri": str(uri), "cid": found.cid}
        if other:
            raise ConflictError(
                f"{shown(str(uri), 300)} is there already, with another value; put_record() replaces it"
            )
        return None

    def _settled_batch(self, batch: list[dict[str, Any]]) -> Any:
        """A commit is made whole or not at all, so that one change tells of all."""
        kept = next((write for write in batch if "value" in write), None)
        if kept is not None:
            return self._settled(kept["collection"], kept["rkey"], kept["value"])
        gone = batch[0]
        try:
            self._look(AtUri(self._logged_in().did, gone["collection"], gone["rkey"]))
        except NotFoundError:
            return {}
        except UnavailableError:
            pass
        return None

    # Finding -------------------------------------------------------------------------------------------------

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
        answer = self._server_of(uri.authority).query("com.atproto.repo.getRecord", params, what)
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
        answer = self._patience.run(lambda: self._server_of(whose).query("com.atproto.repo.listRecords", params, what))
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


def _uri_of(answer: Any, what: str) -> AtUri:
    try:
        return AtUri.parse(part(answer, "uri"))
    except AtUriError as error:
        raise UnavailableError(f"{what}: the server's answer names no record: {error}") from error


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
        warnings.warn(f"left out: {error}", DamagedEntryWarning, stacklevel=4)
        return None
