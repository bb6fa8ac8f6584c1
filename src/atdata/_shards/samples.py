"""What a walk finds, put in order: samples by key, and what is wrong with each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from atdata._errors import shown
from atdata._shards.block import Block
from atdata._shards.errors import Fault, MalformedSampleError, ShardError
from atdata._shards.header import Header
from atdata._shards.keys import Keys
from atdata._shards.names import SUFFIX, is_meta, split, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from atdata._shards.chain import Run

__all__ = ["Member", "Samples"]


_ADVICE = (
    "write samples with sample.as_wds or atdata.write; shards of members such as .jpg and .cls are read with members="
)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive. ``start`` is where its first header stands, ``payload`` its data."""

    header: Header
    name: bytes
    size: int
    start: int
    payload: int
    sparse: bool = False


@dataclass(slots=True)
class _Group:
    """The members of the key at hand."""

    key: bytes
    start: int
    before: int
    sampled: bool = False
    excused: bool = False


@dataclass(slots=True)
class Samples:
    """Samples are the members ``<key>.msgpack``; what stands beside them is ignored."""

    packed: ClassVar[bool] = True

    shard: str
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    #: Keys that do not stand in the header before the payload, by number of sample.
    long_names: dict[int, str] = field(default_factory=dict)
    #: How many were found so far.
    count: int = 0
    _offsets: list[NDArray[np.int64] | list[int]] = field(default_factory=list)
    _sizes: list[NDArray[np.int64] | list[int]] = field(default_factory=list)
    _group: _Group | None = None
    _keys: Keys = field(default_factory=Keys)
    _strange: int = 0

    def wanted(self, name: bytes) -> bool:
        """Whether the data of a member called ``name`` must be at hand."""
        return name[-8:].lower() == SUFFIX and not is_meta(name)

    def add_run(self, run: Run) -> int:
        """Take the samples of ``run`` up to the first that must be looked at by itself; how many those are."""
        if self._group is not None and self._group.key == run.names[0].removesuffix(SUFFIX):
            return 0
        count = self._keys.add_many(run.names)
        if not count:
            return 0
        self._close()
        self._offsets.append(run.offsets[:count])
        self._sizes.append(run.sizes[:count])
        self.count += count
        start = int(run.starts[count - 1])
        key = bytes(run.names[count - 1]).removesuffix(SUFFIX)
        self._group = _Group(key, start, self.count - 1, sampled=True)
        return count

    def add(self, member: Member) -> None:
        """Put one member where it belongs."""
        if member.header.type in b"5gV" or is_meta(member.name):
            return
        key, extension = split(member.name)
        if not key:
            if member.header.regular:
                if not self._strange:
                    self.notices.append(f"member {shown(member.name, 120)} has no extension and belongs to no sample")
                self._strange += 1
            return
        group = self._group
        if group is None or group.key != key:
            self._close()
            group = self._group = _Group(key, member.start, self.count)
        if extension != b"msgpack":
            return
        if member.sparse:
            self._excuse(group, "the member is sparse, which is not read")
        elif not member.header.regular:
            self._excuse(group, "the member is a link, a device or something else that is no file")
        elif group.sampled:
            self._fault(group.before, "the key stands twice", key)
        elif not self._keys.add(key + SUFFIX):
            self._excuse(group, "the key stands twice")
        elif not member.size:
            self._excuse(group, "the member is empty")
        else:
            if member.name != member.header.name:
                self.long_names[self.count] = text(key)
            self._append(member.payload, member.size)
            group.before, group.sampled = self.count - 1, True

    def interrupt(self) -> None:
        """The archive cannot be read on; the samples found so far are whole."""

    def end(self, broken: str | None = None) -> None:
        """There is nothing more: the archive ended, or is broken here as ``broken`` says."""
        if broken is not None and self._group is not None and not self._group.sampled:
            self._group = None  # its msgpack member may be what is missing
        self._close()
        if self._strange > 1:
            self.notices[-1] += f" (and {self._strange - 1} more)"
        if broken is not None:
            self.faults.append(Fault(self.count, ShardError(broken, shard=self.shard)))

    @property
    def held(self) -> int:
        """Where the last sample begins, as long as what follows may show that it is wrong; else -1."""
        group = self._group
        return group.start if group is not None and group.sampled else -1

    def take(self, spare: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offsets and sizes of all samples not yet taken, but for the last ``spare`` of them."""
        offsets, sizes = _joined(self._offsets), _joined(self._sizes)
        kept = len(offsets) - spare
        self._offsets, self._sizes = ([offsets[kept:].tolist()], [sizes[kept:].tolist()]) if spare else ([], [])
        return offsets[:kept], sizes[:kept]

    def block(self, shard: str, low: int, high: int, memory: memoryview, base: int) -> Block:
        """The samples from number ``low`` to ``high``, which are the next, in memory that begins at ``base``."""
        offsets, sizes = self.take(self.count - high)
        names = {i - low: name for i, name in self.long_names.items() if low <= i < high} or None
        return Block(shard, low, memory, offsets - base, sizes, names)

    def _append(self, offset: int, size: int) -> None:
        if not self._offsets or not isinstance(self._offsets[-1], list):
            self._offsets.append([])
            self._sizes.append([])
        for numbers, number in ((self._offsets[-1], offset), (self._sizes[-1], size)):
            assert isinstance(numbers, list)
            numbers.append(number)
        self.count += 1

    def _excuse(self, group: _Group, what: str) -> None:
        group.excused = True
        self._fault(self.count, what, group.key)

    def _fault(self, before: int, what: str, key: bytes) -> None:
        self.faults.append(Fault(before, MalformedSampleError(what, shard=self.shard, key=text(key))))

    def _close(self) -> None:
        group = self._group
        if group is not None and not group.sampled and not group.excused:
            self._fault(self.count, f"no member of this key is a .msgpack; {_ADVICE}", group.key)
        self._group = None


def _joined(parts: list[NDArray[np.int64] | list[int]]) -> NDArray[np.int64]:
    if not parts:
        return np.empty(0, np.int64)
    joined: NDArray[np.int64] = np.concatenate([np.asarray(part, np.int64) for part in parts])
    joined.flags.writeable = False
    return joined
