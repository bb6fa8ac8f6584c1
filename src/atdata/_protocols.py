"""Contracts that classes fulfil by having the methods, without inheriting anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, Protocol, Self, runtime_checkable

__all__ = [
    "AbstractDataStore",
    "AbstractIndex",
    "DataSource",
    "DeletesShards",
    "HasSampleType",
    "IndexEntry",
    "ListsShards",
    "Packable",
    "VerifiesShards",
]


@runtime_checkable
class DataSource(Protocol):
    """Where shards come from: a list of names, and a stream for each. ``Dataset`` takes anything of this shape.

    A class that has only one of ``shard_list`` and ``list_shards`` will do, and ``shards`` may be a method.

    A source may also have ``local_path(shard_id)``, which gives the path of a shard that is a file on this machine
    (or None): such shards are mapped into memory instead of read.

    >>> import io
    >>> class InMemory:
    ...     def __init__(self, shards):
    ...         self._shards = shards
    ...     @property
    ...     def shards(self):
    ...         return ((name, self.open_shard(name)) for name in self._shards)
    ...     @property
    ...     def shard_list(self):
    ...         return self.list_shards()
    ...     def list_shards(self):
    ...         return list(self._shards)
    ...     def open_shard(self, shard_id):
    ...         return io.BytesIO(self._shards[shard_id])
    >>> isinstance(InMemory({"a.tar": b""}), DataSource)
    True
    """

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's name with a stream of it, opened when its turn comes."""
        ...

    @property
    def shard_list(self) -> list[str]:
        """The names of all shards, without opening any."""
        ...

    def list_shards(self) -> list[str]:
        """The names of all shards, without opening any."""
        ...

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard. ``KeyError`` when ``shard_id`` is not in ``shard_list``."""
        ...

    @classmethod
    def __subclasshook__(cls, other: type, /) -> Any:
        # What this does not let through, typing asks for every member.
        lists = hasattr(other, "shard_list") or hasattr(other, "list_shards")
        return True if cls is DataSource and lists and hasattr(other, "open_shard") else NotImplemented


@runtime_checkable
class Packable(Protocol):
    """A sample class, however it was made: ``@packable``, inheritance, generation, or :class:`~atdata.DictSample`.

    >>> import atdata
    >>> isinstance(atdata.DictSample(label="cat"), Packable)
    True
    """

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Create an instance from an unpacked msgpack map."""
        ...

    @classmethod
    def from_bytes(cls, bs: bytes) -> Self:
        """Create an instance from msgpack bytes."""
        ...

    @property
    def packed(self) -> bytes:
        """This sample as msgpack bytes."""
        ...

    @property
    def as_wds(self) -> dict[str, Any]:
        """This sample as WebDataset writes it: ``__key__`` and ``msgpack``."""
        ...


@runtime_checkable
class AbstractDataStore(Protocol):
    """Where shards are put: S3, a folder, or anything with these methods.

    An index writes through its store and remembers the URLs that come back. What else a store can do is said by
    further protocols, each asked for where it is needed: :class:`ListsShards`, :class:`VerifiesShards`,
    :class:`DeletesShards`.

    >>> class Keeps:
    ...     def write_shards(self, dataset, *, prefix, **kwargs):
    ...         return [f"memory://{prefix}/data-000000.tar"]
    ...     def read_url(self, url):
    ...         return url
    ...     def supports_streaming(self):
    ...         return True
    >>> isinstance(Keeps(), AbstractDataStore), isinstance(Keeps(), DeletesShards)
    (True, False)
    """

    # Options are named one by one: a `**kwargs` here would ask of every store that it takes `dataset=` twice.
    def write_shards(
        self,
        dataset: Any,
        /,
        *,
        prefix: str,
        cache_local: bool = False,
        maxcount: int | None = None,
        maxsize: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Store all shards of ``dataset`` under ``prefix`` and return their URLs in order, or raise.

        When this returns, every shard is stored. An index passes on only the options that its caller gave, so a store
        may know fewer, or more; one that takes ``**kwargs`` takes them all.
        """
        ...

    def read_url(self, url: str, /) -> str:
        """A URL that readers can open, for one that :meth:`write_shards` returned."""
        ...

    def supports_streaming(self) -> bool:
        """Whether shards can be read piece by piece; False when they must be fetched whole first."""
        ...


@runtime_checkable
class ListsShards(Protocol):
    """A store that knows what it holds."""

    def list_shards(self, prefix: str = "") -> Iterator[str]:
        """The URLs of all shards under ``prefix``."""
        ...


@runtime_checkable
class VerifiesShards(Protocol):
    """A store that can compare what it holds with what was written."""

    def verify(self, what: str | Iterable[str] = "") -> Any:
        """Check the shards of these URLs, or all under a prefix; the result names what is damaged."""
        ...


@runtime_checkable
class DeletesShards(Protocol):
    """A store that can be cleaned."""

    def leftovers(self, keep: Iterable[str] | None = None) -> list[str]:
        """The URLs of what writing left behind and no entry refers to; ``keep`` are the URLs of all entries."""
        ...

    def gc(self, keep: Iterable[str] | None = None) -> list[str]:
        """Remove the leftovers; returns what was removed."""
        ...

    def delete(self, urls: Iterable[str], /) -> None:
        """Remove the shards of these URLs. What is gone already is no error."""
        ...


@runtime_checkable
class IndexEntry(Protocol):
    """One dataset of an index, wherever the index is kept.

    >>> from atdata.local import LocalDatasetEntry
    >>> entry = LocalDatasetEntry(name="cats", schema_ref="atdata://local/sampleSchema/Cat@1.0.0", data_urls=["a.tar"])
    >>> isinstance(entry, IndexEntry)
    True
    """

    @property
    def name(self) -> str:
        """Name of the dataset for people."""
        ...

    @property
    def schema_ref(self) -> str:
        """Address of the schema of its samples."""
        ...

    @property
    def data_urls(self) -> list[str]:
        """Where its shards are."""
        ...

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What else was said about it, or None."""
        ...


class HasSampleType(Protocol):
    """What an index takes as a dataset. Its shards, or its samples, are found when they are asked for."""

    @property
    def sample_type(self) -> type[Any]:
        """The class of the samples."""
        ...


@runtime_checkable
class AbstractIndex(Protocol):
    """A registry of datasets and schemas: a team's own, or one on the AT Protocol's network.

    >>> from atdata.local import Index
    >>> isinstance(Index(path=":memory:"), AbstractIndex)
    True
    """

    @property
    def data_store(self) -> AbstractDataStore | None:
        """Where shards are put and read from; None when they stay where they are."""
        ...

    def insert_dataset(
        self, ds: HasSampleType, *, name: str, schema_ref: str | None = None, **kwargs: Any
    ) -> IndexEntry:
        """Enter a dataset under ``name``; its schema is published where none is named."""
        ...

    def get_dataset(self, ref: str) -> IndexEntry:
        """The entry of that name or address. ``KeyError`` when there is none."""
        ...

    @property
    def datasets(self) -> Iterator[IndexEntry]:
        """Every entry, fetched as it is asked for."""
        ...

    def list_datasets(self) -> Sequence[IndexEntry]:
        """Every entry, as a list."""
        ...

    def publish_schema(self, sample_type: type[Any], *, version: str | None = None, **kwargs: Any) -> str:
        """Publish the schema of a sample class; returns its address."""
        ...

    def get_schema(self, ref: str) -> dict[str, Any]:
        """The schema record at an address. ``KeyError`` when there is none."""
        ...

    @property
    def schemas(self) -> Iterator[dict[str, Any]]:
        """Every schema record, fetched as it is asked for."""
        ...

    def list_schemas(self) -> Sequence[dict[str, Any]]:
        """Every schema record, as a list."""
        ...

    def decode_schema(self, ref: str) -> type[Any]:
        """The sample class of a schema. ``KeyError`` when there is none, ``ValueError`` when it cannot be decoded."""
        ...
