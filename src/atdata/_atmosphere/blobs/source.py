"""Shards that are blobs, as a source of datasets."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import IO, Any

from atdata._atmosphere import homes
from atdata._atmosphere.blobs.errors import BlobRefError
from atdata._atmosphere.blobs.fetch import fetch_blob
from atdata._atmosphere.blobs.refs import BlobRef, blob_ref, parse_blob_uri
from atdata._atmosphere.identity.resolver import resolver_for
from atdata._atmosphere.net.errors import FetchError
from atdata._atmosphere.net.network import Network, current_network
from atdata._errors import shown
from atdata._sources.cache import cached_path
from atdata._sources.verified import file_sha256
from atdata._writing.files import NewFile, sweep

__all__ = ["BlobSource"]

_BUFFER = 1 << 20


class BlobSource:
    """Shards that are blobs on servers of the AT Protocol, checked against their CIDs before anything is read.

    ``blob_refs`` are dictionaries with ``did`` and ``cid``, and ``size`` where it is known. The server is found
    through the DID, unless ``pds_endpoint`` names one for all. Each shard is fetched whole into a temporary file that
    is gone when it is closed, or into ``cache_dir``, where it stays for the next time.

    >>> source = BlobSource([{"did": "did:plc:abc123", "cid": "bafkreihdwdcefgh4dqkjv67uzcmw7o"}])
    >>> source.list_shards()
    ['at://did:plc:abc123/blob/bafkreihdwdcefgh4dqkjv67uzcmw7o']
    """

    def __init__(
        self,
        blob_refs: Iterable[Mapping[str, Any]],
        pds_endpoint: str | None = None,
        _endpoint_cache: dict[str, str] | None = None,
        *,
        cache_dir: str | os.PathLike[str] | None = None,
        network: Network | None = None,
    ) -> None:
        self._refs = {(ref := blob_ref(value)).uri: ref for value in blob_refs}
        self.pds_endpoint = pds_endpoint
        self.cache_dir = None if cache_dir is None else os.fspath(cache_dir)
        self._endpoint_cache = {} if _endpoint_cache is None else _endpoint_cache
        self._network = network or current_network()
        named = set() if pds_endpoint is None else {pds_endpoint}  # whoever calls names it, and no stranger
        for did in {ref.did for ref in self._refs.values()}:
            home = homes.find(did, self._network)
            if home is not None:  # somebody logged in there
                self._endpoint_cache.setdefault(did, home[1])
                named.add(home[1])
        if named:
            self._network = replace(self._network, trusted=(*self._network.trusted, *named))

    @classmethod
    def from_refs(
        cls,
        refs: Iterable[Mapping[str, Any]],
        *,
        pds_endpoint: str | None = None,
        did: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        network: Network | None = None,
    ) -> BlobSource:
        """A source of these blobs: plain references, or blobs as records hold them, which are ``did``'s.

        ``ValueError`` when there are none, or when one is no reference or belongs to nobody.

        >>> blob = {"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "application/x-tar", "size": 10240}
        >>> BlobSource.from_refs([blob], did="did:plc:abc").list_shards()
        ['at://did:plc:abc/blob/bafkrei']
        """
        found = [blob_ref(ref, did) for ref in refs]
        if not found:
            raise BlobRefError("there are no references to blobs")
        plain = [{"did": ref.did, "cid": ref.cid, "size": ref.size} for ref in found]
        return cls(plain, pds_endpoint, cache_dir=cache_dir, network=network)

    @classmethod
    def from_uris(cls, uris: Iterable[str], **options: Any) -> BlobSource:
        """A source of blobs by their addresses, ``at://did/blob/cid``; options are those of :meth:`from_refs`."""
        return cls.from_refs([{"did": ref.did, "cid": ref.cid} for ref in map(parse_blob_uri, uris)], **options)

    def with_servers(self, servers: Mapping[str, str]) -> BlobSource:
        """The same source, told the servers of some DIDs; another is looked for when one of them fails."""
        self._endpoint_cache.update(servers)
        return self

    @property
    def blob_refs(self) -> list[dict[str, str]]:
        """DID and CID of every shard."""
        return [{"did": ref.did, "cid": ref.cid} for ref in self._refs.values()]

    def __repr__(self) -> str:
        return f"BlobSource({len(self._refs)} {'blob' if len(self._refs) == 1 else 'blobs'})"

    # ------------------------------------------------------------------ which shards

    @property
    def shard_list(self) -> list[str]:
        """The addresses of all shards."""
        return list(self._refs)

    def list_shards(self) -> list[str]:
        """The addresses of all shards."""
        return list(self._refs)

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's address with a stream of it, fetched and checked when its turn comes."""
        for shard in self._refs:
            yield shard, self.open_shard(shard)

    # ------------------------------------------------------------------ their bytes

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard, which was checked.

        ``ValueError`` for what is no address of a blob, ``KeyError`` for another one. What a server does wrong is a
        :class:`ConnectionError`, a :class:`TimeoutError`, or a ``ShardError`` when its bytes are not those of the CID.
        """
        ref = self._ref(shard_id)
        if self.cache_dir is not None:
            return open(self._cached(ref), "rb")
        spool = _Spool()
        try:
            self._fetch(ref, spool)
        except BaseException:
            spool.file.close()
            raise
        spool.file.seek(0)
        return spool.file

    def local_path(self, shard_id: str) -> str | None:
        """The path of a shard's copy, fetched and checked; None without ``cache_dir``."""
        ref = self._ref(shard_id)
        return None if self.cache_dir is None else self._cached(ref)

    def _ref(self, shard: str) -> BlobRef:
        found = self._refs.get(shard) if isinstance(shard, str) else None
        if found is None:
            parse_blob_uri(shard)
            raise KeyError(f"{shown(shard, 200)} is no shard of {self!r}")
        return found

    def _cached(self, ref: BlobRef) -> str:
        assert self.cache_dir is not None
        path = cached_path(self.cache_dir, ref.uri)
        if os.path.exists(path):
            if file_sha256(path) == ref.sha256().hex():
                return path
            os.unlink(path)  # somebody changed it
        sweep(path)
        target = _CacheFile(path)
        try:
            self._fetch(ref, target)
            target.file.commit()
        finally:
            target.file.abandon()
        return path

    def _fetch(self, ref: BlobRef, target: Any) -> None:
        ref.sha256()  # refused before anybody is asked
        known = self.pds_endpoint or self._endpoint_cache.get(ref.did)
        if known is not None:
            try:
                fetch_blob(ref, known, self._network, target)
                return
            except FetchError as error:
                given_up = isinstance(error, TimeoutError | ValueError) and error.status is None
                if self.pds_endpoint is not None or given_up:
                    raise
                self._endpoint_cache.pop(ref.did, None)
        resolver = resolver_for(self._network)
        identity = resolver.resolve(ref.did, fresh=known is not None)
        if identity.server() == known:
            raise FetchError(f"the server of {shown(ref.did, 200)} does not give the blob {shown(ref.cid)}")
        fetch_blob(replace(ref, did=identity.did), identity.server(), self._network, target)
        self._endpoint_cache[ref.did] = identity.server()


class _Spool:
    """A temporary file without a name."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile(prefix="atdata-", buffering=_BUFFER)  # noqa: SIM115

    def write(self, part: bytes) -> None:
        self.file.write(part)

    def restart(self) -> None:
        self.file.seek(0)
        self.file.truncate()


class _CacheFile:
    """A new file of the cache."""

    def __init__(self, path: str) -> None:
        self.file = NewFile(path)

    def write(self, part: bytes) -> None:
        self.file.write([part])

    def restart(self) -> None:
        self.file.abandon()
        self.file = NewFile(self.file.path)
