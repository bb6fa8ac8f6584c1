"""Files of a folder that somebody else may have filled: read only where they are files, and written under new names.

A folder from a stranger may hold a FIFO, which never ends, a link to a device, which ends as little, or a link in
the place of a folder, which leads what is written or removed there to somewhere else.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable

__all__ = ["create", "is_folder", "linked_folder", "read_file"]

_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PATIENT = getattr(os, "O_NONBLOCK", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def read_file(path: str, limit: int = -1) -> bytes:
    """The bytes of a file, the first ``limit`` of them where it is given.

    Raises OSError where there is none, and at once for whatever is no regular file.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "is no regular file", path)
    handle = os.open(path, os.O_RDONLY | _BINARY | _PATIENT)
    with open(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # put in its place since
            raise OSError(errno.EINVAL, "is no regular file", path)
        return stream.read(limit)


def create(path: str) -> int:
    """A handle for writing to a file that was not there before."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _NO_LINK, 0o666)


def is_folder(path: str) -> bool:
    """Whether ``path`` is a folder itself and no link to one."""
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def linked_folder(root: str, names: Iterable[str]) -> str | None:
    """The first link below ``root`` that stands for a folder on the way to one of ``names``; None without any."""
    seen: set[str] = set()
    for name in names:
        parts = name.split("/")[:-1]
        for depth in range(len(parts), 0, -1):
            folder = "/".join(parts[:depth])
            if folder in seen:
                break
            seen.add(folder)
            path = os.path.join(root, folder)
            if os.path.islink(path):
                return path
    return None
