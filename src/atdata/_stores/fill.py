"""Shards into a session: bytes as they are, or samples cut anew."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import IO, TYPE_CHECKING, Any

from atdata._errors import EncodeError, shown, type_name
from atdata._shards.stream import read_blocks
from atdata._sources.listing import shard_names
from atdata._stores.errors import NothingStoredError
from atdata._stores.names import Group
from atdata._stores.sink import NewObject, Session
from atdata._writing.check import checker
from atdata._writing.manifest import ShardEntry
from atdata._writing.pieces import Pack, packed_size, packer
from atdata._writing.shard import Shard

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from atdata._protocols import DataSource

__all__ = ["copy_shards", "cut_shards"]

_CHUNK = 1 << 20
_MAX_COUNT = 100_000
_MAX_SIZE = 3_000_000_000


def copy_shards(source: DataSource, session: Session, group: Group) -> Iterator[ShardEntry]:
    """Each shard of ``source`` as bytes. Its samples are counted on the way, not decoded; damage is an error."""
    for number, shard in enumerate(shard_names(source)):
        key = group.shard(number, like=shard)
        target = session.create(key)
        try:
            with source.open_shard(shard) as stream:
                copied = _Copied(stream, target)
                count = sum(len(block) for block in read_blocks(_readable(copied), shard))
                while copied.read(_CHUNK):  # what stands behind the end of the archive
                    pass
            target.commit()
        except BaseException:
            target.abandon()
            raise
        yield ShardEntry(key.rpartition("/")[2], count, copied.size, copied.sha.hexdigest())


class _Copied(io.RawIOBase):
    """A stream that leaves a copy of all that is read."""

    def __init__(self, stream: IO[bytes], target: NewObject) -> None:
        self._stream = stream
        self._readinto = getattr(stream, "readinto", None)
        self._target = target
        self.sha = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        if self._readinto is not None:
            got = int(self._readinto(view) or 0)
        else:
            part = self._stream.read(len(view))
            got = len(part)
            view[:got] = part
        if got:
            self.sha.update(view[:got])
            self._target.write([view[:got]])
            self.size += got
        return got


def _readable(stream: io.RawIOBase) -> IO[bytes]:
    readable: Any = stream
    found: IO[bytes] = readable
    return found


def cut_shards(
    samples: Iterable[Any],
    sample_type: type[Any] | None,
    session: Session,
    group: Group,
    *,
    maxcount: int | None,
    maxsize: float | None,
) -> Iterator[ShardEntry]:
    """Samples in new shards of at most ``maxcount`` samples and about ``maxsize`` bytes."""
    maxcount = maxcount or _MAX_COUNT
    maxsize = maxsize or _MAX_SIZE
    check: Callable[[Any], None] | None = None
    pack: Pack = attrgetter("packed")
    settled: type[Any] | None = None
    shard: Shard | None = None
    numbers = iter(range(10**6))
    try:
        for count, sample in enumerate(samples):
            if settled is None or type(sample) is not settled:
                settled = _settle(sample, sample_type, settled)
                check, pack = checker(settled), packer(settled)  # type: ignore[arg-type]  # classes have a hash
            if check is not None:
                check(sample)
            packed = pack(sample)
            size = packed_size(packed)
            full = shard is not None and (
                shard.count == maxcount or (shard.count and _finished(shard.position, shard.count + 1, size) > maxsize)
            )
            if shard is not None and full:
                yield shard.finish()
                shard = None
            if shard is None:
                key = group.shard(next(numbers))
                shard = Shard(session.create(key), key.rpartition("/")[2])
            shard.add_numbered(count, packed)
        if shard is None:
            raise NothingStoredError("there are no samples to store, so no shards were written")
        yield shard.finish()
        shard = None
    finally:
        if shard is not None:
            shard.abandon()


def _finished(position: int, count: int, size: int) -> int:
    """How long a shard will be when a sample of ``size`` bytes, its last of ``count``, is added at ``position``."""
    whole = position + 512 + ((size + 511) & -512)
    return whole + 512 + ((16 * count + 511) & -512) + 512 + 1024


def _settle(sample: Any, wanted: type[Any] | None, before: type[Any] | None) -> type[Any]:
    kind = type(sample)
    wanted = wanted or before
    if not hasattr(kind, "packed"):
        raise EncodeError(f"a sample is needed, not {shown(sample)}: decorate its class with @atdata.packable")
    if wanted is not None and not issubclass(kind, wanted):
        raise EncodeError(f"a {type_name(wanted)} is needed, not {shown(sample)}", sample_type=type_name(wanted))
    return kind
