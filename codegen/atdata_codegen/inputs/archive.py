"""Documents in a tar or zip file, which may be of a stranger's making: nothing is unpacked to disk, all is counted."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from atdata_codegen.inputs.limits import MAX_ARCHIVE, Gathered, wanted
from atdata_codegen.load import DEFAULT_LIMITS
from atdata_codegen.problems import ProblemError, clean

__all__ = ["is_archive", "read_archive"]

_MAX_MEMBERS: Final = 50_000
#: Of the others, :mod:`zipfile` unpacks as much as comes, however little is asked for.
_PACKED: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: What the two modules raise for files that were cut, changed or made to do harm.
_BROKEN: Final = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, KeyError,
    IndexError, OverflowError, NotImplementedError, RuntimeError, RecursionError, MemoryError, AttributeError,
)  # fmt: skip


def is_archive(path: str) -> bool:
    """Whether a file is one by what stands in it, or is called like one."""
    if path.endswith((".tar", ".tgz", ".tar.gz", ".zip")):
        return True
    with open(path, "rb") as stream:
        head = stream.read(512)
    return head.startswith((b"\x1f\x8b", b"PK\x03\x04")) or head[257:262] == b"ustar"


def read_archive(path: str, folder: str, what: str) -> Gathered:
    """Every ``.json`` member below ``folder``; links and devices are left out.

    Raises :class:`ProblemError` for what is no whole archive, or too much.
    """
    gathered = Gathered(what)
    inside = f"{folder}/" if folder else ""
    with _translated(gathered), open(path, "rb") as stream:
        head = stream.read(4)
        stream.seek(0)
        members = _zip(stream, gathered) if head == b"PK\x03\x04" else _tar(stream, gathered, head[:2] == b"\x1f\x8b")
        seen = 0
        for name, size, member in members:
            seen += 1
            if seen > _MAX_MEMBERS:
                raise gathered.refused(f"holds more than {_MAX_MEMBERS:,} files")
            name = name.removeprefix("./")
            if not wanted(name) or not name.startswith(inside):
                continue
            file = f"{path}:{name}"
            if gathered.room(file, size):
                gathered.add(file, member.read(DEFAULT_LIMITS.size + 1))
    gathered.sources.sort(key=lambda source: source.file)
    return gathered


def _tar(stream: IO[bytes], gathered: Gathered, packed: bool) -> Iterator[tuple[str, int, IO[bytes]]]:
    plain: IO[bytes] = gzip.GzipFile(fileobj=stream) if packed else stream  # type: ignore[assignment]  # reads bytes
    counted = _Counted(plain, gathered)
    with tarfile.open(fileobj=counted, mode="r|") as archive:
        for member in archive:
            if member.isreg() and (reader := archive.extractfile(member)) is not None:
                yield member.name, member.size, reader


def _zip(stream: IO[bytes], gathered: Gathered) -> Iterator[tuple[str, int, IO[bytes]]]:
    with zipfile.ZipFile(stream) as archive:
        if len(archive.infolist()) > _MAX_MEMBERS:
            raise gathered.refused(f"holds more than {_MAX_MEMBERS:,} files")
        for info in archive.infolist():
            if not info.is_dir() and info.filename.endswith(".json"):
                if info.compress_type not in _PACKED:
                    raise gathered.refused(
                        f"packs {clean(info.filename, 100)} in a way that is not read", "use deflate"
                    )
                with archive.open(info) as reader:
                    yield info.filename, info.file_size, reader


class _Counted(io.RawIOBase):
    """A stream that ends in an error when more comes out of it than an archive may hold."""

    def __init__(self, stream: IO[bytes], gathered: Gathered) -> None:
        self._stream = stream
        self._gathered = gathered
        self._left = MAX_ARCHIVE

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(data)
        if self._left < 0:
            raise self._gathered.refused(f"unpacks to more than {MAX_ARCHIVE >> 20} MiB", "pack the schemas alone")
        return data


@contextmanager
def _translated(gathered: Gathered) -> Iterator[None]:
    try:
        yield
    except ProblemError:
        raise
    except _BROKEN as error:
        message = f"is no whole tar or zip file: {clean(str(error) or type(error).__name__, 200)}"
        raise gathered.refused(message, "pack it again, as .tar, .tgz or .zip") from error
