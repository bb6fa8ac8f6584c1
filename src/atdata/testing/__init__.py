"""What must hold of an index, of what keeps it, and of a store, as tests for one's own; and an index in memory.

Fixtures for pytest are in :mod:`atdata.testing.plugin`, which pytest finds by itself. A suite is a class of tests
that asks for one fixture:

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self):
            return MyStorage()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._lazy import lazy_classes

if TYPE_CHECKING:
    from atdata.testing.index import IndexContract as IndexContract
    from atdata.testing.memory import MemoryStorage as MemoryStorage
    from atdata.testing.memory import memory_index as memory_index
    from atdata.testing.memory_store import MemoryStore as MemoryStore
    from atdata.testing.servers import RedisServer as RedisServer
    from atdata.testing.storage import StorageContract as StorageContract
    from atdata.testing.stores import StoreContract as StoreContract

_WHERE = {
    "IndexContract": "index",
    "MemoryStorage": "memory",
    "MemoryStore": "memory_store",
    "RedisServer": "servers",
    "StorageContract": "storage",
    "StoreContract": "stores",
    "memory_index": "memory",
}

__all__ = [
    "IndexContract",
    "MemoryStorage",
    "MemoryStore",
    "RedisServer",
    "StorageContract",
    "StoreContract",
    "memory_index",
]

if not TYPE_CHECKING:  # checkers would take any name for one of ours
    __getattr__, __dir__ = lazy_classes(__name__, _WHERE, ())
