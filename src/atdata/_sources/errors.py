"""What can be wrong with an address, or with what is there.

UrlError                also ValueError: an address that is not one, or that may not be opened
SourceError             also OSError: a server or store that did not give the bytes
├── ShardNotFoundError  also FileNotFoundError: there is nothing at the address
└── FolderError         also IsADirectoryError: a folder where a shard is asked for
"""

from __future__ import annotations

import os
from typing import IO

from atdata._errors import AtdataError

__all__ = ["FolderError", "ShardNotFoundError", "SourceError", "UrlError", "open_file", "url_text"]


def url_text(url: str, limit: int = 200) -> str:
    """An address made fit for a message: printable, bounded, and without the password or query it may hold."""
    head, mark, _ = url.partition("?")
    scheme, slashes, rest = head.partition("://")
    if slashes and "@" in rest.partition("/")[0]:
        head = f"{scheme}://...@{rest.partition('@')[2]}"
    head += "?..." if mark else ""
    return ascii(head if len(head) <= limit else head[: limit // 2] + "..." + head[-limit // 2 :])


class UrlError(AtdataError, ValueError):
    """An address that cannot be opened, or must not be."""


class SourceError(AtdataError, OSError):
    """Bytes that did not come. ``status`` is the server's answer, where there was one."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), str(self), self.status)


def _rebuild(kind: type[SourceError], message: str, status: int | None) -> SourceError:
    return kind(message, status=status)


class ShardNotFoundError(SourceError, FileNotFoundError):
    """There is no shard at the address."""


class FolderError(SourceError, IsADirectoryError):
    """The address of a shard is that of a folder."""


def open_file(path: str) -> IO[bytes]:
    """A file here, opened to be read; :class:`ShardNotFoundError` says where it was looked for."""
    try:
        return open(path, "rb")
    except IsADirectoryError as error:
        shown = url_text(path)
        shards = url_text(os.path.join(path, "*.tar"))
        raise FolderError(f"{shown} is a folder; name its shards, as {shards}, or use load_dataset({shown})") from error
    except FileNotFoundError as error:
        where = "" if os.path.isabs(path) else f" in {os.getcwd()!a}"
        raise ShardNotFoundError(f"there is no file {url_text(path)}{where}") from error
