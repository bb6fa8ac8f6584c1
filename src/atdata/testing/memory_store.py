"""A store in a dictionary, for tests that need one and nothing that outlives them."""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import IO, Self
from uuid import uuid4

from atdata._stores.errors import StoreMissingError, place
from atdata._stores.sink import Piece
from atdata._stores.store import ShardStore
from atdata._stores.stored import Found

__all__ = ["MemoryStore"]


class MemoryStore(ShardStore):
    """Keeps shards as long as the object lives, by the same contract as :class:`~atdata.local.DiskDataStore`.

    >>> import atdata
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> store = MemoryStore()
    >>> urls = store.write_shards([Word(text="a"), Word(text="b")], prefix="words")
    >>> [word.text for word in atdata.Dataset[Word](store.shard_source(urls)).ordered()]
    ['a', 'b']
    """

    def __init__(self, *, prefix: str = "") -> None:
        super().__init__(prefix)
        self._base = f"memory://{uuid4().hex[:12]}/"
        self._objects: dict[str, tuple[bytes, float]] = {}

    def __repr__(self) -> str:
        return f"MemoryStore({len(self._objects)} objects)"

    def read_url(self, url: str) -> str:
        """``url`` itself, which :meth:`shard_source` reads."""
        return url

    def shard_source(self, urls: Iterable[str]) -> _Source:
        """A source of these shards for :class:`atdata.Dataset`."""
        return _Source(self, list(urls))

    def _url(self, key: str) -> str:
        return self._base + key

    def _key(self, url: str) -> str:
        if not url.startswith(self._base) or url == self._base:
            raise ValueError(f"{place(url)} is not in this store")
        return url.removeprefix(self._base)

    def _session(self, maxsize: float | None) -> _Session:
        return _Session(self)

    def _put(self, key: str, content: bytes) -> None:
        self._objects[key] = content, time.time()

    def _open(self, key: str) -> IO[bytes]:
        if key not in self._objects:
            raise StoreMissingError(f"{place(self._url(key))}: is not there", url=self._url(key))
        return io.BytesIO(self._objects[key][0])

    def _scan(self, start: str) -> Iterator[Found]:
        for key in sorted(self._objects):
            if key.startswith(start):
                content, changed = self._objects[key]
                yield Found(key, len(content), changed)

    def _unfinished(self, start: str) -> Iterator[Found]:
        return iter(())

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            self._objects.pop(key, None)

    def _discard(self, keys: list[str]) -> None:
        """Nothing: what is not whole was never in the dictionary."""


class _Session:
    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.doubtful: set[str] = set()

    def create(self, key: str) -> _Object:
        return _Object(self._store, key)

    def wait(self) -> None:
        """Objects are whole as soon as they are committed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left behind."""


class _Object:
    def __init__(self, store: MemoryStore, key: str) -> None:
        self._store, self._key, self._content = store, key, bytearray()

    def write(self, pieces: Sequence[Piece]) -> None:
        for piece in pieces:
            self._content += piece

    def commit(self) -> None:
        self._store._put(self._key, bytes(self._content))

    def abandon(self) -> None:
        self._content = bytearray()


class _Source:
    def __init__(self, store: MemoryStore, urls: list[str]) -> None:
        self._store, self._urls = store, urls

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return ((url, self.open_shard(url)) for url in self._urls)

    @property
    def shard_list(self) -> list[str]:
        return self.list_shards()

    def list_shards(self) -> list[str]:
        return list(self._urls)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        if shard_id not in self._urls:
            raise KeyError(f"{place(shard_id)} is no shard of this source")
        return self._store._open(self._store._key(shard_id))
