"""Addresses of shards as sources of a dataset: the one place here that knows how sources are made."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import IO, Any

from atdata._errors import shown

__all__ = ["Files", "dataset", "expand", "is_remote", "listed", "s3_source", "source_of"]

_REMOTE = re.compile(r"(?!file:)[A-Za-z][A-Za-z0-9+.-]+:")  # one letter alone is a drive


def is_remote(path: str) -> bool:
    """Whether ``path`` is a URL of another machine.

    >>> is_remote("s3://bucket/a.tar"), is_remote("./a.tar"), is_remote("C:/a.tar"), is_remote("file:///a.tar")
    (True, False, False, False)
    """
    return _REMOTE.match(path) is not None


def expand(pattern: str) -> list[str]:
    """All that a brace pattern stands for, in order.

    >>> expand("data-{train,test}-{00..01}.tar")
    ['data-train-00.tar', 'data-train-01.tar', 'data-test-00.tar', 'data-test-01.tar']
    """
    from braceexpand import braceexpand

    return list(braceexpand(pattern))


def listed(url: str) -> list[str]:
    """The shards that a remote pattern with wildcards names."""
    return list(import_module("atdata").URLSource(url).list_shards())


def source_of(addresses: Sequence[str], trusted: bool = True) -> Any:
    """A source of these shards, in this order. What a stranger named is not ``trusted`` with files of this machine."""
    if not any(map(is_remote, addresses)):
        return Files(addresses)
    raise NotImplementedError


def s3_source(urls: Sequence[str], credentials: Mapping[str, str], endpoint: str | None) -> Any:
    """A source of ``s3://`` shards, read with ``credentials``."""
    return import_module("atdata").S3Source.from_urls(
        list(urls),
        endpoint=endpoint or credentials.get("AWS_ENDPOINT") or credentials.get("AWS_ENDPOINT_URL"),
        access_key=credentials.get("AWS_ACCESS_KEY_ID"),
        secret_key=credentials.get("AWS_SECRET_ACCESS_KEY"),
        region=credentials.get("AWS_REGION") or credentials.get("AWS_DEFAULT_REGION"),
    )


def dataset(source: Any, sample_type: type[Any]) -> Any:
    """The dataset of a source."""
    return import_module("atdata").Dataset[sample_type](source)


class Files:
    """Shards on this machine, each named by its path as it is written: braces and brackets mean themselves."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)

    @property
    def url(self) -> str:
        """The shards in brace notation, for messages and records."""
        return self._paths[0] if len(self._paths) == 1 else "{" + ",".join(self._paths) + "}"

    @property
    def shard_list(self) -> list[str]:
        """The paths of all shards."""
        return list(self._paths)

    def list_shards(self) -> list[str]:
        """The paths of all shards."""
        return list(self._paths)

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each path with a stream of the file, opened when its turn comes."""
        return ((path, self.open_shard(path)) for path in self._paths)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard."""
        return open(self.local_path(shard_id), "rb")

    def local_path(self, shard_id: str) -> str:
        """Where a shard lies."""
        if shard_id not in self._paths:
            raise KeyError(f"{shown(shard_id, 200)} is none of the {len(self._paths)} shards")
        return shard_id

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Files) and self._paths == other._paths

    def __hash__(self) -> int:
        return hash(self._paths)

    def __repr__(self) -> str:
        name = os.path.basename(self._paths[0]) if self._paths else ""
        return f"<Files {name!a}{f' and {len(self._paths) - 1} more' if len(self._paths) > 1 else ''}>"
