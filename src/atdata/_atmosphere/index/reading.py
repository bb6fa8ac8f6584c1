"""Records of repositories as an index needs them: of one kind, of one account, and proven when that is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.checks import check_kind
from atdata._atmosphere.errors import AtUriError, NotAuthenticatedError, TooLargeError, WrongRecordError
from atdata._atmosphere.net.errors import NotThereError
from atdata._atmosphere.proofs.record import fetch_proof
from atdata._atmosphere.record_reads import RepoRecord
from atdata._errors import shown
from atdata._index.errors import DamagedEntryWarning
from atdata._warnings import warn
from atdata_lexicon.syntax import is_at_identifier, is_nsid, is_record_key

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient

__all__ = ["MOST", "RepoReader"]

#: How many records of one kind a repository may list before it is given up: a hostile server has no end of them.
MOST = 200_000


class RepoReader:
    """Reads repositories through ``client``. With ``verify`` only what is proven to stand in them is given.

    ``home`` is the repository that is meant when none is named; by default that of the client's account.
    """

    def __init__(self, client: AtmosphereClient, *, verify: bool = False, home: str | None = None) -> None:
        self.client = client
        self.verify = verify
        self._home = home

    def repo(self, who: str | None) -> str:
        """The DID of a repository that a DID or a handle names."""
        who = who or self._home
        if who is None:
            if not self.client.is_authenticated:
                raise NotAuthenticatedError("name a repository by its DID or handle, or log in to read your own")
            return self.client.did
        who = who.removeprefix("@")
        return self.client.did_of(who)

    def get(self, uri: AtUri, collection: str) -> RepoRecord:
        """The record at an address. ``KeyError`` when there is none, ``ValueError`` when it is of another kind."""
        if not (is_at_identifier(uri.authority) and is_nsid(uri.collection) and is_record_key(uri.rkey)):
            raise AtUriError(f"{shown(str(uri), 300)} is the address of no record; write at://did/collection/rkey")
        uri = AtUri(self.repo(uri.authority), uri.collection, uri.rkey)
        found = self._proven(uri) if self.verify else self.client.find_record(uri)
        check_kind(found.value, collection, str(uri))
        return RepoRecord(uri, found.cid, found.value)

    def _proven(self, uri: AtUri) -> RepoRecord:
        proof = fetch_proof(self.client.resolver, uri.authority, uri.collection, uri.rkey)
        if proof.value is None or proof.cid is None:
            raise NotThereError(f"there is no record {shown(str(uri), 300)}: its repository proves it")
        return RepoRecord(uri, proof.cid, proof.value)

    def all(self, collection: str, who: str | None = None) -> Iterator[RepoRecord]:
        """The records of a collection, newest first, page by page. What is none of it is left out with a warning."""
        did = self.repo(who)
        for count, found in enumerate(self.client.iter_records(collection, repo=did)):
            if count >= MOST:
                raise TooLargeError(f"{shown(did, 200)} lists more than {MOST:,} records of {collection}")
            try:
                if (found.uri.authority, found.uri.collection) != (did, collection):
                    raise WrongRecordError(f"{shown(str(found.uri), 300)} is listed among records of {shown(did, 200)}")
                if self.verify:
                    found = self._proven(found.uri)
                check_kind(found.value, collection, str(found.uri))
            except (WrongRecordError, NotThereError) as error:
                warn(f"left out: {error}", DamagedEntryWarning)
                continue
            yield found
