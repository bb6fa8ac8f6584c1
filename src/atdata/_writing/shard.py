"""One shard while it is written."""

from __future__ import annotations

import hashlib
import os

import numpy as np

from atdata._shards.index import NAME, index_payload
from atdata._writing.files import NewFile
from atdata._writing.manifest import ShardEntry
from atdata._writing.pieces import Piece
from atdata._writing.tar import END, ZEROS, header, long_header

__all__ = ["Shard"]

#: Small members are gathered up to that many bytes and written as one piece.
_GATHERED = 1 << 20
#: Members from that size on are handed to the system as they are, without another copy.
_LARGE = 1 << 15
_BLOCK = 512


class Shard:
    """A tar file that appears under its name, whole, when it is finished."""

    def __init__(self, path: str, *, index: bool, checksum: bool) -> None:
        self._file = NewFile(path)
        self._name = os.path.basename(path)
        self._index = index
        self._sha = hashlib.sha256() if checksum else None
        self._pieces: list[Piece] = []
        self._pending = 0
        self._offsets: list[int] = []
        self._sizes: list[int] = []
        #: How long the file is so far.
        self.position = 0

    @property
    def count(self) -> int:
        return len(self._sizes)

    def add(self, name: bytes, size: int, *payload: Piece) -> None:
        """Append one member of ``size`` bytes. Its memory may change once this is done."""
        if len(name) < 100 and size < 8**11:
            head = header(name, size)
        else:
            head = long_header(name, size)
            self._index = False  # an index says that nothing but plain headers is between samples
        offset = self.position + len(head)
        self._offsets.append(offset)
        self._sizes.append(size)
        padding = -size & 511
        self.position = offset + size + padding
        self._pieces += (head, *payload, ZEROS[padding])
        if size >= _LARGE:
            self._flush(joined=False)
        else:
            self._pending += _BLOCK + size
            if self._pending >= _GATHERED:
                self._flush()

    def finish(self) -> ShardEntry:
        """Write what ends the archive and put it in its place."""
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
        self._file.commit()
        return ShardEntry(self._name, self.count, self.position, self._sha.hexdigest() if self._sha else None)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._pieces.clear()
        self._file.abandon()

    def _flush(self, joined: bool = True) -> None:
        pieces: list[Piece] = [b"".join(self._pieces)] if joined else self._pieces
        self._file.write(pieces)
        if self._sha is not None:
            for piece in pieces:
                self._sha.update(piece)
        self._pieces = []
        self._pending = 0
