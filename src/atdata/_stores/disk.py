"""Shards in a folder of this machine."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Self
from urllib.parse import unquote, urlsplit

from atdata._stores.errors import StoreError, StoreMissingError, place
from atdata._stores.names import group_of
from atdata._stores.sink import Session
from atdata._stores.store import ShardStore
from atdata._stores.stored import Found
from atdata._writing.files import NewFile, sweep, write_file

__all__ = ["DiskDataStore"]

_TEMPORARY = ".tmp"


class DiskDataStore(ShardStore):
    """Stores shards in the folder ``path``, by the same contract as :class:`S3DataStore`; URLs are absolute paths.

    Each file is written under another name, synced and renamed: under its own name it is whole. The folder is made
    at the first write.

    >>> import atdata, tempfile
    >>> @atdata.packable
    ... class Word:
    ...     text: str
    >>> store = DiskDataStore(tempfile.mkdtemp())
    >>> urls = store.write_shards([Word(text="a"), Word(text="b")], prefix="words/v1", maxcount=1)
    >>> len(urls), store.verify(urls).ok
    (2, True)
    """

    def __init__(self, path: str | os.PathLike[str], *, prefix: str = "") -> None:
        super().__init__(prefix)
        self.path = os.path.abspath(os.path.expanduser(os.fspath(path)))
        self.prefix = prefix

    def __repr__(self) -> str:
        return f"DiskDataStore({self.path!a})"

    def read_url(self, url: str) -> str:
        """``url`` itself: files are read where they are."""
        return url

    def _url(self, key: str) -> str:
        return os.path.join(self.path, *key.split("/"))

    def _key(self, url: str) -> str:
        path = unquote(urlsplit(url).path) if url.startswith("file:") else url
        slash = "/" if path.endswith("/") else ""
        path = os.path.abspath(os.path.expanduser(path))
        inside = os.path.relpath(path, self.path) if path != self.path else ""
        if inside == os.pardir or inside.startswith(os.pardir + os.sep) or os.path.isabs(inside):
            raise ValueError(f"{place(url)} is not in the folder {place(self.path)}")
        return inside.replace(os.sep, "/") + slash

    def _session(self, maxsize: float | None) -> Session:
        return _Files(self)

    def _cached(self, cache_local: bool, maxsize: float | None) -> Session:
        return _Files(self)  # which is on this machine

    def _put(self, key: str, content: bytes) -> None:
        write_file(self._url(key), content)

    def _open(self, key: str) -> IO[bytes]:
        # Whoever shares the folder may have put a pipe or a device there, which would be read for ever.
        handle = os.open(self._url(key), os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise StoreError(f"{place(self._url(key))} is no file", url=self._url(key))
        return os.fdopen(handle, "rb")

    def _scan(self, start: str) -> Iterator[Found]:
        return (found for found in self._files(start) if not found.key.endswith(_TEMPORARY))

    def _unfinished(self, start: str) -> Iterator[Found]:
        folder, _, name = start.rpartition("/")
        hidden = f"{folder}/.{name}" if folder else f".{name}"
        for found in self._files(hidden if name else start):
            if found.key.endswith(_TEMPORARY) and group_of(found.key):
                yield found

    def _files(self, start: str) -> Iterator[Found]:
        """All files whose keys begin with ``start``, in order; links are not followed."""
        top = self._url(start.rpartition("/")[0])
        for folder, folders, files in os.walk(top, onerror=_unless_gone):
            folders.sort()
            for name in sorted(files):
                path = os.path.join(folder, name)
                key = os.path.relpath(path, self.path).replace(os.sep, "/")
                if key.startswith(start):
                    try:
                        status = os.lstat(path)
                    except FileNotFoundError:  # removed meanwhile
                        continue
                    yield Found(key, status.st_size, status.st_mtime)

    def _remove(self, keys: list[str]) -> None:
        for key in keys:
            try:
                os.unlink(self._url(key))
            except FileNotFoundError:
                pass
            except OSError as error:
                raise StoreError(f"{self._url(key)!a} could not be removed: {error}", url=self._url(key)) from error

    def _discard(self, keys: list[str]) -> None:
        for key in keys:
            folder, _, name = key.rpartition("/")
            # The name of a temporary file is its own with a dot before and a random number behind.
            own = name.removeprefix(".").removesuffix(_TEMPORARY).rpartition(".")[0]
            sweep(os.path.join(glob.escape(self._url(folder)), glob.escape(own)))


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise StoreMissingError(f"{str(error.filename)!a} cannot be listed: {error}") from error


class _Files:
    """The files of one write."""

    def __init__(self, store: DiskDataStore) -> None:
        self._store = store
        self._begun: list[NewFile] = []
        self.doubtful: set[str] = set()

    def create(self, key: str) -> NewFile:
        file = NewFile(self._store._url(key))
        self._begun.append(file)
        return file

    def wait(self) -> None:
        """Files are whole as soon as they are committed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._begun:
            file.abandon()
