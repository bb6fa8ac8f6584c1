"""Shards of one's own as blobs on one's own server."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from atdata._atmosphere.blobs.refs import BlobRef, blob_ref, parse_blob_uri
from atdata._atmosphere.blobs.source import BlobSource
from atdata._atmosphere.blobs.uploads import LargerThanLimitError, RefusedSizeError, Uploads
from atdata._atmosphere.checks import checked_client
from atdata._atmosphere.errors import NotAuthenticatedError
from atdata._errors import STORE_OPTIONS, refuse_options
from atdata._stores import given
from atdata._stores.errors import NothingStoredError, StoreError
from atdata._stores.fill import copy_shards, cut_shards
from atdata._stores.names import Group

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient
    from atdata._protocols import DataSource
    from atdata._writing.manifest import ShardEntry

__all__ = ["PDSBlobStore"]

#: What servers may take that do not tell: hosted ones, then those that were installed and left as they were.
_GUESSES = (50_000_000, 5 << 20, 1_000_000, 100_000)
_MAX_COUNT = 10_000


class PDSBlobStore:
    """Keeps shards as blobs in the repository of ``client``, which must be logged in.

    Shards go to the server one by one as they are made, and never more than one of them is held, in a temporary file.
    None is larger than the server takes: that is what ``max_blob_size`` says, or the server itself; else it is found
    out, beginning with 50 MB.

    A blob lasts, and can be read, only when a record refers to it; an index with this store sees to that.

    >>> from atdata.atmosphere import AtmosphereClient
    >>> PDSBlobStore(AtmosphereClient()).supports_streaming()
    True
    """

    options = STORE_OPTIONS

    def __init__(self, client: AtmosphereClient, *, max_blob_size: int | None = None) -> None:
        if max_blob_size is not None and max_blob_size < 1:
            raise ValueError(f"max_blob_size is at least 1, not {max_blob_size}")
        self.client = checked_client(client, "PDSBlobStore")
        self._max_blob_size = max_blob_size
        self._found: int | None = None
        #: What was uploaded, as records hold it, by address.
        self._uploaded: dict[str, dict[str, Any]] = {}

    def write_shards(
        self,
        ds: Any,
        *,
        prefix: str = "",
        maxcount: int | None = None,
        maxsize: float | None = None,
        cache_local: bool = False,
        metadata: Any = None,
        **unknown: Any,
    ) -> list[str]:
        """Upload all shards of ``ds`` and return their addresses, ``at://did/blob/cid``, in order.

        Shards are copied as they are when they fit; else, or with ``maxcount`` (samples a shard) or ``maxsize``
        (bytes a shard), samples are cut anew. Blobs have no names and no metadata: ``prefix`` and the others are
        there because every store takes them.

        ``ValueError`` when nobody is logged in, ``RuntimeError`` when there are no shards, :class:`StoreError` when a
        single sample is larger than the server takes.
        """
        refuse_options("write_shards", unknown, "maxcount, maxsize, cache_local and metadata")
        if not self.client.is_authenticated:
            raise NotAuthenticatedError("shards are uploaded by an account: call client.login(handle, app_password)")
        for name, limit in (("maxcount", maxcount), ("maxsize", maxsize)):
            if limit is not None and limit < 1:
                raise ValueError(f"{name} is at least 1, not {limit}")
        limit = self.blob_limit()
        while True:
            try:
                return self._write(ds, limit, maxcount, maxsize)
            except RefusedSizeError:
                smaller = next((guess for guess in _GUESSES if guess < limit), None)
                # What can be read once only is not tried again, and neither is what the user has said.
                if self._max_blob_size is not None or smaller is None or not hasattr(ds, "ordered"):
                    raise
                limit = self._found = smaller

    def _write(self, ds: Any, limit: int, maxcount: int | None, maxsize: float | None) -> list[str]:
        """Upload shards of at most ``limit`` bytes."""
        source = given.shards_of(ds) if maxcount is None and maxsize is None else None
        if source is not None and _fit(source, limit):
            uploads = Uploads(self.client, limit)
            try:
                return self._sent(uploads, copy_shards(source, uploads, Group("")))
            except LargerThanLimitError:
                if given.is_source(ds):
                    raise  # which has no samples that could be cut anew
        uploads = Uploads(self.client, limit)
        samples, kind = given.samples_of(given.streamed(ds))
        most, cut = maxcount or _MAX_COUNT, min(limit, maxsize or limit)
        return self._sent(uploads, cut_shards(samples, kind, uploads, Group(""), maxcount=most, maxsize=cut))

    def _sent(self, uploads: Uploads, work: Iterable[ShardEntry]) -> list[str]:
        with uploads:
            entries = list(work)
        if not entries:
            raise NothingStoredError("the dataset has no shards, so none were written")
        urls = []
        for blob, entry in zip(uploads.blobs, entries, strict=True):
            ref = blob_ref(blob, self.client.did)
            # What stands in for a client may give any CID; a server must give that of the bytes it was sent.
            if not self.client.is_given and ref.sha256().hex() != entry.sha256:
                raise StoreError(f"the server stored other bytes than the {entry.size:,} of a shard it was sent")
            self._uploaded[ref.uri] = blob
            urls.append(ref.uri)
        return urls

    def blob_limit(self) -> int:
        """How many bytes a shard may have."""
        return self._max_blob_size or self._found or self.client.blob_limit() or _GUESSES[0]

    def blob_of(self, url: str) -> dict[str, Any] | None:
        """What a record must hold to refer to a blob that this store uploaded; None for any other."""
        return self._uploaded.get(url)

    def read_url(self, url: str) -> str:
        """The HTTP address at which anybody can fetch a blob. Nobody checks its bytes then; a source does.

        ``ValueError`` for what is no address of a blob, or when the server of its owner cannot be found.
        """
        ref = parse_blob_uri(url)
        return self.client.get_blob_url(ref.did, ref.cid)

    def create_source(self, urls: Sequence[str]) -> BlobSource:
        """A source of these blobs, each checked against its CID before anything of it is read."""
        return BlobSource.from_refs(
            [self._known(parse_blob_uri(url)) for url in urls], network=self.client.network
        ).with_servers(self._servers(urls))

    def _known(self, ref: BlobRef) -> dict[str, Any]:
        blob = self._uploaded.get(ref.uri) or {}
        return {"did": ref.did, "cid": ref.cid, "size": blob.get("size")}

    def _servers(self, urls: Sequence[str]) -> dict[str, str]:
        """Where blobs are, as far as nobody need be asked."""
        owners = {parse_blob_uri(url).did for url in urls}
        return {did: server for did in owners if (server := self.client.known_server(did)) is not None}

    def supports_streaming(self) -> bool:
        """True: shards come over HTTP."""
        return True


def _fit(source: DataSource, limit: int) -> bool:
    """Whether no shard is known to be larger than ``limit``: those of files here are known."""
    find = getattr(source, "local_path", None)
    if find is None or getattr(source, "cache_dir", None) is not None:
        return True
    for shard in source.shard_list:
        path = find(shard)
        if path is not None and os.path.isfile(path) and os.path.getsize(path) > limit:
            return False
    return True
