"""Addresses of shards as sources: the one place that knows which source reads which address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from atdata._sources import braces
from atdata._sources.places import scheme_of
from atdata._sources.s3 import S3Source
from atdata._sources.url import MAX_UNTRUSTED, URLSource

if TYPE_CHECKING:
    from atdata._atmosphere.blobs.source import BlobSource

__all__ = [
    "expand",
    "expand_strange",
    "is_blob",
    "is_remote",
    "listed",
    "named_source",
    "s3_source",
    "source_of",
]

_BLOB = "at://"


def is_remote(path: str) -> bool:
    """Whether ``path`` is a URL of another machine.

    >>> is_remote("s3://bucket/a.tar"), is_remote("./a.tar"), is_remote("C:/a.tar"), is_remote("file:///a.tar")
    (True, False, False, False)
    """
    return scheme_of(path) not in ("", "file")


def is_blob(path: str) -> bool:
    """Whether ``path`` names one shard by its content, and not a record.

    >>> is_blob("at://did:plc:abc/blob/bafkrei"), is_blob("at://did:plc:abc/ac.foundation.dataset.record/cats")
    (True, False)
    """
    return path.startswith(_BLOB) and path[len(_BLOB) :].split("/")[1:2] == ["blob"]


def expand(pattern: str) -> list[str]:
    """All that a brace pattern stands for, in order.

    >>> expand("data-{train,test}-{00..01}.tar")
    ['data-train-00.tar', 'data-train-01.tar', 'data-test-00.tar', 'data-test-01.tar']
    """
    return braces.expand(pattern)


def expand_strange(pattern: str, before: int) -> list[str]:
    """The same for what a stranger wrote, where ``before`` shards were named already: there is an end to how many."""
    return braces.expand(pattern, most=MAX_UNTRUSTED - before, strict=True)


def listed(url: str) -> list[str]:
    """The shards that a remote pattern with wildcards names."""
    return URLSource(url).list_shards()


def named_source(address: Any) -> URLSource | BlobSource:
    """The source that the user of a dataset names: a path, a URL, or ``at://did/blob/cid``; several with ``::``."""
    if isinstance(address, str) and address.startswith(_BLOB):
        return source_of(address.split("::"))
    return URLSource(address)


def source_of(addresses: Sequence[str], trusted: bool = True) -> URLSource | BlobSource:
    """A source of these shards, in this order, each as it is written.

    What a stranger named is not ``trusted`` with files, buckets and commands of this machine.
    """
    if addresses and all(address.startswith(_BLOB) for address in addresses):
        from atdata._atmosphere.blobs.source import BlobSource

        return BlobSource.from_uris([url for address in addresses for url in expand(address)])
    return URLSource(list(addresses), trusted=trusted)


def s3_source(bucket: str, urls: Sequence[str], credentials: Mapping[str, str], endpoint: str | None) -> S3Source:
    """A source of shards of one ``s3://`` bucket, read with ``credentials``."""
    keys = [url.removeprefix(f"s3://{bucket}/") for url in urls]
    return S3Source(bucket, keys, endpoint=endpoint, credentials=credentials)
