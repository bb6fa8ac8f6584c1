"""A dataset record of somebody's repository as an entry of an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_blobs import StorageBlobs
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.blobs.errors import BlobRefError
from atdata._atmosphere.blobs.refs import BlobRef, blob_ref
from atdata._atmosphere.errors import WrongRecordError
from atdata._errors import shown
from atdata._samples.record_form import metadata_of

__all__ = ["AtmosphereIndexEntry"]


class AtmosphereIndexEntry:
    """One dataset of a repository: a thin view of its record, which is taken as it is.

    >>> storage = {"$type": "ac.foundation.dataset.storageExternal", "urls": ["https://example.com/cats.tar"]}
    >>> record = {"name": "cats", "schemaRef": "at://did:plc:abc/s/1", "storage": storage}
    >>> entry = AtmosphereIndexEntry("at://did:plc:abc/ac.foundation.dataset.record/1", record)
    >>> entry.name, entry.data_urls
    ('cats', ['https://example.com/cats.tar'])
    """

    __slots__ = ("_uri", "cid", "record")

    #: The dataset record behind the entry, a model generated from ``ac.foundation.dataset.record``.
    record: RecordDef
    #: The CID that the server gives the record; empty when it is not known.
    cid: str

    def __init__(self, uri: str | AtUri, record: RecordDef | Mapping[str, Any], *, cid: str = "") -> None:
        self._uri = AtUri.parse(uri)
        self.record = record if isinstance(record, RecordDef) else RecordDef.from_record(dict(record))
        self.cid = cid

    @property
    def uri(self) -> str:
        """Address of the record."""
        return str(self._uri)

    @property
    def did(self) -> str:
        """Whose repository it is in."""
        return self._uri.authority

    @property
    def _record(self) -> dict[str, Any]:
        """The record as a dictionary."""
        return self.record.to_record()

    @property
    def name(self) -> str:
        """Name of the dataset for people."""
        return self._text("name")

    @property
    def schema_ref(self) -> str:
        """Address of the schema of its samples."""
        return self._text("schema_ref")

    @property
    def data_urls(self) -> list[str]:
        """Where its shards are: as the record has it, or ``at://did/blob/cid`` for blobs."""
        storage = self._get("storage", None)
        if isinstance(storage, StorageExternal):
            urls: object = storage.urls
            if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
                raise WrongRecordError(f"{shown(self.uri, 300)}: its urls are no list of addresses")
            return list(urls)
        return [ref.uri for ref in self.blobs]

    @property
    def blobs(self) -> list[BlobRef]:
        """Its shards when they are blobs; empty when they are elsewhere."""
        storage = self._get("storage", None)
        if not isinstance(storage, StorageBlobs):
            return []
        found = storage.blobs
        if not isinstance(found, list):
            raise BlobRefError(f"{shown(self.uri, 300)}: its blobs are no list")
        return [blob_ref(blob, self.did) for blob in found]

    @property
    def storage_type(self) -> str:
        """``external``, ``blobs``, or ``unknown`` for places of another kind."""
        storage = self._get("storage", None)
        if isinstance(storage, StorageBlobs):
            return "blobs"
        return "external" if isinstance(storage, StorageExternal) else "unknown"

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What else was said about it, or None."""
        return metadata_of(self._get("metadata", None))

    @property
    def description(self) -> str | None:
        """What the dataset holds."""
        return self._text("description") or None

    @property
    def tags(self) -> list[str]:
        """Keywords to find it by."""
        found = self._get("tags", None)
        return [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []

    @property
    def license(self) -> str | None:
        """Licence of the data."""
        return self._text("license") or None

    @property
    def created_at(self) -> str:
        """When the record was made."""
        return self._text("created_at")

    def _text(self, name: str) -> str:
        found = self._get(name, "")
        return found if isinstance(found, str) else ""

    def _get(self, name: str, default: Any) -> Any:
        """A field of the record, which may lack it whatever its Lexicon says."""
        return getattr(self.record, name, default)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AtmosphereIndexEntry):
            return NotImplemented
        return self.uri == other.uri and self._record == other._record

    def __hash__(self) -> int:
        return hash(self.uri)

    def __repr__(self) -> str:
        return f"AtmosphereIndexEntry({shown(self.uri, 300)}, name={shown(self.name)})"
