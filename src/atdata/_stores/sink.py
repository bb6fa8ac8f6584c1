"""What writing needs of a store: objects that appear whole, and a session that they belong to."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from atdata._writing.files import NewFile

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Cached", "NewObject", "Piece", "Session"]

Piece = bytes | bytearray | memoryview

_CHUNK = 1 << 20


class NewObject(Protocol):
    """An object that is written: :class:`~atdata._writing.files.NewFile` is one."""

    def write(self, pieces: Sequence[Piece], /) -> None:
        """Append ``pieces``, whose memory may change once this is done."""
        ...

    def commit(self) -> None:
        """Let it appear. With a server it may still be on its way until the session's ``wait`` returned."""
        ...

    def abandon(self) -> None:
        """Leave no trace. Does nothing after :meth:`commit`."""
        ...


class Session(Protocol):
    """All objects of one write. Leaving it by an error abandons what is not whole."""

    @property
    def doubtful(self) -> set[str]:
        """Keys of objects that may be stored, or may yet be, although the answer said otherwise or never came."""
        ...

    def create(self, key: str) -> NewObject:
        """Begin the object ``key``."""
        ...

    def wait(self) -> None:
        """Return when all committed objects are stored, or raise."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Cached:
    """Shards finished in a folder of this machine first, each sent to ``session`` and removed when it is whole.

    A server then never sees the beginning of a shard whose end cannot be made.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folder = ""

    @property
    def doubtful(self) -> set[str]:
        return self._session.doubtful

    def __enter__(self) -> Self:
        self._folder = tempfile.mkdtemp(prefix="atdata-")
        try:
            self._session.__enter__()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._session.__exit__(kind, error, trace)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def create(self, key: str) -> NewObject:
        return _CachedObject(os.path.join(self._folder, key.rpartition("/")[2]), lambda: self._session.create(key))

    def wait(self) -> None:
        self._session.wait()


class _CachedObject:
    def __init__(self, path: str, create: Callable[[], NewObject]) -> None:
        self._path = path
        self._create = create
        self._file = NewFile(path)
        self.write = self._file.write
        self.abandon = self._file.abandon

    def commit(self) -> None:
        self._file.commit()
        try:
            target = self._create()
            with open(self._path, "rb", buffering=0) as file:
                while chunk := file.read(_CHUNK):
                    target.write([chunk])
            target.commit()
        finally:
            with contextlib.suppress(OSError):
                os.unlink(self._path)
