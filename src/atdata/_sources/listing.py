"""Which shards a source has, in whichever of the two documented ways it says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata._protocols import DataSource

__all__ = ["shard_names", "shard_streams"]


def shard_names(source: DataSource) -> list[str]:
    """The names in ``source.shard_list``, or those of ``source.list_shards()`` where it has no such property."""
    given: Any = source
    return list(_called(given.shard_list if hasattr(given, "shard_list") else given.list_shards))


def shard_streams(source: DataSource) -> Iterator[tuple[str, IO[bytes]]]:
    """Each shard's name with a stream of it, also of sources whose ``shards`` is a method, or that have none."""
    given: Any = source
    if not hasattr(given, "shards"):
        return ((name, source.open_shard(name)) for name in shard_names(source))
    return iter(_called(given.shards))


def _called(found: Any) -> Any:
    """A property's value, or what a method of the same name returns."""
    return found() if callable(found) else found
