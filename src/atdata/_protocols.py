"""Contracts that classes fulfil by having the methods, without inheriting anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Protocol, Self, runtime_checkable

__all__ = ["DataSource", "Packable"]


@runtime_checkable
class DataSource(Protocol):
    """Where shards come from: a list of names, and a stream for each. ``Dataset`` takes anything of this shape.

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

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard. ``KeyError`` when ``shard_id`` is not in ``shard_list``."""
        ...


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
