"""The blobs of one write: each gathered in a temporary file, and uploaded when it is whole."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from atdata._atmosphere.errors import TooLargeError
from atdata._stores.errors import StoreError
from atdata._stores.sink import Piece

if TYPE_CHECKING:
    from typing import Self

    from atdata._atmosphere.client import AtmosphereClient

__all__ = ["LargerThanLimitError", "RefusedSizeError", "Uploads"]

_MIME_TYPE = "application/x-tar"


class LargerThanLimitError(StoreError, ValueError):
    """A shard that is larger than a blob may be."""


class RefusedSizeError(StoreError, ValueError):
    """A shard that the server found too large, which had not told what it takes."""


class Uploads:
    """All blobs of one write; :class:`~atdata._stores.sink.Session` says what it must do."""

    def __init__(self, client: AtmosphereClient, limit: int) -> None:
        self.client = client
        self.limit = limit
        self.blobs: list[dict[str, Any]] = []
        self.doubtful: set[str] = set()

    def create(self, key: str) -> _NewBlob:
        return _NewBlob(self)

    def wait(self) -> None:
        """Everything was sent when it was committed."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass


class _NewBlob:
    """A shard that is gathered in a temporary file, and uploaded when it is whole."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._size = 0
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="atdata-", buffering=0)  # noqa: SIM115

    def write(self, pieces: Sequence[Piece]) -> None:
        self._size += sum(map(len, pieces))
        if self._size > self._uploads.limit:
            raise LargerThanLimitError(
                f"a shard is larger than the {self._uploads.limit:,} bytes that a blob may have; "
                "give a Dataset rather than a source to have it cut; a sample that is so large is kept elsewhere"
            )
        for piece in pieces:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]

    def commit(self) -> None:
        try:
            self._file.seek(0)
            self._uploads.blobs.append(self._uploads.client.upload_blob(self._file, _MIME_TYPE))
        except TooLargeError as error:
            raise RefusedSizeError(
                f"the server refused a shard of {self._size:,} bytes as too large; say what it takes, such as "
                f"PDSBlobStore(client, max_blob_size={max(1, self._size // 10)})"
            ) from error
        finally:
            self._file.close()

    def abandon(self) -> None:
        self._file.close()
