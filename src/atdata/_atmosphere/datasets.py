"""Dataset records: publishing them, and reading what they stand for."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any, TypeAlias, TypeVar

from atdata_generated.ac.foundation.dataset import record as record_module
from atdata_generated.ac.foundation.dataset import storage_blobs, storage_external
from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_blobs import StorageBlobs
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.blobs.refs import blob_ref
from atdata._atmosphere.checks import checked_client, model_of
from atdata._atmosphere.errors import WrongRecordError
from atdata._atmosphere.loaders import RecordLoader
from atdata._errors import shown
from atdata._index.entry import tag_list
from atdata._samples.record_form import metadata_of, now, to_record_form
from atdata._sources.braces import expand
from atdata._sources.named import source_of
from atdata._sources.url import URLSource

if TYPE_CHECKING:
    from atdata._atmosphere.blobs.source import BlobSource
    from atdata._atmosphere.client import AtmosphereClient
    from atdata._dataset.dataset import Dataset

__all__ = ["DatasetLoader", "DatasetPublisher"]

S = TypeVar("S")
_LIST = list  # which the loader's method of that name would hide
Strings: TypeAlias = list[str]
Objects: TypeAlias = list[dict[str, Any]]
Bytes: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]


class DatasetPublisher:
    """Publishes dataset records in the account of ``client``: where the shards are, and which schema they have."""

    def __init__(self, client: AtmosphereClient) -> None:
        self.client = checked_client(client, "DatasetPublisher")

    def publish(
        self,
        dataset: Dataset[Any],
        *,
        name: str,
        schema_uri: str | AtUri | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        auto_publish_schema: bool = True,
        schema_version: str = "1.0.0",
        metadata: Mapping[str, Any] | None = None,
        rkey: str | None = None,
    ) -> AtUri:
        """Publish a dataset whose shards stay where they are; returns the address of its record.

        Without ``schema_uri`` the schema of its samples is published, unless the same one is there already;
        ``ValueError`` when ``auto_publish_schema`` forbids that. ``metadata`` is the dataset's own by default.
        Addresses of files of this machine are of use to you alone: :meth:`publish_with_blobs` uploads them.
        """
        self.client.did  # noqa: B018 - raises when nobody is logged in, before anything is done
        if schema_uri is None:
            if not auto_publish_schema:
                raise ValueError("a dataset record names a schema: give schema_uri=, or allow auto_publish_schema")
            from atdata._atmosphere.index.schemas import publish_type

            schema_uri = publish_type(self.client, dataset.sample_type, version=schema_version)
        return self.publish_with_urls(
            [dataset.url],
            schema_uri,
            name=name,
            description=description,
            tags=tags,
            license=license,
            metadata=dataset.metadata if metadata is None else metadata,
            rkey=rkey,
        )

    def publish_with_urls(
        self,
        urls: Sequence[str],
        schema_uri: str | AtUri,
        *,
        name: str,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        rkey: str | None = None,
    ) -> AtUri:
        """Publish a dataset whose shards are at ``urls``, in which brace notation may stand. Nothing is fetched."""
        if isinstance(urls, str):
            raise TypeError("urls is a list of strings; write [url]")
        storage = StorageExternal(urls=[str(url) for url in urls])
        return self._publish(storage, schema_uri, name, description, tags, license, metadata, rkey)

    def publish_with_blobs(
        self,
        blobs: Iterable[Bytes],
        schema_uri: str | AtUri,
        *,
        name: str,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        mime_type: str = "application/x-tar",
        rkey: str | None = None,
    ) -> AtUri:
        """Upload shards as blobs, and publish the dataset that they are.

        ``blobs`` are tar archives: bytes, paths or open files, uploaded one after the other, so that a generator need
        not hold more than one. Blobs that no record refers to, since publishing failed, go by themselves.
        """
        if isinstance(blobs, str | bytes | bytearray | os.PathLike):
            raise TypeError("blobs is a list of paths, bytes or open files; write [path]")
        self._record(StorageBlobs(blobs=[]), schema_uri, name, description, tags, license, metadata).validate()
        uploaded = [self.client.upload_blob(blob, mime_type) for blob in blobs]
        storage = StorageBlobs.from_record({"blobs": uploaded})
        return self._publish(storage, schema_uri, name, description, tags, license, metadata, rkey)

    def _publish(
        self,
        storage: StorageExternal | StorageBlobs,
        schema_uri: str | AtUri,
        name: str,
        description: str | None,
        tags: Iterable[str] | None,
        license: str | None,
        metadata: Mapping[str, Any] | None,
        rkey: str | None,
    ) -> AtUri:
        made = self._record(storage, schema_uri, name, description, tags, license, metadata)
        return self.client.create_record(record_module.NSID, made, rkey=rkey)

    def _record(
        self,
        storage: StorageExternal | StorageBlobs,
        schema_uri: str | AtUri,
        name: str,
        description: str | None,
        tags: Iterable[str] | None,
        license: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> RecordDef:
        return RecordDef(
            name=name,
            schema_ref=str(schema_uri),
            storage=storage,
            description=description,
            tags=tag_list(tags),
            license=license,
            metadata=None if metadata is None else to_record_form(metadata),
            created_at=now(),
        )


class DatasetLoader(RecordLoader):
    """Reads dataset records, and makes datasets of them."""

    _NSID = record_module.NSID

    def list(self, repo: str | None = None, limit: int | None = 100) -> Objects:
        """The same as :meth:`list_all`."""
        return self.list_all(repo, limit)

    def get_storage_type(self, uri: str | AtUri) -> str:
        """``"external"`` when the record names addresses of shards, ``"blobs"`` when they are blobs.

        ``ValueError`` for a kind of storage that is not known here.
        """
        return _kind_of(self.get(uri), uri)

    def get_urls(self, uri: str | AtUri) -> Strings:
        """The addresses of the shards, as the record has them. ``ValueError`` when they are blobs."""
        otherwise = "keeps its shards as blobs: use get_blobs or get_blob_urls"
        found: Strings = self._places(uri, "external", "urls", str, otherwise)
        return found

    def get_blobs(self, uri: str | AtUri) -> Objects:
        """The blobs of the shards: ``$type``, ``ref``, ``mimeType``, ``size``. ``ValueError`` for other storage."""
        otherwise = "keeps no blobs, but addresses of shards: use get_urls"
        found: Objects = self._places(uri, "blobs", "blobs", dict, otherwise)
        return found

    def _places(self, uri: str | AtUri, kind: str, key: str, item: type[Any], otherwise: str) -> Any:
        """Where a record says that its shards are, when it keeps them in the way ``kind``."""
        record = self.get(uri)
        if _kind_of(record, uri) != kind:
            raise WrongRecordError(f"{shown(str(uri), 300)} {otherwise}")
        found = record["storage"].get(key)
        if not isinstance(found, _LIST) or not all(isinstance(each, item) for each in found):
            raise WrongRecordError(f"{shown(str(uri), 300)}: its {key} are no list of what they should be")
        return _LIST(found)

    def get_blob_urls(self, uri: str | AtUri) -> Strings:
        """The addresses at which anybody can fetch the shards. ``ValueError`` for other storage.

        Nobody checks the bytes that come from there; a source of blobs, as :meth:`to_dataset` uses it, does.
        """
        blobs = self.get_blobs(uri)
        did = self.client.did_of(AtUri.parse(uri).authority)
        return [self.client.get_blob_url(did, blob_ref(blob, did).cid) for blob in blobs]

    def get_metadata(self, uri: str | AtUri) -> dict[str, Any] | None:
        """The metadata of a dataset, floats as floats; None when it has none."""
        return metadata_of(self.get(uri).get("metadata"))

    def to_dataset(self, uri: str | AtUri, sample_type: type[S]) -> Dataset[S]:
        """The dataset that a record stands for, as samples of ``sample_type``. Its shards are not touched yet.

        The record is checked in full: ``ValueError`` names what is wrong. Blobs are checked against their CIDs before
        a sample of them is given out. In the account's own records any address will do; those of others may name
        public HTTPS addresses only, which is found out when the shards are asked for.
        """
        from atdata._dataset.make import dataset_of

        found = self.find(uri)
        record = model_of(RecordDef, found.value, str(uri))
        storage = record.storage
        if isinstance(storage, StorageBlobs):
            return dataset_of(self._blob_source(found.uri, storage), sample_type)
        if not isinstance(storage, StorageExternal):
            _kind_of(found.value, uri)
        urls = storage.urls if isinstance(storage, StorageExternal) else []
        if not urls:
            raise WrongRecordError(f"{shown(str(uri), 300)} names no shards")
        own = self.client._is_own(found.uri.authority)
        return dataset_of(_url_source(urls, trusted=own), sample_type)

    def _blob_source(self, uri: AtUri, storage: StorageBlobs) -> BlobSource:
        from atdata._atmosphere.blobs.source import BlobSource

        did = self.client.did_of(uri.authority)
        source = BlobSource.from_refs([blob.to_json() for blob in storage.blobs], did=did, network=self.client.network)
        return source.with_servers({did: self.client.pds_endpoint(did)})


def _kind_of(record: Mapping[str, Any], uri: str | AtUri) -> str:
    storage = record.get("storage")
    kind = storage.get("$type") if isinstance(storage, dict) else None
    known = {storage_external.NSID: "external", storage_blobs.NSID: "blobs"}
    if not isinstance(kind, str) or kind not in known:
        raise WrongRecordError(
            f"{shown(str(uri), 300)} keeps its shards in a way that is not known here: {shown(kind)}"
        )
    return known[kind]


def _url_source(urls: Sequence[str], *, trusted: bool) -> URLSource | BlobSource:
    """Shards by their addresses; what a stranger named is judged when it is asked for."""
    if all(url.startswith("at://") for url in urls):
        return source_of(urls)
    if len(urls) == 1:
        given: str | Strings = urls[0]
    else:
        given = [url for each in urls for url in expand(each)] if trusted else [*urls]
    source = URLSource(given)
    source.trusted = trusted
    return source
