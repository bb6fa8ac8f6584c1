"""The shards of a dataset as one long row of numbered samples: of files here, or of shards whose index was fetched."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from atdata._dataset.losses import Losses
from atdata._shards.access import mapped_shard
from atdata._shards.errors import ShardError, ShardWarning
from atdata._shards.index import MAGIC
from atdata._shards.local import is_compressed
from atdata._shards.remote import RemoteShard, fetched, remote_shard
from atdata._sources.errors import open_file
from atdata._threads import in_threads
from atdata._warnings import warn

if TYPE_CHECKING:
    from atdata._decoding import Piece
    from atdata._decoding.protocol import Indices
    from atdata._protocols import DataSource
    from atdata._shards.local import ShardFile

__all__ = ["Table", "all_mapped", "fresh", "gather", "soon_known"]

Ints = NDArray[np.int64]

#: Mappings that a dataset keeps from pass to pass. Each takes a file descriptor.
_KEPT = 256
#: Indexes of shards elsewhere that it keeps.
_KEPT_ELSEWHERE = 1 << 16
#: Bytes of shards without an index that are walked through before the first sample of a shuffle.
_SOON = 1 << 30
#: The index's footer lies so far before the end of a file.
_FOOTER = 1536


def all_mapped(source: DataSource, shards: Sequence[str]) -> bool:
    """Whether every shard is an uncompressed file here, so that any sample can be reached at once.

    A missing file is ``FileNotFoundError``. Sources that fetch shards to be files say by a method
    ``is_local(shard)`` which are there already, so that nobody waits for all of them.
    """
    find = getattr(source, "local_path", None)
    there: Any = getattr(source, "is_local", None)
    if find is None or (there is not None and not all(map(there, shards))):
        return False
    paths = [find(shard) for shard in shards]
    return all(path is not None for path in paths) and all(map(_mappable, paths))


def _mappable(path: str) -> bool:
    with open_file(path) as file:
        return os.path.isfile(path) and not is_compressed(file.read(4))


def soon_known(source: DataSource, shards: Sequence[str]) -> bool:
    """Whether it takes no time to know where all samples of these files are: there is an index, or not much to walk."""
    find: Any = source.local_path  # type: ignore[attr-defined]  # these are files
    paths = [find(shard) for shard in shards]
    if len(paths) > _KEPT:
        return False
    return sum(map(os.path.getsize, paths)) <= _SOON or all(map(_indexed, paths))


def _indexed(path: str) -> bool:
    with open(path, "rb", buffering=0) as file:
        if file.seek(0, os.SEEK_END) < _FOOTER:
            return False
        file.seek(-_FOOTER, os.SEEK_END)
        return file.read(len(MAGIC)) == MAGIC


def fresh(known: OrderedDict[str, ShardFile | RemoteShard]) -> OrderedDict[str, ShardFile | RemoteShard]:
    """``known`` without files that are not what they were. What is elsewhere shows a change when it is read."""
    for shard, file in list(known.items()):
        if isinstance(file, RemoteShard):
            continue
        try:
            status = os.stat(file.path)
            same = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns) == file.identity
        except OSError:
            same = False
        if not same:
            del known[shard]
    return known


class Table:
    """Shards opened one after the other, as far as anybody has asked.

    ``known`` keeps the files that were opened lately; :func:`fresh` drops those that have changed. With
    ``extensions`` samples are groups of members.
    """

    def __init__(
        self,
        source: DataSource,
        shards: Sequence[str],
        known: OrderedDict[str, ShardFile | RemoteShard],
        extensions: tuple[str, ...] | None = None,
        *,
        remote: bool = False,
    ) -> None:
        self._source = source
        self._shards = shards
        self._known = known
        self._extensions = extensions
        #: Whether samples are fetched from elsewhere when they are asked for.
        self.remote = remote
        self._ends: list[int] = []
        self._bounds: Ints = np.zeros(1, np.int64)
        self._error: Exception | None = None

    @property
    def count(self) -> int:
        """How many samples the shards opened so far have."""
        return self._ends[-1] if self._ends else 0

    def counts(self) -> Ints:
        """How many samples each shard has; only when all are open."""
        ends = np.array([0, *self._ends], np.int64)
        return ends[1:] - ends[:-1]

    def open_all(self, losses: Losses) -> int:
        """Open all shards; how many samples there are. Damage anywhere is reported."""
        if self.remote:
            in_threads(self._open, self._shards[len(self._ends) :])
        while self._open_next(losses):
            pass
        if self._error is not None:
            raise self._error
        return self.count

    def reach(self, number: int, losses: Losses) -> bool:
        """Open shards until sample ``number`` is among theirs; False when there are not so many."""
        while self.count <= number:
            if not self._open_next(losses):
                return False
        return True

    def check(self) -> None:
        """Raise the error that ended the row, if one did."""
        if self._error is not None:
            raise self._error

    def _open_next(self, losses: Losses) -> bool:
        if self._error is not None or len(self._ends) == len(self._shards):
            return False
        file = self._open(self._shards[len(self._ends)])
        for notice in file.notices:
            warn(str(ShardError(notice, shard=self._shards[len(self._ends)])), ShardWarning)
        count = len(file)
        for fault in file.faults:
            if losses.fatal:
                # what stands before the damage can still be read
                count = fault.before
                self._error = fault.error
                break
            losses(fault.error)
        self._ends.append(self.count + count)
        self._bounds = np.array(self._ends, np.int64)
        return True

    def _open(self, shard: str) -> ShardFile | RemoteShard:
        known = self._known.get(shard)
        if known is not None:
            self._known.move_to_end(shard)
            return known
        file: ShardFile | RemoteShard | None
        if self.remote:
            file = remote_shard(self._source, shard)
            if file is None:
                raise ShardError("has no index, or its server sends it as a whole only", shard=shard)
        else:
            file = mapped_shard(self._source, shard, self._extensions)
            if file is None:
                raise FileNotFoundError(f"{shard} was a file here and is none any more")
        self._known[shard] = file
        while len(self._known) > (_KEPT_ELSEWHERE if self.remote else _KEPT):
            self._known.popitem(last=False)
        return file

    def _pieces(self, wanted: Sequence[tuple[int, Indices]]) -> list[Piece]:
        """The pieces of so many shards, each by its number and the samples wanted of it."""
        files = [self._open(self._shards[owner]) for owner, _ in wanted]
        far: list[tuple[RemoteShard, Ints]] = []
        found: list[Piece] = []
        for file, (_, rows) in zip(files, wanted, strict=True):
            if isinstance(file, RemoteShard):
                far.append((file, np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows))
            else:
                found.append((file.block, rows))
        return found + [(block, slice(0, len(block))) for block in fetched(far)]

    def pieces(self, numbers: Ints) -> tuple[list[Piece], NDArray[np.intp] | None]:
        """Where the samples of these numbers are, and in which order they were asked for."""
        first, last = int(numbers[0]), int(numbers[-1])
        if last - first + 1 == len(numbers) and (len(numbers) == 1 or (np.diff(numbers) == 1).all()):
            return self._run(first, last + 1), None
        owners = np.searchsorted(self._bounds, numbers, "right")
        starts = np.concatenate(([0], self._bounds[:-1]))
        wanted, back = gather(owners, numbers - starts[owners])
        return self._pieces(wanted), back

    def _run(self, low: int, high: int) -> list[Piece]:
        owner = int(np.searchsorted(self._bounds, low, "right"))
        wanted: list[tuple[int, Indices]] = []
        while low < high:
            begin = self._ends[owner - 1] if owner else 0
            end = min(self._ends[owner], high)
            if end > low:
                wanted.append((owner, slice(low - begin, end - begin)))
            low = end
            owner += 1
        return self._pieces(wanted)


def gather(owners: NDArray[Any], rows: Ints) -> tuple[list[tuple[int, Indices]], NDArray[np.intp] | None]:
    """Sample ``rows[k]`` of ``owners[k]`` for each ``k``, owner by owner, and the order that they were in."""
    order = np.argsort(owners, kind="stable")
    owners, rows = owners[order], rows[order]
    cuts = np.flatnonzero(np.diff(owners)) + 1
    pieces: list[tuple[int, Indices]] = []
    for low, high in zip([0, *cuts.tolist()], [*cuts.tolist(), len(owners)], strict=True):
        pieces.append((int(owners[low]), rows[low:high]))
    if len(pieces) == 1:
        return pieces, None
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return pieces, back
