"""An entry of a local index: a thin view of a dataset record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._errors import shown
from atdata._index.errors import DamagedEntryError
from atdata._samples.record_form import metadata_of, now, to_record_form
from atdata_lexicon.cbor import encode
from atdata_lexicon.cid import cid_for_cbor
from atdata_lexicon.data import encode_record

if TYPE_CHECKING:
    from typing import Self

__all__ = ["DAMAGE", "LocalDatasetEntry", "content_cid", "damaged", "new_record", "now", "record_text", "tag_list"]

_UNSET: Any = object()
#: The text of a record in JSON form, as rows hold it.
record_text = json.JSONEncoder(separators=(",", ":")).encode
# How a record's text goes on before its name, its schema and its shards, if it is as it was written here.
_TO_NAME = f'{{"$type":"{RecordDef.NSID}","name":"'
_TO_REF = '","schemaRef":"'
_TO_URLS = f'","storage":{{"$type":"{StorageExternal.NSID}","urls":["'
_BETWEEN = '","'


def tag_list(tags: Iterable[str] | None) -> list[str] | None:
    """Tags as a record holds them; a single one is not its letters.

    >>> tag_list("animals"), tag_list(("a", "b")), tag_list(None)
    (['animals'], ['a', 'b'], None)
    """
    return None if tags is None else [tags] if isinstance(tags, str) else list(tags)


def content_cid(schema_ref: str, data_urls: Iterable[str]) -> str:
    """The CID of an entry: of its schema and its shards. Name and metadata are no part of it.

    >>> content_cid("atdata://local/sampleSchema/Point@1.0.0", ["a.tar"])[:7]
    'bafyrei'
    """
    urls = list(data_urls)
    value = {"schema_ref": schema_ref, "data_urls": urls}
    plain = {str}.issuperset(map(type, urls))  # nothing to translate from its JSON form
    return cid_for_cbor(encode(value) if plain else encode_record(value))


def new_record(
    name: str,
    schema_ref: str,
    data_urls: Iterable[str],
    metadata: Mapping[str, Any] | None,
    description: str | None,
    tags: Iterable[str] | None,
    license: str | None,
) -> RecordDef:
    """The record of a dataset that is entered now."""
    return RecordDef(
        name=name,
        schema_ref=schema_ref,
        storage=StorageExternal(urls=list(data_urls)),
        metadata=None if metadata is None else to_record_form(metadata),
        description=description,
        tags=tag_list(tags),
        license=license,
        created_at=now(),
    )


#: How a record that is none shows itself.
DAMAGE = (KeyError, TypeError, ValueError, RecursionError, AttributeError)


def damaged(name: str, error: Exception) -> DamagedEntryError:
    """The error for the entry ``name``, which what is stored is not."""
    what = "has no record" if isinstance(error, KeyError) else shown(str(error), 200)
    return DamagedEntryError(f"the entry {shown(name)} of the index is damaged: {what}", name)


def _record_in(text: str) -> RecordDef:
    """The record of a row whose sum is right; somebody else may have written it all the same."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("$type") != RecordDef.NSID:
        raise TypeError("it is no record of a dataset")
    record = RecordDef.from_record(data)
    if not (isinstance(record.name, str) and isinstance(record.schema_ref, str)):
        raise TypeError("its name or its schema is no text")
    if not isinstance(record.tags or [], list):
        raise TypeError("its tags are no list")
    urls = record.storage.urls if isinstance(record.storage, StorageExternal) else []
    if not isinstance(urls, list) or not {str}.issuperset(map(type, urls)):
        raise TypeError("its shards are no list of strings")
    return record


def _said(record: RecordDef) -> tuple[str, str, list[str]]:
    """Name, schema and shards of a record."""
    storage = record.storage
    return record.name, record.schema_ref, list(storage.urls) if isinstance(storage, StorageExternal) else []


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

    __slots__ = ("_cid", "_legacy_uuid", "_name", "_record", "_ref", "_text", "_urls")

    # Name, schema and shards of a record that was not made a model yet: what everybody asks for, and no more. All of it
    # is text, which the garbage collector need not visit: a list of many entries would take twice as long.
    _name: str | None
    _ref: str
    _urls: str

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
        self._text, self._name = "", None
        self._record: RecordDef | None = new_record(
            found["name"], found["schema_ref"], found["data_urls"], metadata, description, tags, license
        )
        self._cid = _cid
        self._legacy_uuid = _legacy_uuid

    @classmethod
    def from_record(cls, record: RecordDef | Mapping[str, Any], *, _cid: str | None = None) -> Self:
        """The entry of a dataset record, which is taken as it is."""
        made = cls.__new__(cls)
        made._record = record if isinstance(record, RecordDef) else RecordDef.from_record(record)
        made._text, made._name = "", None
        made._cid = _cid
        made._legacy_uuid = None
        return made

    @classmethod
    def _from_text(cls, text: str, cid: str) -> Self:
        """The entry of a record as JSON: no more of it is looked at before it is asked for than every entry has.

        Raises one of ``DAMAGE`` when that shows it to be none.
        """
        made = cls.__new__(cls)
        made._record = made._name = made._legacy_uuid = None
        made._text, made._cid = text, cid
        if not made._look():
            made._record = _record_in(text)
        return made

    @property
    def record(self) -> RecordDef:
        """The dataset record behind the entry, a model generated from ``ac.foundation.dataset.record``."""
        if self._record is None:
            try:
                record = _record_in(self._text)
                if self._name is not None and self._seen() != _said(record):
                    raise ValueError("it says its name, its schema or its shards twice")
            except DAMAGE as error:
                raise damaged(self.name, error) from error
            self._record = record
        return self._record

    def _look(self) -> bool:
        """Whether the record's text is as plain as nearly all are, so that it need not be parsed; what it says then."""
        if not self._text.startswith(_TO_NAME):
            return False
        head, _, tail = self._text.partition(_TO_URLS)
        name, _, ref = head[len(_TO_NAME) :].partition(_TO_REF)
        urls, end, _ = tail.partition('"]')
        # A quote or an escape is nothing that text in between could hold.
        if not end or "\\" in head or "\\" in urls or '"' in name or '"' in ref or not ref:
            return False
        if '"' in urls and any('"' in url for url in urls.split(_BETWEEN)):
            return False
        self._name, self._ref, self._urls = name, ref, urls
        return True

    def _seen(self) -> tuple[str, str, list[str]]:
        return self.name, self.schema_ref, self.data_urls

    @property
    def name(self) -> str:
        """Name of the dataset for people."""
        return self.record.name if self._name is None else self._name

    @property
    def schema_ref(self) -> str:
        """Address of the schema of its samples."""
        return self.record.schema_ref if self._name is None else self._ref

    @property
    def data_urls(self) -> list[str]:
        """Where its shards are."""
        if self._name is not None:
            return self._urls.split(_BETWEEN)
        return _said(self.record)[2]

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
