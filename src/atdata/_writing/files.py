"""Files that are whole: written under another name, synced, and renamed into place.

The other name ends in ``.tmp`` and is locked while it is written. A writer that was killed leaves it behind without
a lock, and :func:`sweep` removes it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atdata._writing.errors import WriteError

if TYPE_CHECKING:
    from typing import Self

__all__ = ["NewFile", "sweep", "write_file"]

_MOST_PIECES = 512


class NewFile:
    """A file that is at ``path`` after :meth:`commit`, and was never there if that is not reached."""

    def __init__(self, path: str, mode: int = 0o666) -> None:
        self.path = path
        folder, name = os.path.split(path)
        self._folder = folder or "."
        self._descriptor = -1
        try:
            os.makedirs(self._folder, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
            while self._descriptor < 0:
                self._temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
                self._descriptor = os.open(self._temporary, flags, mode)
                _lock(self._descriptor)
                if not os.path.lexists(self._temporary):  # swept by another process before it was locked
                    self._close()
        except OSError as error:
            self.abandon()
            raise WriteError.of(path, error) from error

    def write(self, pieces: Sequence[bytes | bytearray | memoryview]) -> None:
        """Append ``pieces``, one after the other."""
        try:
            for first in range(0, len(pieces), _MOST_PIECES):
                self._write_some(pieces[first : first + _MOST_PIECES])
        except OSError as error:
            self.abandon()
            raise WriteError.of(self.path, error) from error

    def _write_some(self, pieces: Sequence[bytes | bytearray | memoryview]) -> None:
        expected = sum(map(len, pieces))
        written = os.writev(self._descriptor, pieces) if hasattr(os, "writev") and len(pieces) > 1 else 0
        if written == expected:
            return
        rest = memoryview(b"".join(pieces))[written:]
        while len(rest):
            rest = rest[os.write(self._descriptor, rest) :]

    def commit(self) -> None:
        """Put the file in its place. What was there before is replaced in one step."""
        try:
            os.fsync(self._descriptor)
            if os.name == "nt":
                os.close(self._descriptor)
                self._descriptor = -1
            os.replace(self._temporary, self.path)
        except OSError as error:
            self.abandon()
            raise WriteError.of(self.path, error) from error
        self._close()
        _sync_folder(self._folder)

    def abandon(self) -> None:
        """Leave no trace. Does nothing after :meth:`commit`."""
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.abandon()


def write_file(path: str, content: bytes, mode: int = 0o666) -> None:
    """``content`` as the file ``path``, whole or not at all."""
    with NewFile(path, mode) as file:
        file.write([content])
        file.commit()


def sweep(path_pattern: str) -> list[str]:
    """Remove what killed writers left of files that match ``path_pattern`` (a glob); returns what was removed."""
    folder, name = os.path.split(path_pattern)
    removed = []
    for found in glob.glob(os.path.join(glob.escape(folder), f".{name}.{'[0-9a-f]' * 12}.tmp")):
        with contextlib.suppress(OSError):
            descriptor = os.open(found, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
            try:
                if _try_lock(descriptor):
                    os.unlink(found)
                    removed.append(found)
            finally:
                os.close(descriptor)
    return removed


def _lock(descriptor: int) -> None:
    """Say that the file is being written, once a sweep that looks at it has gone on."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _try_lock(descriptor: int) -> bool:
    """Take the lock that says that the file is being written; False when another process has it, or none can say."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sync_folder(folder: str) -> None:
    """Make the rename last through a power failure, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
