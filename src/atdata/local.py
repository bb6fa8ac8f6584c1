"""Team storage: one index of datasets and schemas, on Redis or in a file.

>>> from atdata.local import Index
>>> index = Index(path=":memory:")
>>> index.list_datasets()
[]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._lazy import lazy_classes

if TYPE_CHECKING:
    from atdata._errors import UnsupportedTypeError as UnsupportedTypeError
    from atdata._index.entry import LocalDatasetEntry as LocalDatasetEntry
    from atdata._index.errors import DamagedEntryError as DamagedEntryError
    from atdata._index.errors import DamagedEntryWarning as DamagedEntryWarning
    from atdata._index.errors import EntryNotFoundError as EntryNotFoundError
    from atdata._index.errors import IndexAccessError as IndexAccessError
    from atdata._index.errors import IndexBusyError as IndexBusyError
    from atdata._index.errors import IndexRefusedError as IndexRefusedError
    from atdata._index.errors import IndexUnavailableError as IndexUnavailableError
    from atdata._index.errors import SchemaConflictError as SchemaConflictError
    from atdata._index.errors import SchemaNotFoundError as SchemaNotFoundError
    from atdata._index.index import Index as Index
    from atdata._index.index import Index as LocalIndex
    from atdata._index.index import default_index as default_index
    from atdata._index.namespace import SchemaNamespace as SchemaNamespace
    from atdata._index.repo import Repo as Repo
    from atdata._index.schema_record import LocalSchemaRecord as LocalSchemaRecord
    from atdata._samples.schemas import schema_from_class as schema_from_class
    from atdata._stores.disk import DiskDataStore as DiskDataStore
    from atdata._stores.errors import StoreAccessError as StoreAccessError
    from atdata._stores.errors import StoreError as StoreError
    from atdata._stores.errors import StoreUnavailableError as StoreUnavailableError
    from atdata._stores.s3 import S3DataStore as S3DataStore

_WHERE = {
    "DamagedEntryError": ("_index.errors", "DamagedEntryError"),
    "DamagedEntryWarning": ("_index.errors", "DamagedEntryWarning"),
    "DiskDataStore": ("_stores.disk", "DiskDataStore"),
    "EntryNotFoundError": ("_index.errors", "EntryNotFoundError"),
    "Index": ("_index.index", "Index"),
    "IndexAccessError": ("_index.errors", "IndexAccessError"),
    "IndexBusyError": ("_index.errors", "IndexBusyError"),
    "IndexRefusedError": ("_index.errors", "IndexRefusedError"),
    "IndexUnavailableError": ("_index.errors", "IndexUnavailableError"),
    "LocalDatasetEntry": ("_index.entry", "LocalDatasetEntry"),
    "LocalIndex": ("_index.index", "Index"),
    "LocalSchemaRecord": ("_index.schema_record", "LocalSchemaRecord"),
    "Repo": ("_index.repo", "Repo"),
    "S3DataStore": ("_stores.s3", "S3DataStore"),
    "SchemaConflictError": ("_index.errors", "SchemaConflictError"),
    "SchemaNamespace": ("_index.namespace", "SchemaNamespace"),
    "SchemaNotFoundError": ("_index.errors", "SchemaNotFoundError"),
    "StoreAccessError": ("_stores.errors", "StoreAccessError"),
    "StoreError": ("_stores.errors", "StoreError"),
    "StoreUnavailableError": ("_stores.errors", "StoreUnavailableError"),
    "UnsupportedTypeError": ("_errors", "UnsupportedTypeError"),
    "default_index": ("_index.index", "default_index"),
    "schema_from_class": ("_samples.schemas", "schema_from_class"),
}

#: An entry stands on Redis as the hash ``{REDIS_KEY_DATASET_ENTRY}:{cid}``.
REDIS_KEY_DATASET_ENTRY = "{atdata}:entry"
#: A schema stands on Redis as a hash below this key.
REDIS_KEY_SCHEMA = "{atdata}:schema"

__all__ = [
    "REDIS_KEY_DATASET_ENTRY",
    "REDIS_KEY_SCHEMA",
    "DamagedEntryError",
    "DamagedEntryWarning",
    "DiskDataStore",
    "EntryNotFoundError",
    "Index",
    "IndexAccessError",
    "IndexBusyError",
    "IndexRefusedError",
    "IndexUnavailableError",
    "LocalDatasetEntry",
    "LocalIndex",
    "LocalSchemaRecord",
    "Repo",
    "S3DataStore",
    "SchemaConflictError",
    "SchemaNamespace",
    "SchemaNotFoundError",
    "StoreAccessError",
    "StoreError",
    "StoreUnavailableError",
    "UnsupportedTypeError",
    "default_index",
    "schema_from_class",
]

if not TYPE_CHECKING:  # checkers would take any name for one of ours
    __getattr__, __dir__ = lazy_classes(__name__, _WHERE, (), within="atdata")
