"""The strict walk through a tar archive: samples, and everything that is wrong with them.

A walk is fed with buffers that continue each other and works in positions of the whole archive, so that a mapped
file (one buffer) and a stream (many) are read by the same rules:

- a sample is the member ``<key>.msgpack``; members of webdataset's own (``__index__``) are left out, other members
  beside it are ignored, a key without a msgpack member is malformed;
- two members of one key are an error, next to each other or far apart;
- links, devices and sparse members are no samples;
- what breaks the archive (a wrong checksum, a negative size, an end that comes too early or not at all) ends the
  walk; everything before it stands.

Nothing is allocated by what a header claims.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from atdata._errors import shown
from atdata._shards.chain import Run, find_run
from atdata._shards.errors import Fault, MalformedSampleError, ShardError
from atdata._shards.header import BLOCK, EXTENSIONS, Header, HeaderError, pax_number, pax_records, read_header
from atdata._shards.keys import Keys
from atdata._shards.names import is_meta, split, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_EXTENSION", "Walk"]

#: Most bytes of a pax header or a long name.
MAX_EXTENSION = 1 << 20
_MAX_NAME = 1 << 16
#: Most bytes that may follow the end marker: GNU tar fills up to 10 KiB, some writers to more.
_MAX_TAIL = 16 << 20
#: After a run that was not worth it, that many headers are looked at one by one.
_PATIENCE = 48
_ZEROS = bytes(BLOCK)


@dataclass(slots=True)
class _Group:
    """The members of the key at hand."""

    key: bytes
    start: int
    before: int
    sampled: bool = False
    excused: bool = False


@dataclass(slots=True)
class Walk:
    """A walk through one archive. ``scan`` is called with more of it until ``done``."""

    shard: str
    #: Where the next header is.
    position: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    done: bool = False
    #: Names that do not stand in the header before the payload, by number of sample.
    long_names: dict[int, str] = field(default_factory=dict)
    #: Samples found so far.
    count: int = 0
    _offsets: list[NDArray[np.int64] | list[int]] = field(default_factory=list)
    _sizes: list[NDArray[np.int64] | list[int]] = field(default_factory=list)
    _group: _Group | None = None
    _keys: Keys = field(default_factory=Keys)
    _strange: int = 0
    _ending: bool = False
    _slow: int = 0
    _tail_bytes: int = 0
    #: What extension headers said of the member to come: their kinds, its name, its size, and where they began.
    _kinds: bytes = b""
    _name: bytes | None = None
    _size: int | None = None
    _sparse: bool = False
    _unit: int = -1

    def scan(self, data: memoryview, base: int, final: bool) -> int:
        """Go on through ``data``, which begins at ``base`` of the archive, as far as it reaches.

        Returns how many bytes must be there from ``position`` on to get further. ``position`` may lie behind
        ``data``: that much can be left out. When ``final``, nothing follows ``data``.
        """
        flat = np.frombuffer(data, np.uint8)
        end = base + len(data)
        if final and not end:
            self._break("is empty")
        while not self.done:
            at = self.position - base
            if self._ending:
                return self._tail(data, at, end, final)
            if self.position + BLOCK > end:
                if final:
                    self._missing_end(end)
                return BLOCK
            if not self._slow and self._unit < 0:
                run = find_run(flat, at, data)
                if run is None or len(run.offsets) < 8:
                    self._slow = _PATIENCE
                if run is not None and self._accept(run):
                    continue
            need = self._step(data, at, end, final)
            if need:
                return need
            self._slow = max(0, self._slow - 1)
        return 0

    # ------------------------------------------------------------------ many at once

    def _accept(self, run: Run) -> bool:
        """Take a run of samples, if all its keys are new and none continues the group at hand."""
        first = run.names[0].removesuffix(b".msgpack")
        if self._group is not None and self._group.key == first:
            self._slow = 1
            return False
        fresh = self._keys.add_many(run.names)
        if not fresh:
            self._slow = _PATIENCE
            return False
        self._close()
        count = min(fresh, len(run.offsets))
        self._offsets.append(run.offsets[:count])
        self._sizes.append(run.sizes[:count])
        self.count += count
        last = count - 1
        if count == len(run.offsets):
            start, self.position = run.last_start, run.end
        else:
            start = int(run.offsets[last]) - BLOCK
            self.position = int(run.offsets[last]) + _padded(int(run.sizes[last]))
            self._slow = _PATIENCE
        key = bytes(run.names[last]).removesuffix(b".msgpack")
        self._group = _Group(key, start, self.count - 1, sampled=True)
        return True

    # ------------------------------------------------------------------ one at a time

    def _step(self, data: memoryview, at: int, end: int, final: bool) -> int:
        """Go past one header and its data. Returns what ``scan`` does when more is needed."""
        raw = bytes(data[at : at + BLOCK])
        if raw == _ZEROS:
            if self._unit >= 0:
                self._break("ends where a member was announced")
                return 0
            self._ending = True
            self.position += BLOCK
            return 0
        try:
            header = read_header(raw)
            if header.type in EXTENSIONS:
                return self._extension(header, data, at, end, final)
            return self._member(header, end, final)
        except HeaderError as error:
            if self.position == 0:
                self._break(f"is no tar archive: {error}; it begins with {shown(raw, 40)}")
            else:
                self._break(f"is damaged at byte {self.position}: {error}")
            return 0

    def _extension(self, header: Header, data: memoryview, at: int, end: int, final: bool) -> int:
        kind = header.type
        if kind in self._kinds or header.size > MAX_EXTENSION:
            raise HeaderError(f"extension headers beyond the limit ({header.size} bytes)")
        stop = self.position + BLOCK + _padded(header.size)
        if stop > end:
            if final:
                self._break(f"is cut off at byte {end}, inside the description of a member")
                return 0
            return stop - self.position
        if self._unit < 0:
            self._unit = self.position
        self._kinds += bytes([kind])
        content = bytes(data[at + BLOCK : at + BLOCK + header.size])
        if kind == ord("L"):
            if header.size > _MAX_NAME:
                raise HeaderError("a name beyond the limit")
            self._name = content.partition(b"\0")[0]
        elif kind != ord("K"):
            self._pax(pax_records(content), kind == ord("g"))
        self.position = stop
        return 0

    def _pax(self, records: dict[bytes, bytes], everywhere: bool) -> None:
        if everywhere and not records.keys().isdisjoint((b"path", b"size")):
            raise HeaderError("a pax header gives all members one name or size")
        name = records.get(b"GNU.sparse.name", records.get(b"path"))
        if name is not None:
            if len(name) > _MAX_NAME or b"\0" in name:
                raise HeaderError("a name beyond the limit")
            self._name = name
        if b"size" in records:
            self._size = pax_number(records[b"size"])
        if any(key.startswith(b"GNU.sparse.") for key in records):
            self._sparse = True

    def _member(self, header: Header, end: int, final: bool) -> int:
        name = header.name if self._name is None else self._name
        size = header.size if self._size is None or not header.size else self._size
        start = self.position if self._unit < 0 else self._unit
        payload = self.position + BLOCK
        stop = payload + _padded(size)
        if header.type == ord("S"):
            raise HeaderError(f"member {shown(name, 120)} is sparse, which is not read")
        sample = name[-8:].lower() == b".msgpack" and not is_meta(name)
        if payload + size > end and (sample or final):
            if final:
                self._break(
                    f"is cut off at byte {end}: member {shown(name, 120)} claims {size} bytes from byte {payload} on"
                )
                return 0
            return stop - self.position
        self._file(header, name, size, start, payload)
        self.position = stop
        self._kinds, self._name, self._size, self._sparse, self._unit = b"", None, None, False, -1
        return 0

    def _file(self, header: Header, name: bytes, size: int, start: int, payload: int) -> None:
        """Put a member where it belongs."""
        if header.type in b"5gV" or is_meta(name):
            return
        key, extension = split(name)
        if not key:
            if header.regular:
                if not self._strange:
                    self.notices.append(f"member {shown(name, 120)} has no extension and belongs to no sample")
                self._strange += 1
            return
        group = self._group
        if group is None or group.key != key:
            self._close()
            group = self._group = _Group(key, start, self.count)
        if extension != b"msgpack":
            return
        if self._sparse:
            self._excuse(group, "the member is sparse, which is not read")
        elif not header.regular:
            self._excuse(group, "the member is a link, a device or something else that is no file")
        elif group.sampled:
            self._fault(group.before, "the key stands twice", key)
        elif not self._keys.add(key + b".msgpack"):
            self._excuse(group, "the key stands twice")
        elif not size:
            self._excuse(group, "the member is empty")
        else:
            if name != header.name:
                self.long_names[self.count] = text(key)
            self._one(payload, size)
            group.before, group.sampled = self.count - 1, True

    def _one(self, offset: int, size: int) -> None:
        if not self._offsets or not isinstance(self._offsets[-1], list):
            self._offsets.append([])
            self._sizes.append([])
        tail, sizes = self._offsets[-1], self._sizes[-1]
        assert isinstance(tail, list)
        assert isinstance(sizes, list)
        tail.append(offset)
        sizes.append(size)
        self.count += 1

    # ------------------------------------------------------------------ faults and ends

    def _excuse(self, group: _Group, what: str) -> None:
        group.excused = True
        self._fault(self.count, what, group.key)

    def _fault(self, before: int, what: str, key: bytes) -> None:
        self.faults.append(Fault(before, MalformedSampleError(what, shard=self.shard, key=text(key))))

    def _close(self) -> None:
        group = self._group
        if group is not None and not group.sampled and not group.excused:
            self._fault(self.count, "no member of this key is a .msgpack", group.key)
        self._group = None

    def _break(self, what: str) -> None:
        """Nothing after this can be read."""
        if self._group is not None and not self._group.sampled:
            self._group = None  # its msgpack member may be what is missing
        self._finish()
        self.faults.append(Fault(self.count, ShardError(what, shard=self.shard)))

    def _missing_end(self, end: int) -> None:
        if self.position < end:
            self._break(f"is cut off at byte {end}, inside a header")
        elif self.position > end:
            self._break(f"is cut off at byte {end}, inside a member")
        elif self._unit >= 0:
            self._break("ends where a member was announced")
        else:
            self._break("has no end-of-archive marker: members may be missing")

    def _tail(self, data: memoryview, at: int, end: int, final: bool) -> int:
        """After the first block of zeros there must be zeros only."""
        while at < len(data):
            part = data[at : at + (1 << 16)]
            if part != memoryview(bytes(len(part))):
                self._break(f"goes on after its end-of-archive marker, at byte {self.position}: members may be hidden")
                return 0
            at += len(part)
            self.position += len(part)
            self._tail_bytes += len(part)
            if self._tail_bytes > _MAX_TAIL:
                self._break(f"has more than {_MAX_TAIL} bytes after its end-of-archive marker")
                return 0
        if final:
            self._finish()
        return 1

    def _finish(self) -> None:
        self._close()
        if self._strange > 1:
            self.notices[-1] += f" (and {self._strange - 1} more)"
        self.done = True

    # ------------------------------------------------------------------ what was found

    @property
    def held(self) -> int:
        """Where the sample begins that may still turn out to be wrong, or -1."""
        group = self._group
        return group.start if group is not None and group.sampled else -1

    def take(self, spare: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Offsets and sizes of all samples not yet taken, but for the last ``spare`` of them."""
        offsets, sizes = _joined(self._offsets), _joined(self._sizes)
        kept = len(offsets) - spare
        self._offsets, self._sizes = ([offsets[kept:].tolist()], [sizes[kept:].tolist()]) if spare else ([], [])
        return offsets[:kept], sizes[:kept]


def _padded(size: int) -> int:
    return (size + 511) & -512


def _joined(parts: list[NDArray[np.int64] | list[int]]) -> NDArray[np.int64]:
    if not parts:
        return np.empty(0, np.int64)
    joined: NDArray[np.int64] = np.concatenate([np.asarray(part, np.int64) for part in parts])
    joined.flags.writeable = False
    return joined
