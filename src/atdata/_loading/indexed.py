"""Datasets by name: ``@local/name`` and ``@handle/name`` through an index."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from inspect import getattr_static
from typing import Any, Protocol

from atdata._errors import shown
from atdata._loading.splits import DEFAULT, group, split_of
from atdata._remote import public_index
from atdata._sources import named

__all__ = ["IndexLike", "index_for", "resolve", "source_of_entry"]


class IndexLike(Protocol):
    """What of an index is used here."""

    def get_dataset(self, ref: str, /) -> Any: ...
    def decode_schema(self, ref: str, /) -> Any: ...


def resolve(path: str, sample_type: type[Any] | None, index: IndexLike | None) -> tuple[Mapping[str, Any], type[Any]]:
    """The sources of ``@who/name`` or ``at://who/collection/rkey`` by split, and the class of its samples.

    An unknown name is ``KeyError``.
    """
    who, name = _who(path)
    found: IndexLike
    if index is None:
        found, name = index_for(path)
    else:
        of = _method(index, "in_repository") if who != "local" else None
        found = index if of is None else of(who)
    entry = found.get_dataset(name)
    kind: type[Any] = found.decode_schema(entry.schema_ref) if sample_type is None else sample_type
    urls = [str(url) for url in entry.data_urls]
    if not urls:
        raise FileNotFoundError(f"the dataset {shown(name)} has no shards")
    store = getattr(found, "data_store", None)
    local = who == "local"
    names = dict.fromkeys(_expanded(urls, local))
    splits = group((_split_of(url), url) for url in names)
    source_of = _method(found, "shard_source")
    own = None if source_of is None else partial(source_of, entry)
    return {split: _source(shards, store, local, own) for split, shards in splits.items()}, kind


def index_for(path: str) -> tuple[IndexLike, str]:
    """The index that ``@who/name`` or an ``at://`` address is looked up in, and what it is called there."""
    who, name = _who(path)
    return (_local_index(path) if who == "local" else _public_index(path, who)), name


def _who(path: str) -> tuple[str, str]:
    if not path.startswith("@"):
        return path[5:].partition("/")[0], path
    who, slash, name = path[1:].partition("/")
    if not who or not slash or not name:
        raise ValueError(f"{shown(path)} names no dataset; write @local/name or @handle/name")
    return who, name


def _expanded(urls: list[str], local: bool) -> list[str]:
    """All shards that addresses stand for; how many there are is counted before a stranger's are written out."""
    found: list[str] = []
    for url in urls:
        found += named.expand(url) if local else named.expand_strange(url, len(found))
    return found


def _split_of(url: str) -> str:
    """The split that a shard's name says. A blob has none: its CID may hold any word by chance."""
    return DEFAULT if named.is_blob(url) else split_of(url.rpartition("/")[2])


def source_of_entry(entry: Any, index: Any) -> Any:
    """A source of all shards of an entry of the user's own index, with the credentials of its store."""
    names = list(dict.fromkeys(url for address in entry.data_urls for url in named.expand(str(address))))
    made = _method(index, "shard_source")
    own = None if made is None else partial(made, entry)
    return _source(names, getattr(index, "data_store", None), True, own)


def _method(index: Any, name: str) -> Callable[..., Any] | None:
    """A method that the index really has: what stands in for one in a test may seem to have every one."""
    return None if getattr_static(index, name, None) is None else getattr(index, name)


def _source(urls: list[str], store: Any, local: bool, own: Callable[[list[str]], Any] | None) -> Any:
    """A source for the shards of one split: the index's own, or one with the store's credentials where they fit."""
    found = None if own is None else own(urls)
    if found is not None:
        return found
    bucket = getattr(store, "bucket", None)
    credentials = getattr(store, "credentials", None)
    if isinstance(bucket, str) and isinstance(credentials, Mapping):
        # Nobody else's bucket ever gets to see the credentials.
        if all(url.startswith(f"s3://{bucket}/") for url in urls):
            return named.s3_source(bucket, urls, credentials, getattr(store, "endpoint_url", None))
    elif store is not None and hasattr(store, "shard_source"):
        return store.shard_source(urls)
    elif store is not None and hasattr(store, "read_url"):
        urls = [str(store.read_url(url)) for url in urls]
    return named.source_of(urls, trusted=local)


def _local_index(path: str) -> IndexLike:
    if not os.environ.get("ATDATA_INDEX"):
        raise ValueError(
            f"{shown(path)} is looked up in an index: give index=, or set ATDATA_INDEX to the path of one "
            "(team.db) or to the URL of its Redis server"
        )
    from atdata._index.index import default_index

    return default_index()


def _public_index(path: str, who: str) -> IndexLike:
    found: IndexLike | None = public_index(who)
    if found is None:
        raise ValueError(f"{shown(path)} is looked up in an index: give index=, such as AtmosphereIndex(client)")
    return found
