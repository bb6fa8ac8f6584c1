"""The first samples of a shard with all their members, whatever they are: a look, bounded in samples and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import IO, ClassVar

from atdata._shards.chain import Run
from atdata._shards.decompress import opened
from atdata._shards.errors import ShardError
from atdata._shards.limits import DEFAULT
from atdata._shards.names import is_meta, split, text
from atdata._shards.samples import Member
from atdata._shards.walk import Walk

__all__ = ["first_samples"]

_FIRST = 1 << 16
_MOST = 256 << 20


class _Members:
    """Every member of an archive, as a walk finds them."""

    packed: ClassVar[bool] = False

    def __init__(self) -> None:
        self.found: list[Member] = []
        self.broken: str | None = None

    def wanted(self, name: bytes) -> bool:
        return True

    def add_run(self, run: Run) -> int:
        return 0

    def add(self, member: Member) -> None:
        self.found.append(member)

    def end(self, broken: str | None = None) -> None:
        self.broken = broken


def first_samples(stream: IO[bytes], shard: str, limit: int) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Key and members by extension of up to ``limit`` samples. Of a very large shard only the beginning is read."""
    source = opened(stream, shard, DEFAULT)
    data = bytearray()
    size = _FIRST
    while True:
        ended = _fill(source, data, size)
        members = _Members()
        walk = Walk(members, runs=False)
        view = memoryview(bytes(data))
        walk.scan(view, 0, ended)
        groups = list(_groups(members.found, view))
        if not walk.done and groups:
            groups.pop()  # it may go on behind what was read
        if len(groups) >= limit or walk.done or size >= _MOST:
            break
        size *= 2
    if members.broken and len(groups) < limit:
        raise ShardError(members.broken, shard=shard)
    if not groups and not walk.done:
        raise ShardError(f"has a first sample of more than {_MOST >> 20} MiB, too large to look at", shard=shard)
    yield from groups[:limit]


def _fill(source: IO[bytes] | object, data: bytearray, size: int) -> bool:
    """Read until ``data`` has ``size`` bytes; whether the stream ended before."""
    read = getattr(source, "read")  # noqa: B009  # raw and buffered streams alike
    while len(data) < size:
        part = read(min(size - len(data), 1 << 20))
        if not part:
            return True
        data += part
    return False


def _groups(members: Iterable[Member], view: memoryview) -> Iterator[tuple[str, dict[str, bytes]]]:
    last, found = b"", dict[str, bytes]()
    for member in members:
        key, extension = split(member.name)
        if not key or not member.header.regular or is_meta(member.name) or member.sparse:
            continue
        if key != last and found:
            yield text(last), found
            found = {}
        last = key
        found[text(extension)] = bytes(view[member.payload : member.payload + member.size])
    if found:
        yield text(last), found
