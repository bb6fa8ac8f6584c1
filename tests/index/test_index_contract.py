"""One contract for every index and for everything that keeps one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from atdata._index.redis_storage import RedisStorage
from atdata._index.sqlite_storage import SqliteStorage
from atdata.local import Index
from atdata.testing import IndexContract, MemoryStorage, StorageContract, memory_index


class TestStorageInMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> MemoryStorage:
        return MemoryStorage()


class TestStorageInASqliteFile(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> SqliteStorage:
        return SqliteStorage(tmp_path / "team.db")


class TestStorageInSqliteMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> SqliteStorage:
        return SqliteStorage(":memory:")


class TestStorageOnRedis(StorageContract):
    @pytest.fixture
    def storage(self, redis_client: Any) -> RedisStorage:
        return RedisStorage(redis_client)


class TestStorageOnRedisThatDecodes(StorageContract):
    @pytest.fixture
    def storage(self, redis_client: Any) -> Any:
        import redis

        port = redis_client.connection_pool.connection_kwargs["port"]
        with redis.Redis(port=port, decode_responses=True) as client:
            yield RedisStorage(client)


@pytest.mark.slow
class TestStorageOnARedisCluster(StorageContract):
    @pytest.fixture
    def storage(self, cluster_client: Any) -> RedisStorage:
        cluster_client.flushall()
        return RedisStorage(cluster_client)


class TestIndexInMemory(IndexContract):
    @pytest.fixture
    def index(self) -> Index:
        return memory_index()


class TestIndexInASqliteFile(IndexContract):
    @pytest.fixture
    def index(self, tmp_path: Path) -> Index:
        return Index(path=tmp_path / "team.db")


class TestIndexInSqliteMemory(IndexContract):
    @pytest.fixture
    def index(self) -> Index:
        return Index(path=":memory:")


class TestIndexOnRedis(IndexContract):
    @pytest.fixture
    def index(self, redis_client: Any) -> Index:
        return Index(redis=redis_client)


@pytest.mark.slow
class TestIndexOnARedisCluster(IndexContract):
    @pytest.fixture
    def index(self, cluster_client: Any) -> Index:
        cluster_client.flushall()
        return Index(redis=cluster_client)
