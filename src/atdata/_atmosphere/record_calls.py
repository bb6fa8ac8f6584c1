"""The client's half that makes, changes and removes records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from atdata._atmosphere.answers import part
from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.checks import sendable
from atdata._atmosphere.errors import (
    AtmosphereError,
    AtUriError,
    AuthError,
    ConflictError,
    NotFoundError,
    UnavailableError,
    WrongRecordError,
)
from atdata._atmosphere.net import methods
from atdata._atmosphere.record_reads import RecordReads
from atdata._atmosphere.writes import COSTS, Write, as_sent, batches
from atdata._errors import shown
from atdata_lexicon.data import record_cid
from atdata_lexicon.tids import next_tid

if TYPE_CHECKING:
    from atdata_lexicon.record import Record

__all__ = ["RecordCalls"]

_UNSET: Any = object()


class RecordCalls(RecordReads):
    """Making, changing, finding and removing records."""

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
        answer = self._change(methods.CREATE_RECORD, data, what, 3, lambda: self._settled(collection, key, sent))
        return self._written(answer, what, AtUri(account.did, collection, key), sent)

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
        settle = partial(self._settled, collection, rkey, sent, other=False)
        answer = self._change(methods.PUT_RECORD, data, what, 2, settle)
        return self._written(answer, what, AtUri(account.did, collection, rkey), sent)

    def delete_record(
        self, uri: str | AtUri, *, swap_commit: str | None = None, swap_record: str | None = None
    ) -> None:
        """Remove a record, with ``swap_commit`` or ``swap_record`` only if nothing changed since. It may be gone."""
        account = self._logged_in()
        found = AtUri.parse(uri)
        data = {"repo": found.authority, "collection": found.collection, "rkey": found.rkey}
        if swap_commit is not None:
            data["swapCommit"] = swap_commit
        if swap_record is not None:
            data["swapRecord"] = swap_record
        try:
            self._change(methods.DELETE_RECORD, data, f"deleting {shown(str(found), 300)}", 1)
        except AuthError as error:
            if found.authority != account.did:
                whose = shown(found.authority, 200)
                error.add_note(f"The record is in the repository of {whose}, and you are logged in as {account.did}.")
            raise

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
            settle = partial(self._settled_batch, batch)
            answer = self._change(methods.APPLY_WRITES, data, what, cost, settle)
            if swap_commit is not None:
                swap_commit = part(part(answer, "commit"), "cid")
        return [AtUri(account.did, write["collection"], write["rkey"]) for write in sent]

    def _written(self, answer: Any, what: str, asked: AtUri, sent: dict[str, Any]) -> AtUri:
        """Where the server says that it wrote a record; it must be there, and that record, that it was asked for."""
        found = _uri_of(answer, what)
        if self._given:  # what stands in for a client may call things as it likes
            return found
        cid = part(answer, "cid")
        names = (self._logged_in().did, self._logged_in().handle)
        if (found.collection, found.rkey) != (asked.collection, asked.rkey) or found.authority not in names:
            raise WrongRecordError(f"{what}: the server says that it wrote {shown(str(found), 300)}, not {asked}")
        if isinstance(cid, str) and cid != record_cid(sent):
            raise WrongRecordError(f"{what}: the server wrote {shown(cid)}, which is not the record that was sent")
        return found

    def _change(self, method: str, data: Mapping[str, Any], what: str, cost: int, settle: Any = None) -> Any:
        account = self._logged_in()
        pace = getattr(account, "pace", None)

        def send() -> Any:
            if pace is not None and (wait := pace.wait(cost)):
                raise pace.error(what, wait)
            return account.procedure(method, data, what)

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


def _uri_of(answer: Any, what: str) -> AtUri:
    try:
        return AtUri.parse(part(answer, "uri"))
    except AtUriError as error:
        raise UnavailableError(f"{what}: the server's answer names no record: {error}") from error
