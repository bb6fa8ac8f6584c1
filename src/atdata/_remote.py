"""Where the AT Protocol plugs in: schemas and datasets that lie in somebody's repository.

``atdata.atmosphere`` offers two functions, and this is the one module that asks for them:

- ``resolve_schema(ref)`` gives the document at ``atdata://{did or handle}/sampleSchema/Name@version`` (the highest
  version where none is named) or ``at://did/collection/rkey``, and the DID of the repository that it came from.
- ``public_index(who)`` gives an index, for reading, of what a DID or handle has published.

An index whose shards need more than their addresses (blobs, whose bytes have a CID) has a method
``shard_source(entry, urls)``; :class:`HasShardSource` says what it gives. One in which the same name may mean datasets
of many people has a method ``in_repository(who)``, which gives the index of that DID or handle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, runtime_checkable

from atdata._protocols import DataSource

__all__ = ["HasShardSource", "find_schema", "public_index"]


@runtime_checkable
class HasShardSource(Protocol):
    """An index that knows better than the addresses alone how shards are read."""

    def shard_source(self, entry: Any, urls: Sequence[str], /) -> DataSource | None:
        """A source of these shards of ``entry``; None when their addresses say it all."""
        ...


def find_schema(ref: str) -> tuple[Mapping[str, Any], str] | None:
    """The schema document at ``ref`` and the DID whose it is; None when nothing here can look for it."""
    resolve = _offered("resolve_schema")
    return None if resolve is None else resolve(ref)


def public_index(who: str) -> Any | None:
    """An index of what ``who`` has published; None when nothing here can make one."""
    make = _offered("public_index")
    return None if make is None else make(who)


def _offered(name: str) -> Any | None:
    try:
        atmosphere = import_module("atdata.atmosphere")
    except ModuleNotFoundError as error:
        if error.name != "atdata.atmosphere":
            raise
        return None
    return getattr(atmosphere, name, None)
