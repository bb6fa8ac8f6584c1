"""The former front door to a store and an index at once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from atdata._index.errors import IndexUsageError
from atdata._index.index import Index

if TYPE_CHECKING:
    from atdata._index.entry import LocalDatasetEntry

__all__ = ["Repo"]


class Repo:
    """Deprecated: an S3 bucket and an index on Redis. Use ``Index(data_store=S3DataStore(...))``.

    ``hive_path`` is the bucket, and the folder in it behind a slash.
    """

    def __init__(
        self,
        s3_credentials: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        hive_path: str | os.PathLike[str] | None = None,
        redis: Any = None,
        **kwargs: Any,
    ) -> None:
        message = "Repo is deprecated; use Index(data_store=S3DataStore(credentials, bucket=...)) instead"
        warnings.warn(message, DeprecationWarning, stacklevel=2)
        store = None
        self._prefix = ""
        if s3_credentials is not None:
            if hive_path is None:
                raise IndexUsageError("Repo: hive_path is missing; write the bucket, and a folder in it behind a slash")
            from atdata._stores.s3 import S3DataStore

            bucket, _, self._prefix = os.fspath(hive_path).strip("/").partition("/")
            store = S3DataStore(s3_credentials, bucket=bucket)
        #: The index behind it.
        self.index = Index(redis, data_store=store, **kwargs)

    def insert(self, ds: Any, *, name: str, **options: Any) -> tuple[LocalDatasetEntry, Any]:
        """Copy the dataset's shards to the bucket and enter it; returns the entry and the stored dataset."""
        if self.index.data_store is not None:
            options.setdefault("prefix", f"{self._prefix}/{name}" if self._prefix else name)
        entry = self.index.insert_dataset(ds, name=name, **options)
        urls = entry.data_urls
        source: Any = urls[0] if len(urls) == 1 else urls
        store: Any = self.index.data_store
        if store is not None:
            from atdata._sources.named import s3_source

            source = s3_source(store.bucket, urls, store.credentials, store.endpoint_url)
        stored: Any = type(ds)
        return entry, stored[ds.sample_type](source)
