"""Sessions between runs of a program: one text in a file that nobody else can read."""

from __future__ import annotations

import os

from atdata._writing.files import write_file

__all__ = ["full_path", "keep", "kept"]

_LARGEST = 1 << 16
_SEPARATOR = ":::"


def keep(path: str, session: str) -> None:
    """Write a session, for its owner's eyes only."""
    write_file(path, session.encode(), 0o600)


def kept(path: str, who: str) -> str | None:
    """The session in a file, when it is that of the handle or DID ``who``; else None."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LARGEST).strip()
    except (OSError, UnicodeDecodeError):
        return None
    handle, _, rest = text.partition(_SEPARATOR)
    return text if who.removeprefix("@").lower() in (handle.lower(), rest.partition(_SEPARATOR)[0]) else None


def full_path(path: str | os.PathLike[str]) -> str:
    """``path`` with ``~`` as the home folder."""
    return os.path.expanduser(os.fspath(path))
