"""The half of the index that is about datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from atdata._errors import NotASampleTypeError, UnsupportedTypeError, refuse_store_options, shown, type_name
from atdata._index.errors import EntryNotFoundError, IndexUsageError, SchemaNotFoundError
from atdata._index.schemas import SchemaMethods
from atdata._uris import AtdataUri, AtdataUriError, parse_schema_ref, parse_uri

if TYPE_CHECKING:
    from atdata._index.entries import Entries
    from atdata._index.entry import LocalDatasetEntry
    from atdata._protocols import AbstractDataStore, HasSampleType

__all__ = ["DatasetMethods", "urls_of"]

_OPTIONS = "description, label, license, metadata, schema_ref, tags"


class DatasetMethods(SchemaMethods):
    """Adding, finding, changing and removing entries."""

    _data_store: AbstractDataStore | None
    _found: Entries | None = None

    @property
    def _finder(self) -> Entries:
        if self._found is None:
            from atdata._index.entries import Entries

            self._found = Entries(self._storage)
        return self._found

    # Adding --------------------------------------------------------------------------------------------------

    def insert_dataset(
        self,
        ds: HasSampleType,
        *,
        name: str,
        schema_ref: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        label: str | None = None,
        **options: Any,
    ) -> LocalDatasetEntry:
        """Copy the shards of ``ds`` to the data store, if the index has one, and enter it under ``name``.

        The schema of its samples is published with it unless it is there, so that the entry can always be decoded.
        ``prefix``, ``cache_local``, ``maxcount`` and ``maxsize`` are for the data store. Schema, entry, name and label
        are written together or not at all.
        """
        refuse_store_options("insert_dataset", options, self._data_store, _OPTIONS)
        cls = _sample_type_of(ds)
        if schema_ref is None:
            try:
                self._check(cls)
            except (UnsupportedTypeError, NotASampleTypeError) as error:
                raise type(error)(
                    f"{error}; to enter a dataset without a schema use add_entry, or give schema_ref="
                ) from error
        else:
            self._check_ref(schema_ref, cls)
        urls = None
        if self._data_store is not None:
            # Whatever can be refused is refused before a byte is copied.
            self._add(
                self._entry(ds, name, metadata, ["-"], description, tags, license), cls, schema_ref, label,
                strict=True, rehearse=True,
            )  # fmt: skip
            if metadata is not None:
                options["metadata"] = metadata
            prefix = options.pop("prefix", None)
            urls = list(self._data_store.write_shards(ds, prefix=name if prefix is None else prefix, **options))
        entry = self._entry(ds, name, metadata, urls, description, tags, license)
        return self._add(entry, cls, schema_ref, label, strict=True)

    def add_entry(
        self,
        ds: HasSampleType,
        *,
        name: str,
        schema_ref: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
        license: str | None = None,
        label: str | None = None,
    ) -> LocalDatasetEntry:
        """Enter a dataset with its shards where they are.

        The schema is published when it is not there and can be; else the entry refers to it all the same. A name that
        is taken points to the new data from now on; the old entry can still be had by its CID.
        """
        cls = _sample_type_of(ds)
        entry = self._entry(ds, name, metadata, None, description, tags, license)
        return self._add(entry, cls, schema_ref, label, strict=False)

    def _entry(
        self,
        ds: HasSampleType,
        name: str,
        metadata: Mapping[str, Any] | None,
        urls: list[str] | None,
        description: str | None,
        tags: Iterable[str] | None,
        license: str | None,
    ) -> LocalDatasetEntry:
        from atdata._index.entry import LocalDatasetEntry, new_record

        if metadata is None:
            metadata = getattr(ds, "_metadata", None)
        urls = urls_of(ds) if urls is None else urls
        return LocalDatasetEntry.from_record(new_record(name, "", urls, metadata, description, tags, license))

    def _add(
        self,
        entry: LocalDatasetEntry,
        cls: type[Any],
        ref: str | None,
        label: str | None,
        *,
        strict: bool,
        rehearse: bool = False,
    ) -> LocalDatasetEntry:
        from atdata._index.adding import add_entry

        return add_entry(self._storage, entry, cls, ref, label, self._document, strict=strict, rehearse=rehearse)

    def _check_ref(self, ref: str, cls: type[Any]) -> None:
        """Raise for an address that leads nowhere."""
        uri = parse_schema_ref(ref)
        if isinstance(uri, AtdataUri) and uri.is_local and uri.name != cls.__name__:
            try:
                self._find(ref)
            except SchemaNotFoundError as error:
                what = f"{error}; publish it first, or leave schema_ref out to publish {type_name(cls)}"
                raise SchemaNotFoundError(what) from None

    # Finding -------------------------------------------------------------------------------------------------

    def get_dataset(self, ref: str) -> LocalDatasetEntry:
        """The entry called ``ref``: a name, ``@local/name`` or ``atdata://local/dataset/name``; else ``KeyError``."""
        if isinstance(ref, str) and ref.startswith("atdata://"):
            uri = parse_uri(ref)
            if uri.resource != "dataset":
                raise AtdataUriError(f"{shown(ref, 300)} is not the address of a dataset")
            if not uri.is_local:
                raise EntryNotFoundError(f"{shown(ref, 300)} is not in this index; use an AtmosphereIndex")
            ref = uri.name
        return self.get_entry_by_name(ref.removeprefix("@local/"))

    def get_entry_by_name(self, name: str) -> LocalDatasetEntry:
        """The entry that ``name`` points to. ``KeyError`` when there is none."""
        return self._finder.by_name(name)

    def get_entry(self, cid: str) -> LocalDatasetEntry:
        """The entry with the content identifier ``cid``. ``KeyError`` when there is none."""
        return self._finder.by_cid(cid)

    def list_entries(self, *, after: str = "", limit: int | None = None) -> list[LocalDatasetEntry]:
        """The entries in the order of names; ``after`` (a name) and ``limit`` give one page.

        An entry that is damaged is left out with a warning that names it; see :meth:`damaged_entries`.
        """
        if limit is not None and limit < 0:
            raise IndexUsageError(f"limit is a number of entries, or None for all, not {shown(limit)}")
        size = 1000 if limit is None else max(1, min(limit, 1000))
        return list(islice(self._finder.all(after, size), limit))

    def list_datasets(self, *, after: str = "", limit: int | None = None) -> list[LocalDatasetEntry]:
        """The same as :meth:`list_entries`."""
        return self.list_entries(after=after, limit=limit)

    @property
    def all_entries(self) -> list[LocalDatasetEntry]:
        """Every entry, in the order of names."""
        return self.list_entries()

    @property
    def entries(self) -> Iterator[LocalDatasetEntry]:
        """Every entry, fetched as it is asked for."""
        return self._entries()

    @property
    def datasets(self) -> Iterator[LocalDatasetEntry]:
        """Every entry, fetched as it is asked for."""
        return self._entries()

    def _entries(self) -> Iterator[LocalDatasetEntry]:
        yield from self._finder.all()

    def search(self, text: str = "", *, tags: Iterable[str] = (), limit: int = 100) -> list[LocalDatasetEntry]:
        """Entries with words in name, tags or description that begin like each word of ``text``, and all ``tags``."""
        from atdata._index.words import words_of

        wanted = [tag.casefold() for tag in ([tags] if isinstance(tags, str) else tags)]
        found = islice(self._finder.search(words_of(text), wanted), limit)
        return sorted(found, key=lambda entry: entry.name)

    def damaged_entries(self) -> dict[str, str]:
        """The name of each entry that cannot be read, and why."""
        return {error.name: str(error) for error in self._finder.damaged()}


def _sample_type_of(ds: Any) -> type[Any]:
    if isinstance(ds, type) or not hasattr(ds, "sample_type"):
        raise IndexUsageError(f"a dataset is entered, not {shown(ds)}: write atdata.Dataset[MySample](path)")
    kind: type[Any] = ds.sample_type
    return kind


def urls_of(ds: Any) -> list[str]:
    """The addresses of a dataset's shards as its owner wrote them; the names of all shards of a source of many."""
    core = getattr(ds, "_core", None)
    if core is not None and not core.whole:
        raise IndexUsageError(
            f"{type_name(ds.sample_type)}: this is a view, and its shards hold other samples than it shows; "
            "give the index a data_store, which writes them anew, or write them with atdata.write first"
        )
    source = getattr(ds, "source", None)
    url = source if isinstance(source, str) else getattr(source, "url", None)
    if isinstance(url, str):
        return [url]
    if source is not None and hasattr(ds, "list_shards"):
        return list(ds.list_shards())
    return [ds.url]
