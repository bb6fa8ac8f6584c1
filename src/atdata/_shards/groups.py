"""Ordinary WebDataset shards: samples of several members, ``a.jpg`` + ``a.cls`` + ``a.json``.

Which extensions are of use is known before a shard is read; of no others is anything kept, so that an archive with a
new extension in every sample costs no memory.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from atdata._errors import shown
from atdata._shards.block import key_at
from atdata._shards.chain import Run
from atdata._shards.decompress import opened
from atdata._shards.errors import Fault, MalformedSampleError, OnError, ShardError, handler
from atdata._shards.grouped import grouped
from atdata._shards.limits import DEFAULT, Limits
from atdata._shards.names import is_meta, split, text
from atdata._shards.samples import Member
from atdata._shards.stream import Reader, typed

__all__ = ["Extents", "GroupBlock", "Groups", "read_groups"]

Ints = NDArray[np.int64]
#: Offset and size of one kind of member, by sample; the size is -1 where a sample has none.
Extents: TypeAlias = "tuple[Ints, Ints]"


@dataclass(frozen=True, slots=True, eq=False)
class GroupBlock:
    """Some samples of one shard, each of several members.

    ``offsets`` is where the first member's payload is, ``sizes`` how many bytes the members of use have.
    """

    shard: str
    start: int
    buffer: memoryview
    offsets: Ints
    sizes: Ints
    extents: Mapping[str, Extents]
    #: Keys that do not stand in the header right before the first payload, by sample.
    names: Mapping[int, str] | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def key(self, i: int) -> str:
        """The key of sample ``i``; see :meth:`atdata._shards.block.Block.key`."""
        return key_at(self, i)

    def member(self, i: int, extension: str) -> memoryview | None:
        """The bytes of one member of sample ``i``, not copied; None when it has no such member."""
        offsets, sizes = self.extents[extension]
        at, size = int(offsets[i]), int(sizes[i])
        return None if size < 0 else self.buffer[at : at + size]

    def part(self, low: int, high: int) -> GroupBlock:
        """The samples from ``low`` to ``high`` as a block of their own."""
        extents = {name: (at[low:high], size[low:high]) for name, (at, size) in self.extents.items()}
        names = {i - low: name for i, name in self.names.items() if low <= i < high} if self.names else None
        offsets, sizes = self.offsets[low:high], self.sizes[low:high]
        return GroupBlock(self.shard, self.start + low, self.buffer, offsets, sizes, extents, names or None)


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Groups:
    """A ledger of members by key. A key whose members do not follow each other stands twice."""

    packed: ClassVar[bool] = False

    shard: str
    extensions: Collection[str]
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    #: Keys that do not stand in the header before the first payload, by number of sample.
    long_names: dict[int, str] = field(default_factory=dict)
    count: int = 0
    _offsets: array[int] = field(default_factory=_numbers)
    _extents: dict[str, tuple[array[int], array[int]]] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)
    _key: bytes = b""
    _members: set[bytes] = field(default_factory=set)
    _start: int = -1
    _refused: bool = False
    _strange: int = 0

    def __post_init__(self) -> None:
        self._extents = {name: (_numbers(), _numbers()) for name in self.extensions}

    def wanted(self, name: bytes) -> bool:
        return not is_meta(name) and bool(split(name)[0])

    def add_run(self, run: Run) -> int:
        """Take the samples of ``run`` up to the first that must be looked at by itself; how many members those are.

        The last sample is always left: it may go on behind the run.
        """
        if self._start >= 0:
            self._start = -1 if self._after(run) else self._start
            if self._start >= 0:
                return 0
        found = grouped(run, self._seen)
        if found is None:
            return 0
        for extension, (offsets, sizes) in self._extents.items():
            at, size = found.extents.get(extension.encode("utf-8", "surrogateescape"), found.nothing)
            offsets.frombytes(at.tobytes())
            sizes.frombytes(size.tobytes())
        self._offsets.frombytes(found.offsets.tobytes())
        self._seen.update(found.keys)
        self._key, self._refused = found.keys[-1], False
        self.count += len(found.keys)
        return found.members

    def _after(self, run: Run) -> bool:
        """Whether ``run`` begins with another key than the sample at hand, which is whole then."""
        return split(bytes(run.names[0]))[0] not in (b"", self._key)

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
        if member.sparse or not member.header.regular:
            self._fault(self.count, f"member .{text(extension)[:60]} is sparse, a link or a device")
        elif self._start < 0:
            self._begin(member)
            self._put(extension, member)
        elif not len(self._offsets):
            self._fault(self.count - 1, "its members are too far apart")
        elif extension in self._members:
            self._fault(self.count - 1, f"member .{text(extension)[:60]} stands twice")
        else:
            self._put(extension, member)

    def _begin(self, member: Member) -> None:
        self._start = member.start
        self._members.clear()
        self._offsets.append(member.payload)
        for offsets, sizes in self._extents.values():
            offsets.append(0)
            sizes.append(-1)
        if member.name != member.header.name:
            self.long_names[self.count] = text(self._key)
        self.count += 1

    def _put(self, extension: bytes, member: Member) -> None:
        self._members.add(extension)
        found = self._extents.get(text(extension))
        if found is not None:
            found[0][-1], found[1][-1] = member.payload, member.size

    def interrupt(self) -> None:
        """The archive cannot be read on: the last sample may have had other members, and is left out."""
        if self._start >= 0 and len(self._offsets):
            self._offsets.pop()
            for offsets, sizes in self._extents.values():
                offsets.pop()
                sizes.pop()
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
        offsets = _taken(self._offsets, count) - base
        total = np.zeros(count, np.int64)
        extents: dict[str, Extents] = {}
        for name, (at, size) in self._extents.items():
            sizes = _taken(size, count)
            extents[name] = (_taken(at, count) - base, sizes)
            total += np.maximum(sizes, 0)
        names = {i - low: name for i, name in self.long_names.items() if low <= i < high} or None
        return GroupBlock(shard, low, memory, offsets, total, extents, names)

    def _fault(self, before: int, what: str) -> None:
        self.faults.append(Fault(before, MalformedSampleError(what, shard=self.shard, key=text(self._key))))


def _taken(numbers: array[int], count: int) -> Ints:
    """The first ``count`` of ``numbers``, which has them no more."""
    found = np.array(numbers[:count], np.int64)
    del numbers[:count]
    return found


def read_groups(
    stream: IO[bytes] | str | os.PathLike[str],
    shard: str,
    extensions: Collection[str],
    *,
    start: int = 0,
    on_error: OnError = "raise",
    limits: Limits = DEFAULT,
) -> Iterator[GroupBlock]:
    """The samples of a shard from number ``start`` on, each with its members of ``extensions``.

    A path is opened, and closed.
    """
    if not isinstance(stream, str | os.PathLike):
        yield from _blocks(stream, shard, extensions, start, on_error, limits)
        return
    with open(stream, "rb") as file:
        yield from _blocks(file, shard, extensions, start, on_error, limits)


def _blocks(
    stream: IO[bytes], shard: str, extensions: Collection[str], start: int, on_error: OnError, limits: Limits
) -> Iterator[GroupBlock]:
    report = handler(on_error)
    try:
        source = opened(stream, shard, limits)
    except Exception as error:
        report(typed(error, shard))
        return
    yield from Reader(source, shard, start, report, limits, Groups(shard, extensions)).blocks()
