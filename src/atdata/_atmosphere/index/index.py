"""An index whose entries and schemas are records of the AT Protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset import sample_schema
from atdata_generated.ac.foundation.dataset.record import NSID, DatasetSize, RecordDef
from atdata_generated.ac.foundation.dataset.storage_blobs import StorageBlobs
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.blobs.source import BlobSource
from atdata._atmosphere.checks import checked_client, model_of, sendable
from atdata._atmosphere.index.entry import AtmosphereIndexEntry
from atdata._atmosphere.index.reading import RepoReader
from atdata._atmosphere.index.schemas import check_record, find_schema, publish_type
from atdata._errors import refuse_options, refuse_store_options, shown
from atdata._index.datasets import urls_of
from atdata._index.entries import check_name
from atdata._index.entry import tag_list
from atdata._index.errors import EntryNotFoundError
from atdata._samples.record_form import now, to_record_form
from atdata._sources.named import source_of
from atdata._uris import AtdataUri, AtdataUriError, parse_schema_ref, parse_uri

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient
    from atdata._protocols import AbstractDataStore, DataSource, HasSampleType

__all__ = ["AtmosphereIndex"]

_OPTIONS = "description, license, metadata, schema_ref, tags"


class AtmosphereIndex:
    """Datasets and schemas as records: one's own to write, everybody's to read.

    ``data_store`` is where ``insert_dataset`` puts shards: a :class:`PDSBlobStore`, or any other store; without one
    they stay where they are. ``repo`` is the repository that names are looked up in and that is listed, by default
    that of the client's account; it is needed for a client that is not logged in. With ``verify`` each record must be
    proven: signed by its owner, and standing in the repository.

    A name may be used again: it then means the record that was made last.

    >>> from atdata.atmosphere import AtmosphereClient
    >>> AtmosphereIndex(AtmosphereClient(), repo="alice.example.com")
    AtmosphereIndex('alice.example.com')
    """

    def __init__(
        self,
        client: AtmosphereClient | None = None,
        *,
        data_store: AbstractDataStore | None = None,
        repo: str | None = None,
        verify: bool = False,
    ) -> None:
        if client is None:
            from atdata._atmosphere.client import AtmosphereClient

            client = AtmosphereClient()
        self.client = checked_client(client, "AtmosphereIndex")
        self._data_store = data_store
        self._repo = repo
        self._reader = RepoReader(client, verify=verify, home=repo)
        self._classes: dict[str, type[Any]] = {}

    @property
    def data_store(self) -> AbstractDataStore | None:
        """Where ``insert_dataset`` puts shards; None when they stay where they are."""
        return self._data_store

    def __repr__(self) -> str:
        who = self._repo or (self.client.handle if self.client.is_authenticated else None)
        return f"AtmosphereIndex({shown(who, 300)})"

    # Datasets ------------------------------------------------------------------------------------------------

    def insert_dataset(
        self,
        ds: HasSampleType,
        *,
        name: str,
        schema_ref: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> AtmosphereIndexEntry:
        """Publish ``ds`` under ``name``: its schema unless ``schema_ref`` names one, its shards when the index has a
        data store, and last its record.

        Other options, such as ``prefix``, ``maxcount`` and ``maxsize``, are for the data store. Whatever can be refused
        is refused before anything is sent. When this fails, there is no record.
        """
        refuse_store_options("insert_dataset", options, self._data_store, _OPTIONS)
        metadata = getattr(ds, "_metadata", None) if metadata is None else metadata
        record = RecordDef(
            name=check_name(name),
            schema_ref=schema_ref or "-",
            storage=StorageExternal(urls=[] if self._data_store is not None else urls_of(ds)),
            description=description,
            tags=tag_list(tags),
            license=license,
            metadata=None if metadata is None else to_record_form(metadata),
            created_at=now(),
        )
        sendable(NSID, record)
        if schema_ref is None:
            record = record.replace(schema_ref=self.publish_schema(ds.sample_type, version=None))
        if self._data_store is not None:
            prefix = options.pop("prefix", None)
            urls = self._data_store.write_shards(ds, prefix=name if prefix is None else prefix, **options)
            record = record.replace(**storage_of(self._data_store, list(urls)))
        return self.publish_record(record)

    def publish_record(self, record: RecordDef) -> AtmosphereIndexEntry:
        """Publish a dataset record that is complete."""
        return AtmosphereIndexEntry(self.client.create_record(NSID, record), record)

    def get_dataset(self, ref: str) -> AtmosphereIndexEntry:
        """The dataset at ``at://who/collection/rkey``, or called ``name``, ``@who/name`` or ``atdata://who/dataset/name``.

        ``KeyError`` when there is none, ``ValueError`` when the record is no dataset.
        """
        if isinstance(ref, str | AtUri) and str(ref).startswith("at://"):
            found = self._reader.get(AtUri.parse(ref), NSID)
            return AtmosphereIndexEntry(found.uri, found.value, cid=found.cid)
        who, name = _who_and_name(ref)
        best: AtmosphereIndexEntry | None = None
        for entry in self._entries(who):
            if entry.name == name and (best is None or str(entry.created_at) > str(best.created_at)):
                best = entry
        if best is None:
            whose = shown(who or self._who, 300)
            raise EntryNotFoundError(f"there is no dataset {shown(name)} in the repository of {whose}")
        return best

    @property
    def _who(self) -> str | None:
        return self._repo or (self.client.handle if self.client.is_authenticated else None)

    def list_datasets(self, repo: str | None = None, *, limit: int | None = None) -> list[AtmosphereIndexEntry]:
        """The datasets of a repository (a DID or handle), newest first; one's own by default.

        A record that is no dataset is left out with a warning that names it.
        """
        return list(islice(self._entries(repo), limit))

    @property
    def datasets(self) -> Iterator[AtmosphereIndexEntry]:
        """Every dataset of the repository, fetched as it is asked for."""
        return self._entries(None)

    def _entries(self, who: str | None) -> Iterator[AtmosphereIndexEntry]:
        for found in self._reader.all(NSID, who):
            yield AtmosphereIndexEntry(found.uri, found.value, cid=found.cid)

    def in_repository(self, who: str) -> AtmosphereIndex:
        """The same index, in which names are looked up in the repository of ``who``, a DID or handle."""
        return AtmosphereIndex(self.client, data_store=self._data_store, repo=who, verify=self._reader.verify)

    def shard_source(self, entry: AtmosphereIndexEntry, urls: Sequence[str]) -> DataSource | None:
        """A source of shards of ``entry``, whose record is checked in full first.

        Blobs are checked against their CIDs. Addresses in one's own records are one's own; those in records of others
        may name public HTTPS hosts only. None where the index's data store knows better.
        """
        record = model_of(RecordDef, entry.record.to_record(), entry.uri)
        own = self.client.is_authenticated and entry.did == self.client.did
        blobs = {ref.uri: ref for ref in AtmosphereIndexEntry(entry.uri, record).blobs}
        if not blobs:
            return source_of(list(urls)) if own and self._data_store is None else None
        refs = [{"did": ref.did, "cid": ref.cid, "size": ref.size} for url in urls if (ref := blobs.get(url))]
        source = BlobSource.from_refs(refs, network=self.client.network)
        server = self.client.known_server(entry.did)
        return source if server is None else source.with_servers({entry.did: server})

    # Schemas -------------------------------------------------------------------------------------------------

    def publish_schema(
        self,
        sample_type: type[Any],
        *,
        version: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **unknown: Any,
    ) -> str:
        """Publish the schema of a sample class, and of the classes that it holds; returns its ``at://`` address.

        A schema with the same fields that is there already is taken. Without a version it is the highest with these
        fields, or the one after the highest, or 1.0.0. Other fields under a version that is published are a
        ``ValueError``; a field that no schema can express is a ``TypeError``.
        """
        refuse_options("publish_schema", unknown, "version, description and metadata")
        return publish_type(self.client, sample_type, version=version, description=description, metadata=metadata)

    def get_schema(self, ref: str) -> dict[str, Any]:
        """The schema record at an ``at://`` or ``atdata://`` address, which the record carries as ``$ref``.

        ``KeyError`` when there is none, ``ValueError`` for what is no schema's address or no schema.
        """
        found = find_schema(self._reader, ref)
        return {**found.value, "$ref": str(found.uri)}

    def list_schemas(self, repo: str | None = None, *, limit: int | None = None) -> list[dict[str, Any]]:
        """The schema records of a repository (a DID or handle), newest first; one's own by default."""
        return list(islice(self._schema_records(repo), limit))

    @property
    def schemas(self) -> Iterator[dict[str, Any]]:
        """Every schema record of the repository, fetched as it is asked for."""
        return self._schema_records(None)

    def _schema_records(self, who: str | None) -> Iterator[dict[str, Any]]:
        for found in self._reader.all(sample_schema.NSID, who):
            yield {**found.value, "$ref": str(found.uri)}

    def decode_schema(self, ref: str) -> type[Any]:
        """The sample class of the schema at ``ref``, made from the record alone; the same address gives the same class.

        ``KeyError`` when there is no such schema, ``ValueError`` when it cannot be decoded. Nothing in it is run.
        """
        known = self._classes.get(ref)
        if known is None:
            from atdata._samples.decode import decode_schema

            document, origin = self.resolve_schema(ref)
            known = decode_schema(document, origin=origin, resolve=lambda nested: self._nested(nested))
            if not isinstance(uri := parse_schema_ref(ref), AtdataUri) or uri.version:  # the highest version changes
                self._classes[ref] = known
        return known

    def resolve_schema(self, ref: str) -> tuple[dict[str, Any], str]:
        """The schema document at ``ref``, checked in full, and the DID of the repository that it was found in."""
        found = find_schema(self._reader, ref)
        return check_record(found), found.uri.authority

    def _nested(self, ref: str) -> dict[str, Any]:
        return self.resolve_schema(ref)[0]


def storage_of(store: Any, urls: list[str]) -> dict[str, Any]:
    """What a record says of the shards that ``store`` put at ``urls``."""
    find = getattr(type(store), "blob_of", None)
    blobs = [] if find is None else [store.blob_of(url) for url in urls]
    if not blobs or None in blobs:
        return {"storage": StorageExternal(urls=urls)}
    size = DatasetSize(shards=len(blobs), bytes=sum(blob["size"] for blob in blobs))
    return {"storage": StorageBlobs.from_record({"blobs": blobs}), "size": size}


def _who_and_name(ref: object) -> tuple[str | None, str]:
    """Whose repository, and which name in it; nobody's name for one's own."""
    if not isinstance(ref, str) or not ref:
        raise AtdataUriError(f"{shown(ref)} names no dataset; write a name, @handle/name or at://did/collection/rkey")
    if ref.startswith("atdata://"):
        uri = parse_uri(ref)
        if uri.resource != "dataset" or uri.is_local:
            raise AtdataUriError(f"{shown(ref, 300)} is not the address of a dataset in a repository")
        return uri.authority, uri.name
    if ref.startswith("@"):
        who, _, name = ref[1:].partition("/")
        if not who or not name:
            raise AtdataUriError(f"{shown(ref)} names no dataset; write @handle/name")
        return who, name
    return None, ref
