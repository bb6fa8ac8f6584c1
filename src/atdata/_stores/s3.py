"""Shards in S3, and in what speaks its language."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import IO, Any
from urllib.parse import quote, unquote

from atdata._errors import shown
from atdata._sources.s3 import is_bucket
from atdata._stores.credentials import endpoint_of, read_credentials
from atdata._stores.errors import StoreError, StoreMissingError, place
from atdata._stores.requests import call, make_client
from atdata._stores.store import ShardStore
from atdata._stores.stored import Found
from atdata._stores.upload import PART_SIZE, Upload, UploadSession

__all__ = ["S3DataStore"]

_AT_ONCE = 1000
_WEEK = 7 * 24 * 3600
_SMALLEST_PART = 5 << 20
_PARTS = 9_000


class S3DataStore(ShardStore):
    """Stores shards in a bucket of S3 or a service like it: R2, MinIO, Ceph, SeaweedFS.

    ``credentials`` are a dictionary with ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and perhaps
    ``AWS_SESSION_TOKEN``, ``AWS_DEFAULT_REGION`` and ``AWS_ENDPOINT``, or the path of a ``.env`` file with such lines.
    What they leave out boto3 looks for where it always does: environment, files, the machine's role. ``endpoint_url``
    counts before ``AWS_ENDPOINT``, which without ``credentials`` may stand in the environment, too. All keys begin
    with ``prefix``.

    Large shards are sent as parts of ``part_size`` bytes, ``parallel`` of them at once; that many are in memory. A
    request unanswered for ``timeout`` seconds counts as failed, and is made at most twice again.

    The file is read at once; nothing connects before the first use, and the credentials are never shown.

    >>> store = S3DataStore({"AWS_ENDPOINT": "https://r2.example.com"}, bucket="data")
    >>> store.read_url("s3://data/train/0.tar")
    'https://r2.example.com/data/train/0.tar'
    """

    def __init__(
        self,
        credentials: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        part_size: int = PART_SIZE,
        parallel: int = 4,
        timeout: float = 60.0,
    ) -> None:
        if not is_bucket(bucket):
            raise ValueError(f"{shown(bucket)} is no name of a bucket; a folder in it is given as prefix=")
        if part_size < _SMALLEST_PART:
            raise ValueError(f"part_size is at least {_SMALLEST_PART}, as S3 has it, not {part_size}")
        if parallel < 1:
            raise ValueError(f"parallel is at least 1, not {parallel}")
        super().__init__(prefix)
        self.bucket = bucket
        self.prefix = prefix
        self._given = dict(credentials) if isinstance(credentials, Mapping) else credentials
        self._credentials = read_credentials(self._given)
        self._endpoint_url = endpoint_url
        self._part_size = part_size
        self._parallel = parallel
        self._timeout = timeout
        self._made: tuple[int, Any] | None = None

    @property
    def credentials(self) -> dict[str, str]:
        """The ``AWS_*`` settings given; empty when boto3 is to find them."""
        return self._credentials

    @property
    def endpoint_url(self) -> str | None:
        """The server's address; None is Amazon's."""
        found = self._endpoint_url or endpoint_of(self.credentials)
        return found or (endpoint_of(os.environ) if self._given is None else None)

    def __repr__(self) -> str:
        return f"S3DataStore({self._url(self._folder)!a})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}

    # ------------------------------------------------------------------ URLs

    def read_url(self, url: str) -> str:
        """``url`` below the store's endpoint, as plain HTTP clients read it where nothing is private.

        URLs that are not ``s3://``, and all when there is no endpoint, come back as they are. :meth:`presign`
        makes URLs for private data.
        """
        endpoint = self.endpoint_url
        if endpoint is None or not url.startswith("s3://"):
            return url
        return f"{endpoint.rstrip('/')}/{quote(url.removeprefix('s3://'), safe=_AS_IT_IS)}"

    def presign(self, url: str, expires: float | timedelta = 3600) -> str:
        """A URL by which anybody can read the object ``url`` of this bucket, for ``expires`` seconds, a week at most.

        >>> keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
        >>> store = S3DataStore(keys, bucket="data", endpoint_url="https://r2.example.com")
        >>> store.presign("s3://data/0.tar", expires=60).split("&")[0]
        'https://r2.example.com/data/0.tar?X-Amz-Algorithm=AWS4-HMAC-SHA256'
        """
        seconds = int(expires.total_seconds() if isinstance(expires, timedelta) else expires)
        if not 1 <= seconds <= _WEEK:
            raise ValueError(f"expires is between 1 second and a week ({_WEEK}), not {seconds}")
        parameters = {"Bucket": self.bucket, "Key": self._key(url)}
        signed, _ = call(
            self._client.generate_presigned_url,
            url,
            ClientMethod="get_object",
            Params=parameters,
            ExpiresIn=seconds,
        )
        return str(signed)

    def _url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _key(self, url: str) -> str:
        base = f"s3://{self.bucket}/"
        key = url.removeprefix(base) if url.startswith(base) else ""
        endpoint = self.endpoint_url
        if endpoint and url.startswith(base := f"{endpoint.rstrip('/')}/{self.bucket}/"):
            key = unquote(url.removeprefix(base).partition("?")[0])  # as read_url and presign have it
        if not key:
            raise ValueError(f"{place(url)} is not in the bucket {self.bucket!a}")
        return key

    # ------------------------------------------------------------------ objects

    @property
    def _client(self) -> Any:
        """boto3's client, made at first use in each process."""
        if self._made is None or self._made[0] != os.getpid():
            made = make_client(
                self.credentials, self.endpoint_url, timeout=self._timeout, connections=self._parallel + 4
            )
            self._made = (os.getpid(), made)
        return self._made[1]

    def _session(self, maxsize: float | None) -> UploadSession:
        part_size = max(self._part_size, int(maxsize or 0) // _PARTS + 1)
        return UploadSession(self._client, self.bucket, part_size=part_size, parallel=self._parallel)

    def _put(self, key: str, content: bytes) -> None:
        with UploadSession(self._client, self.bucket, part_size=len(content) + 1, parallel=1) as session:
            upload: Upload = session.create(key)
            upload.write([content])
            upload.commit()
            session.wait()

    def _open(self, key: str) -> IO[bytes]:
        from atdata._sources._boto import S3Stream

        return io.BufferedReader(S3Stream(self._client, self.bucket, key, retries=2), 1 << 17)

    def _scan(self, start: str) -> Iterator[Found]:
        markers = {"ContinuationToken": "NextContinuationToken"}
        for each in self._listed("list_objects_v2", "Contents", ("Size", "LastModified"), start, markers):
            yield Found(each["Key"], int(each["Size"]), each["LastModified"].timestamp())

    def _unfinished(self, start: str) -> Iterator[Found]:
        return (Found(each["Key"], 0, each["Initiated"].timestamp()) for each in self._uploads(start))

    def _uploads(self, start: str) -> Iterator[Any]:
        markers = {"KeyMarker": "NextKeyMarker", "UploadIdMarker": "NextUploadIdMarker"}
        return self._listed("list_multipart_uploads", "Uploads", ("UploadId", "Initiated"), start, markers)

    def _listed(
        self, operation: str, what: str, fields: tuple[str, str], start: str, markers: Mapping[str, str]
    ) -> Iterator[Any]:
        """All that a server lists, page by page, of what begins with ``start``, whether it keeps to that or not."""
        url = self._url(start)
        more: dict[str, Any] = {}
        seen: set[tuple[Any, ...]] = set()
        while True:
            page, _ = call(getattr(self._client, operation), url, Bucket=self.bucket, Prefix=start, **more)
            listed = page.get(what, ())
            if not all({"Key", *fields} <= each.keys() for each in listed):
                raise StoreError(f"{place(url)}: what the server lists has no {' or '.join(fields)}", url=url)
            yield from (each for each in listed if each["Key"].startswith(start))
            more = {name: page[field] for name, field in markers.items() if page.get(field)}
            if not page.get("IsTruncated"):
                return
            first = (listed[0]["Key"], listed[0][fields[0]]) if listed else tuple(more.values())
            if first in seen or not more:
                raise StoreError(f"{place(url)}: what the server lists has no end", url=url)
            seen.add(first)

    def _remove(self, keys: list[str]) -> None:
        for first in range(0, len(keys), _AT_ONCE):
            some = keys[first : first + _AT_ONCE]
            answer, _ = call(
                self._client.delete_objects,
                self._url(some[0]),
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": key} for key in some], "Quiet": True},
            )
            failed = [each for each in answer.get("Errors", ()) if each.get("Code") != "NoSuchKey"]
            if failed:
                left = [self._url(str(each.get("Key"))) for each in failed]
                reason = shown(f"{failed[0].get('Code')}: {failed[0].get('Message')}", 200)
                raise StoreError(
                    f"{len(failed)} objects could not be removed, among them {left[0]!a}: {reason}",
                    url=left[0],
                    leftovers=left,
                )

    def _discard(self, keys: list[str]) -> None:
        for key in keys:
            for each in list(self._uploads(key)):
                if each["Key"] != key:
                    continue
                with contextlib.suppress(StoreMissingError):  # somebody else was faster
                    call(
                        self._client.abort_multipart_upload,
                        self._url(key),
                        Bucket=self.bucket,
                        Key=key,
                        UploadId=each["UploadId"],
                    )


#: What stays as it is in a path: all that is allowed there, and the braces of patterns.
_AS_IT_IS = "/~!$&'()*+,;=:@{}"
