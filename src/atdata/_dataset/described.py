"""What a dataset says of itself: its shards, its address, its metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atdata._dataset.core import Core
    from atdata._protocols import DataSource

__all__ = ["Described"]


class Described:
    """What :class:`Dataset` inherits."""

    _core: Core
    _metadata_url: str | None
    _metadata: dict[str, Any] | None

    @property
    def source(self) -> DataSource:
        """Where the shards come from."""
        return self._core.source

    @property
    def url(self) -> str:
        """The address that was given; for several shards without one, their names in brace notation."""
        found = getattr(self._core.source, "url", None)
        if isinstance(found, str):
            return found
        from atdata._sources.braces import brace_notation

        return brace_notation(self.list_shards())

    def list_shards(self) -> list[str]:
        """The names of all shards, without opening them."""
        return self._core.shards()

    @property
    def shard_list(self) -> list[str]:
        """The names of all shards, without opening them."""
        return self._core.shards()

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's name with a stream of it, opened when its turn comes."""
        from atdata._sources.listing import shard_streams

        return shard_streams(self._core.source)

    @property
    def metadata_url(self) -> str | None:
        """Where the metadata is, if there is any."""
        return self._metadata_url

    @property
    def metadata(self) -> dict[str, Any] | None:
        """The metadata: fetched at the first look, and kept."""
        if self._metadata is None and self._metadata_url is not None:
            from atdata._samples.msgpack import unpack_map
            from atdata._sources.url import URLSource

            source = URLSource([self._metadata_url])
            with source.open_shard(self._metadata_url) as stream:
                self._metadata = unpack_map(stream.read())
        return self._metadata
