"""Shards checked against their SHA-256 before anything of them is used."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Self

from atdata._errors import shown
from atdata._locks import fork_safe_lock
from atdata._shards.errors import ShardError
from atdata._sources.cache import cached_path, fetch
from atdata._sources.listing import shard_names

if TYPE_CHECKING:
    from atdata._protocols import DataSource

__all__ = ["ChecksumError", "VerifiedSource", "file_sha256"]

_lock = fork_safe_lock()
#: Nanoseconds after which a file's time of change tells it from what it was before.
_SETTLED = 2_000_000_000
#: Files that were hashed as they are: (device, inode, size, times) -> SHA-256.
_known: dict[tuple[int, int, int, int, int], str] = {}


class ChecksumError(ShardError):
    """A shard whose bytes are not those it was published with."""


class VerifiedSource:
    """Another source, whose shards must have the SHA-256 sums that ``checksums`` gives by name.

    Names are those of ``source``, or their last parts as in a manifest. A shard without a sum is refused. Remote
    shards are fetched whole first, to ``cache_dir`` or a temporary folder.

    >>> from atdata import URLSource
    >>> VerifiedSource(URLSource("a.tar"), {"a.tar": "0" * 64}).shard_list
    ['a.tar']
    """

    def __init__(self, source: DataSource, checksums: Mapping[str, str], *, cache_dir: str | None = None) -> None:
        self.source = source
        self.checksums = dict(checksums)
        self.cache_dir = cache_dir
        self._temporary: str | None = None

    @classmethod
    def from_manifest(cls, path: str | os.PathLike[str]) -> Self:
        """The shards that a manifest of :func:`atdata.write` lists, with the sums that it gives."""
        from atdata._sources.url import URLSource
        from atdata._writing.manifest import read_manifest

        manifest = read_manifest(os.fspath(path))
        sums = {shard.name: shard.sha256 for shard in manifest.shards if shard.sha256 is not None}
        return cls(URLSource(manifest.paths), sums)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (self.source, self.checksums, self.cache_dir)

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Each shard's name with a stream of it."""
        for shard in self.shard_list:
            yield shard, self.open_shard(shard)

    @property
    def shard_list(self) -> list[str]:
        """The names of all shards."""
        return shard_names(self.source)

    def list_shards(self) -> list[str]:
        """The names of all shards."""
        return self.shard_list

    def open_shard(self, shard_id: str) -> IO[bytes]:
        """A stream of one shard, which was checked."""
        return open(self.local_path(shard_id), "rb")

    def local_path(self, shard_id: str) -> str:
        """The path of a shard, or of its copy, which was checked."""
        wanted = self._sum(shard_id)
        find = getattr(self.source, "local_path", None)
        path = None if find is None else find(shard_id)
        if path is None:
            path = cached_path(self._folder(), shard_id)
            if not os.path.exists(path):
                with self.source.open_shard(shard_id) as stream:
                    if not fetch(stream, path, sha256=wanted):
                        raise _wrong(shard_id)
        if file_sha256(path) != wanted:
            raise _wrong(shard_id)
        return str(path)

    def is_local(self, shard_id: str) -> bool:
        """Whether :meth:`local_path` gives a path without fetching anything."""
        find: Any = getattr(self.source, "is_local", None)
        if find is not None and find(shard_id):
            return True
        inner: Any = getattr(self.source, "local_path", None)
        if find is None and inner is not None and inner(shard_id) is not None:
            return True
        return os.path.exists(cached_path(self._folder(), shard_id))

    def _sum(self, shard: str) -> str:
        wanted = self.checksums.get(shard) or self.checksums.get(shard.rpartition("/")[2])
        if wanted is None:
            if shard not in self.shard_list:
                raise KeyError(f"{shown(shard, 200)} is no shard of {self.source!r}")
            raise ChecksumError("no checksum is known for it", shard=shard)
        return wanted.lower()

    def _folder(self) -> str:
        if self.cache_dir is not None:
            return self.cache_dir
        with _lock:
            if self._temporary is None:
                self._temporary = tempfile.mkdtemp(prefix="atdata-")
                weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary


def _rebuilt(source: DataSource, checksums: Mapping[str, str], cache_dir: str | None) -> VerifiedSource:
    return VerifiedSource(source, checksums, cache_dir=cache_dir)


def _wrong(shard: str) -> ChecksumError:
    return ChecksumError("its bytes are not those of its SHA-256: it was damaged or changed", shard=shard)


def file_sha256(path: str) -> str:
    """The SHA-256 of a file, computed once for the file as it is.

    A file that changed a moment ago is hashed every time: the clock of its file system may stand still between two
    changes, and then nothing tells them apart.
    """
    with open(path, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        settled = time.time_ns() - status.st_ctime_ns > _SETTLED
        with _lock:
            known = _known.get(identity)
        if known is None:
            known = hashlib.file_digest(file, "sha256").hexdigest()
            with _lock:
                if len(_known) >= 100_000:
                    _known.clear()
                if settled:
                    _known[identity] = known
    return known
