"""The strict walk through a tar archive.

A walk is fed with buffers that continue each other and works in positions of the whole archive, so that a mapped
file (one buffer) and a stream (many) are read by the same rules. What breaks the archive (a wrong checksum, a
negative size, an end that comes too early or not at all) ends the walk; everything before it stands. Nothing is
allocated by what a header claims.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np

from atdata._errors import shown
from atdata._shards.chain import Run, find_run
from atdata._shards.header import BLOCK, EXTENSIONS, Header, HeaderError, pax_number, pax_records, read_header
from atdata._shards.samples import Member
from atdata._shards.twins import Twins

__all__ = ["MAX_EXTENSION", "Ledger", "Walk"]

#: Most bytes of a pax header.
MAX_EXTENSION = 1 << 20
_MAX_NAME = 1 << 16
#: Most bytes that may follow the end marker: GNU tar fills up to 10 KiB, some writers to more.
_MAX_TAIL = 16 << 20
#: After a run that was not worth it, that many headers are looked at one by one.
_PATIENCE = 48
_ZEROS = bytes(BLOCK)


class Ledger(Protocol):
    """What a walk tells of its finds: :class:`~atdata._shards.samples.Samples` and others like it."""

    #: Whether a run is of packed samples; else of members of any names.
    packed: ClassVar[bool]

    def wanted(self, name: bytes) -> bool: ...
    def add_run(self, run: Run) -> int: ...
    def add(self, member: Member) -> None: ...
    def end(self, broken: str | None = None) -> None: ...


class Walk:
    """A walk through one archive. ``scan`` is called with more of it until ``done``."""

    __slots__ = ("_ending", "_extension", "_ledger", "_slow", "_tail_bytes", "_twins", "done", "position", "runs")

    def __init__(self, ledger: Ledger, *, runs: bool = True) -> None:
        self._ledger = ledger
        #: Where the next header is.
        self.position = 0
        self.done = False
        #: Whether runs of ordinary samples may be taken at once.
        self.runs = runs
        self._extension: _Extension | None = None
        self._twins = Twins() if ledger.packed else None
        self._ending = False
        self._slow = 0
        self._tail_bytes = 0

    def scan(self, data: memoryview, base: int, final: bool) -> int:
        """Go on through ``data``, which begins at ``base`` of the archive, as far as it reaches.

        Returns how many bytes must be there from ``position`` on to get further. ``position`` may lie behind
        ``data``: what is between is of no use. When ``final``, nothing follows ``data``.
        """
        flat = np.frombuffer(data, np.uint8)
        end = base + len(data)
        if final and not end:
            self._break("is empty")
        while not self.done:
            at = self.position - base
            if self._ending:
                return self._tail(data, at, final)
            if self.position + BLOCK > end:
                if final:
                    self._break(self._missing(end))
                return BLOCK
            if self.runs and not self._slow and self._extension is None:
                run = None if self._twins is None else self._twins.run(flat, at, data)
                if run is None:
                    run = find_run(flat, at, data, packed=self._ledger.packed)
                if self._run(run, base):
                    continue
            need = self._step(data, at, end, final)
            if need:
                return need
            if self._slow:
                self._slow -= 1
        return 0

    def _run(self, run: Run | None, base: int) -> bool:
        """Take as much of a run as can be taken; whether that is anything."""
        if run is not None and base:
            run = Run(run.starts + base, run.offsets + base, run.sizes, run.names)
        count = 0 if run is None else self._ledger.add_run(run)
        if count < 8:
            self._slow = _PATIENCE
        if run is None or not count:
            return False
        last = count - 1
        self.position = int(run.offsets[last]) + _padded(int(run.sizes[last]))
        return True

    def _step(self, data: memoryview, at: int, end: int, final: bool) -> int:
        """Go past one header and its data. Returns what ``scan`` does when more is needed."""
        raw = bytes(data[at : at + BLOCK])
        if raw == _ZEROS:
            if self._extension is not None:
                self._break("ends where a member was announced")
            self._ending = True
            self.position += BLOCK
            return 0
        try:
            header = read_header(raw)
            if header.type in EXTENSIONS:
                return self._extend(header, data, at, end, final)
            return self._member(header, end, final)
        except HeaderError as error:
            if self.position == 0:
                hint = "; import_parquet() makes shards of it" if raw[:4] == b"PAR1" else ""
                self._break(f"is no tar archive: {error}; it begins with {shown(raw, 40)}{hint}")
            else:
                self._break(f"is damaged at byte {self.position}: {error}")
            return 0

    def _extend(self, header: Header, data: memoryview, at: int, end: int, final: bool) -> int:
        if header.size > MAX_EXTENSION:
            raise HeaderError(f"an extension header claims {header.size} bytes")
        stop = self.position + BLOCK + _padded(header.size)
        if stop > end:
            if final:
                self._break(f"is cut off at byte {end}, inside the description of a member")
                return 0
            return stop - self.position
        if self._extension is None:
            self._extension = _Extension(self.position)
        self._extension.add(header.type, bytes(data[at + BLOCK : at + BLOCK + header.size]))
        self.position = stop
        return 0

    def _member(self, header: Header, end: int, final: bool) -> int:
        more = self._extension or _Extension(self.position)
        name = header.name if more.name is None else more.name
        size = header.size if more.size is None or not header.has_data else more.size
        payload = self.position + BLOCK
        stop = payload + _padded(size)
        if header.type == ord("S"):
            raise HeaderError(f"member {shown(name, 120)} is sparse, which is not read")
        if payload + size > end and (final or self._ledger.wanted(name)):
            if final:
                self._break(
                    f"is cut off at byte {end}: member {shown(name, 120)} claims {size} bytes from byte {payload} on"
                )
                return 0
            return stop - self.position
        self._ledger.add(Member(header, name, size, more.start, payload, more.sparse))
        self.position = stop
        self._extension = None
        return 0

    def _missing(self, end: int) -> str:
        if self.position != end:
            return f"is cut off at byte {end}, inside a {'header' if self.position < end else 'member'}"
        if self._extension is not None:
            return "ends where a member was announced"
        return "has no end-of-archive marker: members may be missing"

    def _tail(self, data: memoryview, at: int, final: bool) -> int:
        """After the first block of zeros there must be zeros only."""
        while at < len(data):
            part = data[at : at + (1 << 16)]
            if np.frombuffer(part, np.uint8).any():
                self._break(f"goes on after its end-of-archive marker, at byte {self.position}: members may be hidden")
                return 0
            at += len(part)
            self.position += len(part)
            self._tail_bytes += len(part)
            if self._tail_bytes > _MAX_TAIL:
                self._break(f"has more than {_MAX_TAIL} bytes after its end-of-archive marker")
                return 0
        if final:
            self._ledger.end()
            self.done = True
        return 1

    def _break(self, what: str) -> None:
        """Nothing after this can be read."""
        self._ledger.end(what)
        self.done = True


class _Extension:
    """What extension headers say of the member to come."""

    __slots__ = ("_kinds", "name", "size", "sparse", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self._kinds: set[int] = set()
        self.name: bytes | None = None
        self.size: int | None = None
        self.sparse = False

    def add(self, kind: int, content: bytes) -> None:
        if kind in self._kinds:
            raise HeaderError("extension headers follow each other without a member")
        self._kinds.add(kind)
        if kind == ord("L"):
            self._rename(content.partition(b"\0")[0])
        elif kind != ord("K"):
            self._pax(pax_records(content), kind == ord("g"))

    def _pax(self, records: dict[bytes, bytes], everywhere: bool) -> None:
        if everywhere and not records.keys().isdisjoint((b"path", b"size")):
            raise HeaderError("a pax header gives all members one name or size")
        name = records.get(b"GNU.sparse.name", records.get(b"path"))
        if name is not None:
            self._rename(name)
        if b"size" in records:
            self.size = pax_number(records[b"size"])
        if any(key.startswith(b"GNU.sparse.") for key in records):
            self.sparse = True

    def _rename(self, name: bytes) -> None:
        if len(name) > _MAX_NAME or b"\0" in name:
            raise HeaderError("a name beyond the limit")
        self.name = name


def _padded(size: int) -> int:
    return (size + 511) & -512
