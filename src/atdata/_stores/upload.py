"""Uploads to S3: parts in parallel, memory bounded, all or nothing.

Every object carries a random token of its upload. When a reply is lost and the request, made again, is refused
because the object is there already, the token says whether it is ours.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
import uuid
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any

from atdata._stores.errors import StoreError, StoreUnavailableError
from atdata._stores.requests import answer_of, call
from atdata._stores.sink import Piece

if TYPE_CHECKING:
    from typing import Self

__all__ = ["PART_SIZE", "Upload", "UploadSession"]

#: The size of parts; two of them per thread are the most that is in memory.
PART_SIZE = 8 << 20
_MOST_PARTS = 10_000
_TOKEN = "atdata-upload"


class UploadSession:
    """Uploads to one bucket that succeed or fail together."""

    def __init__(self, client: Any, bucket: str, *, part_size: int = PART_SIZE, parallel: int = 4) -> None:
        self.client = client
        self.bucket = bucket
        self.part_size = part_size
        #: Whether the server knows conditions and checksums; found out by trying.
        self.extras = True
        self.doubtful: set[str] = set()
        self._parallel = parallel
        self._slots = threading.BoundedSemaphore(parallel)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._uploads: list[Upload] = []
        self._pool: ThreadPoolExecutor | None = None

    def create(self, key: str) -> Upload:
        """Begin the object ``key``; nothing is sent before its first part is full."""
        upload = Upload(self, key)
        self._uploads.append(upload)
        return upload

    def wait(self) -> None:
        """Return when all committed uploads are stored, or raise what went wrong first."""
        for upload in self._uploads:
            if upload.stored is not None:
                with contextlib.suppress(Exception):  # the first failure is raised below, with the rest stopped
                    upload.stored.result()
        self.check()
        self._uploads = [upload for upload in self._uploads if upload.stored is None]

    def check(self) -> None:
        """Raise what went wrong in any thread."""
        if self._failure is not None:
            raise self._failure

    def submit(self, work: Callable[[], Any], *, holds_memory: bool = True) -> Future[Any]:
        """Do ``work`` in a thread, waiting for a free one when it holds memory."""
        if holds_memory:
            self._slots.acquire()
        try:
            self.check()
            assert self._pool is not None, "the session was not entered"
            future = self._pool.submit(self._guarded, work)
        except BaseException:
            if holds_memory:
                self._slots.release()
            raise
        if holds_memory:
            future.add_done_callback(lambda _: self._slots.release())
        return future

    def _guarded(self, work: Callable[[], Any]) -> Any:
        if self._stop.is_set():
            raise StoreUnavailableError("stopped, since another upload failed")
        try:
            return work()
        except BaseException as error:
            if not self._stop.is_set():
                self._failure = error
                self._stop.set()
            raise

    def request(self, operation: str, key: str, extras: dict[str, Any], **parameters: Any) -> tuple[Any, int]:
        """One request, with ``extras`` while the server knows them; see :func:`atdata._stores.requests.call`."""
        url = f"s3://{self.bucket}/{key}"
        method = getattr(self.client, operation)
        while True:
            given = extras if self.extras else {}
            try:
                return call(method, url, stopped=self._stop.is_set, Bucket=self.bucket, Key=key, **parameters, **given)
            except StoreError as error:
                cause = error.__cause__
                code, status = answer_of(cause) if isinstance(cause, Exception) else ("", 0)
                unknown = code == "NotImplemented" or status == 501 or type(cause).__name__ == "ParamValidationError"
                if not (given and unknown):
                    raise
                self.extras = False

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="atdata-upload")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stop.set()
        assert self._pool is not None
        # Parts that are still under way must end before an upload can be aborted for good.
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)
        for upload in self._uploads:
            upload.abandon()
        self._uploads = []


class Upload:
    """One object on its way."""

    def __init__(self, session: UploadSession, key: str) -> None:
        self.key = key
        self.stored: Future[Any] | None = None
        self._session = session
        self._token = uuid.uuid4().hex
        self._buffer = bytearray()
        self._id: str | None = None
        self._asked = 0
        self._parts: list[Future[dict[str, Any]]] = []
        self._whole = False

    def write(self, pieces: Sequence[Piece]) -> None:
        """Append ``pieces``; full parts are sent while more is written."""
        self._session.check()
        size = self._session.part_size
        for piece in pieces:
            rest = memoryview(piece).cast("B")
            while len(rest):
                if len(self._buffer) == size:
                    self._send_part()
                room = size - len(self._buffer)
                self._buffer += rest[:room]
                rest = rest[room:]

    def commit(self) -> None:
        """Send what is left; ``stored`` is done when the object is there."""
        body, self._buffer = self._buffer, bytearray()
        if self._id is None:
            self.stored = self._session.submit(lambda: self._put(body))
            return
        self._buffer = body
        self._send_part()
        # Parts were queued before and wait for nothing, so this cannot wait for ever.
        self.stored = self._session.submit(self._complete, holds_memory=False)

    def abandon(self) -> None:
        """Abort the upload unless it is whole."""
        self._buffer = bytearray()
        if self._asked and not self._whole:
            self._abort_all()

    def _put(self, body: bytearray) -> None:
        sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
        self._stored_by(
            "put_object", {"IfNoneMatch": "*", "ChecksumSHA256": sha}, Body=body, Metadata={_TOKEN: self._token}
        )

    def _send_part(self) -> None:
        if self._id is None:
            self._begin()
        number = len(self._parts) + 1
        if number > _MOST_PARTS:
            limit = _MOST_PARTS * self._session.part_size
            raise StoreError(
                f"s3://{self._session.bucket}/{self.key}: more than {limit} bytes in one shard; "
                "give maxsize= to cut smaller shards, or a larger part_size= to the store",
                url=f"s3://{self._session.bucket}/{self.key}",
            )
        body, self._buffer = self._buffer, bytearray()
        self._parts.append(self._session.submit(lambda: self._part(number, body)))

    def _begin(self) -> None:
        self._asked = 1
        answer, retries = self._session.request(
            "create_multipart_upload", self.key, {"ChecksumAlgorithm": "CRC32"}, Metadata={_TOKEN: self._token}
        )
        self._asked += retries
        self._id = answer["UploadId"]

    def _part(self, number: int, body: bytearray) -> dict[str, Any]:
        crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        answer, _ = self._session.request(
            "upload_part", self.key, {"ChecksumCRC32": crc}, UploadId=self._id, PartNumber=number, Body=body
        )
        part = {"PartNumber": number, "ETag": answer["ETag"]}
        return {**part, "ChecksumCRC32": crc} if self._session.extras else part

    def _complete(self) -> None:
        parts = [part.result() for part in self._parts]
        self._stored_by(
            "complete_multipart_upload",
            {"IfNoneMatch": "*"},
            UploadId=self._id,
            MultipartUpload={"Parts": parts if self._session.extras else [_plain(part) for part in parts]},
        )
        if self._asked > 1:  # a lost reply began an upload that nobody knows the name of
            self._abort_all()

    def _stored_by(self, operation: str, extras: dict[str, Any], **parameters: Any) -> None:
        """The request that lets the object appear. It may have appeared although the reply says otherwise."""
        try:
            self._session.request(operation, self.key, extras, **parameters)
        except StoreError as error:
            if error.status not in (404, 409, 412) or not self._is_ours():
                if isinstance(error, StoreUnavailableError):
                    self._session.doubtful.add(self.key)
                raise
        self._whole = True

    def _is_ours(self) -> bool:
        try:
            answer, _ = self._session.request("head_object", self.key, {})
        except StoreError:
            return False
        return bool(answer.get("Metadata", {}).get(_TOKEN) == self._token)

    def _abort_all(self) -> None:
        """Abort every upload to this key, which no other writer has. What fails here is left to ``gc``."""
        session = self._session
        found = {self._id} if self._id is not None else set()
        with contextlib.suppress(StoreError):
            if self._asked > 1 or self._id is None:
                listed, _ = call(
                    session.client.list_multipart_uploads, self.key, Bucket=session.bucket, Prefix=self.key
                )
                found |= {each["UploadId"] for each in listed.get("Uploads", ()) if each["Key"] == self.key}
        for upload in found - ({self._id} if self._whole else set()):
            with contextlib.suppress(StoreError):
                call(
                    session.client.abort_multipart_upload,
                    self.key,
                    Bucket=session.bucket,
                    Key=self.key,
                    UploadId=upload,
                )


def _plain(part: dict[str, Any]) -> dict[str, Any]:
    return {"PartNumber": part["PartNumber"], "ETag": part["ETag"]}
