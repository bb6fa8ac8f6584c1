"""One shard while it is written."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from atdata._shards.index import NAME, index_payload
from atdata._writing.manifest import ShardEntry
from atdata._writing.many import NUMBERS, Members
from atdata._writing.pieces import Piece, packed_size
from atdata._writing.tar import END, ZEROS, header, long_header

__all__ = ["Shard", "Target"]

#: Small members are gathered up to that many bytes and written as one piece.
_GATHERED = 1 << 20
#: Members from that size on are handed to the system as they are, without another copy.
_LARGE = 1 << 15
#: Most members that are made at once.
_MOST = 512
_BLOCK = 512


class Target(Protocol):
    """Where a shard goes: a file or an object of a store, which is there when it is whole."""

    def write(self, pieces: Sequence[Piece], /) -> None: ...
    def commit(self) -> None: ...
    def abandon(self) -> None: ...


class Shard:
    """A tar file that appears as ``target``, whole, when it is finished. Manifests call it ``name``."""

    def __init__(self, target: Target, name: str, *, index: bool = True, checksum: bool = True) -> None:
        self._target = target
        self._name = name
        self._index = index
        self._sha = hashlib.sha256() if checksum else None
        self._pieces: list[Piece] = []
        self._pending = 0
        #: Payloads that come behind ``_pieces``, and the number of the first.
        self._waiting: list[bytes] = []
        self._number = 0
        self._members = Members()
        self._offsets = array("q")
        self._sizes = array("q")
        #: How many members there are, and how long the file is so far.
        self.count = 0
        self.position = 0

    def add_numbered(self, number: int, packed: Piece | list[Piece]) -> None:
        """Append the member called by ``number``, which is one more than that of the member before, if that had one."""
        size = len(packed)
        if type(packed) is not bytes or not 0 < size < _LARGE or number >= NUMBERS:
            self.add(b"%09d.msgpack" % number, packed)
            return
        waiting = self._waiting
        if not waiting:
            self._number = number
        waiting.append(packed)
        self.count += 1
        self.position += _BLOCK + ((size + 511) & -512)
        self._pending += size
        if self._pending >= _GATHERED or len(waiting) == _MOST:
            self._flush()

    def add(self, name: bytes, packed: Piece | list[Piece]) -> None:
        """Append one member. The memory of large arrays may change once this is done."""
        if self._waiting:
            self._flush()
        size = packed_size(packed)
        if len(name) < 100 and size < 8**11:
            head = header(name, size)
        else:
            head = long_header(name, size)
            self._index = False  # an index says that nothing but plain headers is between samples
        offset = self.position + len(head)
        self._offsets.append(offset)
        self._sizes.append(size)
        self.count += 1
        padding = -size & 511
        self.position = offset + size + padding
        self._pieces += (head, *(packed if isinstance(packed, list) else [packed]), ZEROS[padding])
        if size >= _LARGE:
            self._flush(joined=False)
        else:
            self._pending += _BLOCK + size
            if self._pending >= _GATHERED:
                self._flush()

    def finish(self) -> ShardEntry:
        """Write what ends the archive and put it in its place."""
        self._flush()
        if self._index:
            # In the archive the index is at ``position``, its payload one header further.
            payload = index_payload(
                np.array(self._offsets, np.int64), np.array(self._sizes, np.int64), self.position + _BLOCK
            )
            self._pieces += (header(NAME, len(payload)), payload)
            self.position += _BLOCK + len(payload)
        self._pieces.append(END)
        self.position += len(END)
        self._flush()
        self._target.commit()
        return ShardEntry(self._name, self.count, self.position, self._sha.hexdigest() if self._sha else None)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._pieces.clear()
        self._waiting.clear()
        self._target.abandon()

    def _flush(self, joined: bool = True) -> None:
        """Write what is at hand."""
        if self._pieces:
            self._write([b"".join(self._pieces)] if joined else self._pieces)
            self._pieces = []
        if self._waiting:
            made, sizes = self._members.made(self._number, self._waiting)
            padded = (sizes + 511) & -512
            offsets = self.position - np.cumsum(padded[::-1] + _BLOCK)[::-1] + _BLOCK
            self._offsets.frombytes(offsets.tobytes())
            self._sizes.frombytes(sizes.tobytes())
            self._write([made])
            self._waiting = []
        self._pending = 0

    def _write(self, pieces: list[Piece]) -> None:
        self._target.write(pieces)
        if self._sha is not None:
            for piece in pieces:
                self._sha.update(piece)
