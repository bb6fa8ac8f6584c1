"""What must hold of an index, of what keeps it, and of a store, as tests for one's own; and an index in memory.

Fixtures for pytest are in :mod:`atdata.testing.plugin`, which pytest finds by itself. A suite is a class of tests
that asks for one fixture:

    class TestMyStorage(StorageContract):
        @pytest.fixture
        def storage(self):
            return MyStorage()
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        value = getattr(importlib.import_module(f"atdata.testing.{_WHERE[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'atdata.testing' has no attribute {name!r}")
