"""Finding records of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from atdata_generated.ac.foundation.dataset import sample_schema

from atdata._atmosphere.checks import check_kind, checked_client

if TYPE_CHECKING:
    from atdata._atmosphere.at_uri import AtUri
    from atdata._atmosphere.client import AtmosphereClient
    from atdata._atmosphere.record_reads import RepoRecord

__all__ = ["RecordLoader", "SchemaLoader"]


class RecordLoader:
    """Reads the records of one collection, from one's own repository or from those of others."""

    _NSID: ClassVar[str]

    def __init__(self, client: AtmosphereClient) -> None:
        self.client = checked_client(client, type(self).__name__)

    def get(self, uri: str | AtUri) -> dict[str, Any]:
        """The record at an address. ``KeyError`` when there is none, ``ValueError`` when it is of another kind."""
        return self.find(uri).value

    def find(self, uri: str | AtUri) -> RepoRecord:
        """The same with the record's address and CID."""
        found = self.client.find_record(uri)
        check_kind(found.value, self._NSID, str(uri))
        return found

    def list_all(self, repo: str | None = None, limit: int | None = 100) -> list[dict[str, Any]]:
        """The records of a repository (a DID or handle, one's own by default), newest first, ``limit`` at most.

        They come as they are: neither filtered nor checked. ``limit=None`` gives all.
        """
        return list(self.values(repo, limit))

    def list_records(
        self, repo: str | None = None, limit: int = 100, cursor: str | None = None
    ) -> tuple[list[dict[str, Any]], str | None]:
        """One page, and the cursor of the next one; None behind the last."""
        return self.client.list_records(self._NSID, repo=repo, limit=limit, cursor=cursor)

    def values(self, repo: str | None = None, limit: int | None = None) -> Iterator[dict[str, Any]]:
        """The records as they are, fetched page by page."""
        return self.client.iter_values(self._NSID, repo=repo, limit=limit)

    def iterate(self, repo: str | None = None, limit: int | None = None) -> Iterator[RepoRecord]:
        """The records with their addresses and CIDs, fetched page by page."""
        return self.client.iter_records(self._NSID, repo=repo, limit=limit)


class SchemaLoader(RecordLoader):
    """Reads schema records.

    >>> from atdata.atmosphere import AtmosphereClient
    >>> loader = SchemaLoader(AtmosphereClient())
    >>> loader.list_all()
    Traceback (most recent call last):
    ...
    atdata._atmosphere.errors.NotAuthenticatedError: Not authenticated: call login(handle, app_password) first
    """

    _NSID = sample_schema.NSID
