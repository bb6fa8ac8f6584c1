"""The index of a team's datasets and schemas, on Redis or in one SQLite file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from atdata._errors import shown
from atdata._index.errors import IndexUsageError
from atdata._index.schemas import Resolver
from atdata._index.storage import Storage
from atdata._index.upkeep import UpkeepMethods

if TYPE_CHECKING:
    from atdata._protocols import AbstractDataStore

__all__ = ["URLS", "Index", "default_index"]

#: How the URLs of Redis servers begin.
URLS = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://")
_SQLITE_OPTIONS = frozenset({"timeout", "synchronous"})


class Index(UpkeepMethods):
    """A registry of datasets and of the schemas of their samples.

    ``Index(path="team.db")`` keeps it in a file and needs no server; ``Index(redis=client)``, ``Index("redis://host")``
    (``redis+cluster://`` for a cluster) or ``Index(host=..., port=...)`` keep it on Redis, by default on this machine.
    Nothing is opened before it is used.

    With a ``data_store``, ``insert_dataset`` copies the shards there first. ``auto_stubs`` or ``stub_dir`` write the
    module of every schema that is decoded, for editors. ``resolver`` finds schemas of other people's repositories;
    by default they are looked for where they lie, if the atmosphere extra is installed.

    >>> index = Index(path=":memory:")
    >>> index.list_datasets(), index.list_schemas()
    ([], [])
    """

    def __init__(
        self,
        redis: Any = None,
        data_store: AbstractDataStore | None = None,
        auto_stubs: bool = False,
        stub_dir: str | Path | None = None,
        *,
        path: str | os.PathLike[str] | None = None,
        storage: Storage | None = None,
        resolver: Resolver | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(auto_stubs, stub_dir, resolver)
        if sum(given is not None for given in (redis, path, storage)) > 1:
            raise IndexUsageError("an index is kept in one place: give redis= or path= or storage=, and no two of them")
        if isinstance(redis, str) and not redis.startswith(URLS):
            raise IndexUsageError(f"{shown(redis)} is no URL of a Redis server; for a file write Index(path=...)")
        unknown = kwargs.keys() - _SQLITE_OPTIONS if path is not None else kwargs.keys() if storage is not None else ()
        if unknown:
            raise TypeError(f"Index: {', '.join(sorted(unknown))} is for Redis, and the index is kept elsewhere")
        self._given_redis = redis
        self._path = None if path is None else os.fspath(path)
        self._options = kwargs
        self._data_store = data_store
        self._made: Storage | None = storage

    @property
    def data_store(self) -> AbstractDataStore | None:
        """Where ``insert_dataset`` copies shards to, and what reads them; None when they stay where they are."""
        return self._data_store

    @property
    def _redis(self) -> Any:
        """The Redis client, the very one that was given; None for an index that is kept elsewhere."""
        if self._given_redis is not None and not isinstance(self._given_redis, str):
            return self._given_redis
        return getattr(self._storage, "client", None)

    @property
    def _storage(self) -> Storage:
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Storage:
        if self._path is not None:
            from atdata._index.sqlite_storage import SqliteStorage

            return SqliteStorage(self._path, **self._options)
        from atdata._index._redis import make_client
        from atdata._index.redis_storage import RedisStorage

        if self._given_redis is None or isinstance(self._given_redis, str):
            return RedisStorage(make_client(self._given_redis, **self._options), owned=True)
        return RedisStorage(self._given_redis)

    def close(self) -> None:
        """Give up the connection. The next use opens another one."""
        if self._made is not None:
            self._made.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self._path is not None:
            if self._path == ":memory:":
                raise TypeError("an index in memory cannot go to another process; give it a path")
            state |= {"_path": os.path.abspath(self._path), "_made": None}
        elif self._given_redis is None or isinstance(self._given_redis, str):
            state["_made"] = None
        state |= {"_classes": {}, "_found": None}
        return state

    def __repr__(self) -> str:
        if self._path is not None:
            return f"Index(path={shown(self._path, 200)})"
        if self._made is not None and self._given_redis is None and not hasattr(self._made, "client"):
            return f"Index(storage={type(self._made).__name__})"
        return "Index(redis)"


_defaults: dict[str, Index] = {}


def default_index() -> Index:
    """The index that the environment variable ``ATDATA_INDEX`` names: a path, or the URL of a Redis server.

    ``ValueError`` when it is not set. The same setting gives the same index.
    """
    where = os.environ.get("ATDATA_INDEX", "")
    if not where:
        raise IndexUsageError(
            "there is no index: give index=, or set ATDATA_INDEX to a file or a Redis URL, such as "
            "ATDATA_INDEX=team.db or ATDATA_INDEX=redis://localhost:6379"
        )
    if where not in _defaults:
        _defaults[where] = Index(where) if where.startswith(URLS) else Index(path=os.path.expanduser(where))
    return _defaults[where]
