"""Shards on disk: one mapping each, kept open from epoch to epoch.

A shard with an index is known after one look at its end, any other after one strict walk. Both are done once for a
file as it is: when its size or time of change differ, it is read anew. A file must not be shortened while it is
mapped; :mod:`atdata._writing` never does that, it puts a new file in the old one's place.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from atdata._locks import fork_safe_lock
from atdata._shards.block import Block
from atdata._shards.errors import Fault, ShardError, ShardWarning
from atdata._shards.groups import GroupBlock, Groups
from atdata._shards.index import read_index
from atdata._shards.samples import Samples
from atdata._shards.walk import Walk
from atdata._warnings import warn

if TYPE_CHECKING:
    from typing import Self

__all__ = ["ShardFile", "close_all", "is_compressed", "open_shard"]

#: Mappings kept open. Each takes a file descriptor.
KEPT = 128

_Identity = tuple[int, int, int, int]
_Extensions = tuple[str, ...] | None
_open: OrderedDict[tuple[str, bool, _Extensions], ShardFile] = OrderedDict()
_lock = fork_safe_lock()


def is_compressed(head: bytes) -> bool:
    """Whether a file that begins with ``head`` is gzip or Zstandard."""
    return head.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))


class ShardFile:
    """A shard in a mapped file: all its samples as one :attr:`block`, and what is wrong with it.

    Made by :func:`open_shard` and shared by all who open the same file; nobody needs to close it.
    """

    __slots__ = ("__weakref__", "_extensions", "block", "faults", "identity", "indexed", "notices", "path")

    def __init__(
        self,
        path: str,
        identity: _Identity,
        data: memoryview,
        *,
        name: str,
        trust_index: bool,
        extensions: _Extensions = None,
    ) -> None:
        self.path = path
        self.identity = identity
        self._extensions = extensions
        found = read_index(data) if trust_index and extensions is None else None
        self.indexed = found is not None
        self.faults: tuple[Fault, ...] = ()
        self.notices: tuple[str, ...] = ()
        #: All samples that can be read, whatever else is wrong.
        self.block: Block | GroupBlock
        if found is not None:
            self.block = Block(name, 0, data, *found)
            return
        ledger = Samples(name) if extensions is None else Groups(name, extensions)
        Walk(ledger).scan(data, 0, True)
        self.block = ledger.block(name, 0, ledger.count, data, 0)
        self.faults = tuple(sorted(ledger.faults, key=lambda fault: fault.before))
        self.notices = tuple(ledger.notices)
        for notice in self.notices:  # once for a file as it is, not with each pass
            warn(str(ShardError(notice, shard=name)), ShardWarning)

    def __len__(self) -> int:
        return len(self.block)

    def __repr__(self) -> str:
        damage = f", {len(self.faults)} faults" if self.faults else ""
        return f"<ShardFile {self.path!a}, {len(self)} samples{damage}>"

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self.path, self.block.shard, self._extensions)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the mapping to whoever opens the file next; :func:`close_all` lets go of it."""

    def blocks(self, on_error: Callable[[Exception], None], start: int = 0) -> Iterator[Block | GroupBlock]:
        """The samples from number ``start`` on, in order, with each fault reported where it stands.

        ``on_error`` gets the errors and may raise them; see :func:`atdata._shards.errors.handler`.
        """
        at = start
        for fault in self.faults:
            if fault.before < start:
                continue
            if fault.before > at:
                yield self.block.part(at, fault.before)
                at = fault.before
            on_error(fault.error)
        if at < len(self.block):
            yield self.block.part(at, len(self.block)) if at else self.block


def _reopened(path: str, name: str, extensions: _Extensions) -> ShardFile:
    return open_shard(path, name=name, extensions=extensions)


def open_shard(
    path: str | os.PathLike[str], *, name: str | None = None, verify: bool = False, extensions: _Extensions = None
) -> ShardFile:
    """The shard in the file ``path``, found by its index, or by a walk when it has none or ``verify`` is set.

    ``name`` is what blocks and messages call it, by default the path. With ``extensions`` its samples are groups of
    members, see :class:`~atdata._shards.groups.GroupBlock`. A missing file is ``FileNotFoundError``; damage is no
    error here but stands in ``faults``.

    >>> open_shard("no-such.tar")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no-such.tar'
    """
    path = os.fspath(path)
    absolute = os.path.abspath(path)
    status = os.stat(path)
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
    with _lock:
        known = _open.get((absolute, verify, extensions))
        if known is not None and known.identity == identity and (name or path) == known.block.shard:
            _open.move_to_end((absolute, verify, extensions))
            return known
    shard = _read(path, name or path, verify, extensions)
    with _lock:
        _open[absolute, verify, extensions] = shard
        _open.move_to_end((absolute, verify, extensions))
        while len(_open) > KEPT:
            _open.popitem(last=False)
    return shard


def _read(path: str, name: str, verify: bool, extensions: _Extensions) -> ShardFile:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        identity = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, "a folder, not a shard", path)
        if not stat.S_ISREG(status.st_mode):
            raise ShardError("is no regular file and cannot be mapped", shard=name)
        if not status.st_size:
            return ShardFile(path, identity, memoryview(b""), name=name, trust_index=False, extensions=extensions)
        try:
            mapping = mmap.mmap(descriptor, status.st_size, access=mmap.ACCESS_READ)
        except (OSError, ValueError, OverflowError) as error:
            raise ShardError(f"cannot be mapped: {error}", shard=name) from error
    finally:
        os.close(descriptor)
    data = memoryview(mapping)
    return ShardFile(path, identity, data, name=name, trust_index=not verify, extensions=extensions)


def close_all() -> None:
    """Let go of all mappings. Those that blocks or arrays still use close when the last of them is gone."""
    with _lock:
        _open.clear()
