"""Ordinary WebDataset shards: samples of several members, ``a.jpg`` + ``a.cls`` + ``a.json``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, TypeAlias

from atdata._errors import shown
from atdata._shards.chain import Run
from atdata._shards.decompress import opened
from atdata._shards.errors import Fault, MalformedSampleError, OnError, ShardError, handler
from atdata._shards.limits import DEFAULT, Limits
from atdata._shards.names import is_meta, split, text
from atdata._shards.samples import Member
from atdata._shards.stream import Reader, typed

__all__ = ["Extent", "GroupBlock", "Groups", "read_groups"]

#: Where a member is in a buffer: offset and size.
Extent: TypeAlias = "tuple[int, int]"


@dataclass(frozen=True, slots=True, eq=False)
class GroupBlock:
    """Some samples of one shard, each a dictionary of its members by extension."""

    shard: str
    start: int
    buffer: memoryview
    keys: list[str]
    parts: list[dict[str, Extent]]

    def __len__(self) -> int:
        return len(self.keys)

    def member(self, i: int, extension: str) -> memoryview:
        """The bytes of one member of sample ``i``, not copied."""
        offset, size = self.parts[i][extension]
        return self.buffer[offset : offset + size]

    def part(self, low: int, high: int) -> GroupBlock:
        """The samples from ``low`` to ``high`` as a block of their own."""
        return GroupBlock(self.shard, self.start + low, self.buffer, self.keys[low:high], self.parts[low:high])


@dataclass(slots=True)
class Groups:
    """A ledger of members by key. A key whose members do not follow each other stands twice."""

    shard: str
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    count: int = 0
    _keys: list[str] = field(default_factory=list)
    _parts: list[dict[str, Extent]] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)
    _key: bytes = b""
    _start: int = -1
    _refused: bool = False
    _strange: int = 0

    def wanted(self, name: bytes) -> bool:
        return not is_meta(name) and bool(split(name)[0])

    def add_run(self, run: Run) -> int:
        return 0

    def add(self, member: Member) -> None:
        if member.header.type in b"5gV" or is_meta(member.name):
            return
        key, extension = split(member.name)
        if not key:
            if not self._strange:
                self.notices.append(f"member {shown(member.name, 120)} has no extension and belongs to no sample")
            self._strange += 1
            return
        if key != self._key:
            self._refused = key in self._seen
            self._seen.add(key)
            self._key, self._start = key, -1
            if self._refused:
                self._fault(self.count, "the key stands twice")
        if self._refused:
            return
        name = text(extension)
        if member.sparse or not member.header.regular:
            self._fault(self.count, f"member .{name[:60]} is sparse, a link or a device")
        elif self._start < 0:
            self._start = member.start
            self._keys.append(text(key))
            self._parts.append({name: (member.payload, member.size)})
            self.count += 1
        elif not self._parts:
            self._fault(self.count - 1, "its members are too far apart")
        elif name in self._parts[-1]:
            self._fault(self.count - 1, f"member .{name[:60]} stands twice")
        else:
            self._parts[-1][name] = (member.payload, member.size)

    def interrupt(self) -> None:
        """The archive cannot be read on: the last sample may have had other members, and is left out."""
        if self._start >= 0 and self._parts:
            self._keys.pop()
            self._parts.pop()
            self.count -= 1
        self._start = -1

    def end(self, broken: str | None = None) -> None:
        if broken is not None:
            self.interrupt()
        self._start = -1
        if self._strange > 1:
            self.notices[-1] += f" (and {self._strange - 1} more)"
        if broken is not None:
            self.faults.append(Fault(self.count, ShardError(broken, shard=self.shard)))

    @property
    def held(self) -> int:
        """Where the sample begins that more members may still belong to, or -1."""
        return self._start

    def block(self, shard: str, low: int, high: int, memory: memoryview, base: int) -> GroupBlock:
        """The samples from number ``low`` to ``high``, which are the next, in memory that begins at ``base``."""
        count = high - low
        keys, self._keys = self._keys[:count], self._keys[count:]
        parts, self._parts = self._parts[:count], self._parts[count:]
        local = [{name: (at - base, size) for name, (at, size) in one.items()} for one in parts] if base else parts
        return GroupBlock(shard, low, memory, keys, local)

    def _fault(self, before: int, what: str) -> None:
        self.faults.append(Fault(before, MalformedSampleError(what, shard=self.shard, key=text(self._key))))


def read_groups(
    stream: IO[bytes] | str | os.PathLike[str],
    shard: str,
    *,
    start: int = 0,
    on_error: OnError = "raise",
    limits: Limits = DEFAULT,
) -> Iterator[GroupBlock]:
    """The samples of a shard from number ``start`` on, each with all its members. A path is opened, and closed."""
    if not isinstance(stream, str | os.PathLike):
        yield from _blocks(stream, shard, start, on_error, limits)
        return
    with open(stream, "rb") as file:
        yield from _blocks(file, shard, start, on_error, limits)


def _blocks(stream: IO[bytes], shard: str, start: int, on_error: OnError, limits: Limits) -> Iterator[GroupBlock]:
    report = handler(on_error)
    try:
        source = opened(stream, shard, limits)
    except Exception as error:
        report(typed(error, shard))
        return
    yield from Reader(source, shard, start, report, limits, Groups(shard), runs=False).blocks()
