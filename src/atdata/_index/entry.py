"""An entry of a local index: a thin view of a dataset record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._errors import shown
from atdata._index.metadata import metadata_of, to_record_form
from atdata_lexicon.cbor import encode
from atdata_lexicon.cid import cid_for_cbor
from atdata_lexicon.data import encode_record

if TYPE_CHECKING:
    from typing import Self

__all__ = ["LocalDatasetEntry", "content_cid", "now", "record_text", "tag_list"]

_UNSET: Any = object()
#: The text of a record in JSON form, as rows hold it.
record_text = json.JSONEncoder(separators=(",", ":")).encode
#: Of JSON that was written here, without a look for blanks around it.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in the stubs


def tag_list(tags: Iterable[str] | None) -> list[str] | None:
    """Tags as a record holds them; a single one is not its letters.

    >>> tag_list("animals"), tag_list(("a", "b")), tag_list(None)
    (['animals'], ['a', 'b'], None)
    """
    return None if tags is None else [tags] if isinstance(tags, str) else list(tags)


def now() -> str:
    """This moment as records write it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def content_cid(schema_ref: str, data_urls: Iterable[str]) -> str:
    """The CID of an entry: of its schema and its shards. Name and metadata are no part of it.

    >>> content_cid("atdata://local/sampleSchema/Point@1.0.0", ["a.tar"])[:7]
    'bafyrei'
    """
    value = {"schema_ref": schema_ref, "data_urls": list(data_urls)}
    plain = all(type(url) is str for url in value["data_urls"])  # nothing to translate from its JSON form
    return cid_for_cbor(encode(value) if plain else encode_record(value))


class LocalDatasetEntry:
    """One dataset of an index: its name, its schema, its shards and what else is known of it.

    >>> entry = LocalDatasetEntry(
    ...     name="cats", schema_ref="atdata://local/sampleSchema/Cat@1.0.0", data_urls=["cats.tar"]
    ... )
    >>> entry.name, entry.data_urls, entry.metadata
    ('cats', ['cats.tar'], None)
    >>> entry.cid == LocalDatasetEntry(_name="b", _schema_ref=entry.schema_ref, _data_urls=["cats.tar"]).cid
    True
    """

    __slots__ = ("_cid", "_head", "_legacy_uuid", "_record", "_text")

    #: Name, schema and shards of a record that was not made a model yet: what everybody asks for, and no more.
    _head: tuple[str, str, tuple[str, ...]] | None

    def __init__(
        self,
        name: str = _UNSET,
        schema_ref: str = _UNSET,
        data_urls: Iterable[str] = _UNSET,
        metadata: Mapping[str, Any] | None = None,
        _cid: str | None = None,
        _legacy_uuid: str | None = None,
        *,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        _name: str = _UNSET,
        _schema_ref: str = _UNSET,
        _data_urls: Iterable[str] = _UNSET,
        _metadata: Mapping[str, Any] | None = None,
    ) -> None:
        given = {"name": (name, _name), "schema_ref": (schema_ref, _schema_ref), "data_urls": (data_urls, _data_urls)}
        found: dict[str, Any] = {}
        for key, (plain, underscored) in given.items():
            if (plain is _UNSET) == (underscored is _UNSET):
                what = "is missing" if plain is _UNSET else "is given twice"
                raise TypeError(f"LocalDatasetEntry: {key} {what}")
            found[key] = underscored if plain is _UNSET else plain
        if isinstance(found["data_urls"], str):
            raise TypeError("LocalDatasetEntry: data_urls is a list of strings; write [url]")
        metadata = _metadata if metadata is None else metadata
        self._text, self._head = "", None
        self._record: RecordDef | None = RecordDef(
            name=found["name"],
            schema_ref=found["schema_ref"],
            storage=StorageExternal(urls=list(found["data_urls"])),
            metadata=None if metadata is None else to_record_form(metadata),
            description=description,
            tags=tag_list(tags),
            license=license,
            created_at=now(),
        )
        self._cid = _cid
        self._legacy_uuid = _legacy_uuid

    @classmethod
    def from_record(cls, record: RecordDef | Mapping[str, Any], *, _cid: str | None = None) -> Self:
        """The entry of a dataset record, which is taken as it is."""
        made = cls.__new__(cls)
        made._record = record if isinstance(record, RecordDef) else RecordDef.from_record(record)
        made._text, made._head = "", None
        made._cid = _cid
        made._legacy_uuid = None
        return made

    @classmethod
    def _from_text(cls, text: str, cid: str) -> Self:
        """The entry of a record as JSON: no more of it is looked at before it is asked for than every entry has."""
        made = cls.__new__(cls)
        made._record = made._head = made._legacy_uuid = None
        made._text, made._cid = text, cid
        made._look()
        return made

    @property
    def record(self) -> RecordDef:
        """The dataset record behind the entry, a model generated from ``ac.foundation.dataset.record``."""
        if self._record is None:
            self._record = RecordDef.from_record(json.loads(self._text))
        return self._record

    def _look(self) -> tuple[str, str, tuple[str, ...]]:
        """Name, schema and shards, without the model when the record's text is plain enough."""
        if self._record is None:
            data, _ = _scan(self._text, 0)
            name, ref, storage = data.get("name"), data.get("schemaRef"), data.get("storage")
            if data.get("$type") != RecordDef.NSID or not (isinstance(name, str) and isinstance(ref, str)):
                raise TypeError("it is no record of a dataset")
            if not isinstance(data.get("tags", []), list):
                raise TypeError("its tags are no list")
            if isinstance(storage, dict) and storage.get("$type") == StorageExternal.NSID:
                urls = storage.get("urls")
                if not isinstance(urls, list) or not {str}.issuperset(map(type, urls)):
                    raise TypeError("its shards are no list of strings")
                self._head = name, ref, tuple(urls)  # strings only, which the garbage collector need not visit
                return self._head
        record = self.record
        urls = record.storage.urls if isinstance(record.storage, StorageExternal) else ()
        return record.name, record.schema_ref, tuple(urls)

    @property
    def name(self) -> str:
        """Name of the dataset for people."""
        return (self._head or self._look())[0]

    @property
    def schema_ref(self) -> str:
        """Address of the schema of its samples."""
        return (self._head or self._look())[1]

    @property
    def data_urls(self) -> list[str]:
        """Where its shards are."""
        return list((self._head or self._look())[2])

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What else was said about it, or None."""
        return metadata_of(self.record.metadata)

    @property
    def description(self) -> str | None:
        """What the dataset holds."""
        return self.record.description

    @property
    def tags(self) -> list[str]:
        """Keywords to find it by."""
        return list(self.record.tags or ())

    @property
    def license(self) -> str | None:
        """Licence of the data."""
        return self.record.license

    @property
    def created_at(self) -> str:
        """When the entry was made."""
        return self.record.created_at

    @property
    def cid(self) -> str:
        """The content identifier: equal schema and shards have equal ones, wherever they are stored."""
        if self._cid is None:
            self._cid = content_cid(self.schema_ref, self.data_urls)
        return self._cid

    @property
    def wds_url(self) -> str:
        """The first shard. It is called ``data_urls[0]`` now."""
        return self.data_urls[0]

    @property
    def sample_kind(self) -> str:
        """The schema's address. It is called ``schema_ref`` now."""
        return self.schema_ref

    def write_to(self, redis: Any) -> None:
        """Store the entry on a Redis server, as an index does. Its schema need not be there."""
        from atdata._index.entries import put_entry
        from atdata._index.redis_storage import RedisStorage

        self.record.validate()
        RedisStorage(redis).transact(lambda change: put_entry(change, self))

    @classmethod
    def from_redis(cls, redis: Any, cid: str) -> LocalDatasetEntry:
        """The entry of that CID on a Redis server. ``KeyError`` when there is none."""
        from atdata._index.entries import Entries
        from atdata._index.redis_storage import RedisStorage

        return Entries(RedisStorage(redis)).by_cid(cid)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LocalDatasetEntry):
            return NotImplemented
        mine, theirs = ((e.name, e.schema_ref, e.data_urls, e.metadata) for e in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.name, self.cid))

    def __repr__(self) -> str:
        return (
            f"LocalDatasetEntry(name={shown(self.name)}, schema_ref={shown(self.schema_ref)}, "
            f"data_urls=[{len(self.data_urls)} {'URL' if len(self.data_urls) == 1 else 'URLs'}])"
        )
