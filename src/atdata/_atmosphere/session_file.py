"""Sessions between runs of a program: one text in a file that nobody else can read."""

from __future__ import annotations

import os
import stat

from atdata._atmosphere.errors import AuthError
from atdata._errors import shown
from atdata._writing.files import write_file

__all__ = ["full_path", "keep", "kept"]

_LARGEST = 1 << 16
_SEPARATOR = ":::"


def keep(path: str, session: str) -> None:
    """Write a session, for its owner's eyes only."""
    write_file(path, session.encode(), 0o600)


def kept(path: str, who: str) -> str | None:
    """The session in a file, when it is that of the handle or DID ``who``; else None.

    :class:`AuthError` for a file that somebody else may have written: its server would be given what is published.
    """
    try:
        handle_of_file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle_of_file, encoding="utf-8") as file:
            status = os.fstat(handle_of_file)
            if not stat.S_ISREG(status.st_mode):
                return None
            if os.name == "posix" and (status.st_mode & 0o022 or status.st_uid not in (os.geteuid(), 0)):
                raise AuthError(f"{shown(path, 300)}: others may write this session; remove it, and log in again")
            text = file.read(_LARGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, AuthError):
            raise
        return None
    handle, _, rest = text.partition(_SEPARATOR)
    return text if who.removeprefix("@").lower() in (handle.lower(), rest.partition(_SEPARATOR)[0]) else None


def full_path(path: str | os.PathLike[str]) -> str:
    """``path`` with ``~`` as the home folder."""
    return os.path.expanduser(os.fspath(path))
