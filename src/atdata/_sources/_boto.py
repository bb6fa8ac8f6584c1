"""The one door to boto3: clients, and objects as streams that are resumed where they broke."""

from __future__ import annotations

import io
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from atdata._sources.errors import ShardNotFoundError, SourceError, UrlError, url_text
from atdata_lexicon.errors import MissingExtraError

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = [
    "DENIED",
    "MISSING",
    "S3Stream",
    "answer_of",
    "is_broken",
    "is_without_credentials",
    "make_client",
    "s3_error",
]

#: Codes by which S3 and services like it say that there is no such thing.
MISSING = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})
#: Codes by which they say that one may not.
DENIED = frozenset(
    {
        "401",
        "403",
        "AccessDenied",
        "AuthorizationHeaderMalformed",
        "ExpiredToken",
        "Forbidden",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "Unauthorized",
    }
)
#: Bytes and seconds of an answer that is no object.
_LARGEST = 8 << 20
_PATIENCE = 60


def make_client(
    *,
    endpoint_url: str | None,
    access_key: str | None,
    secret_key: str | None,
    session_token: str | None,
    region: str | None,
    anonymous: bool = False,
    **settings: Any,
) -> Any:
    """A boto3 client for S3. What is None comes from the environment, files or role; ``settings`` are botocore's."""
    try:
        boto3: Any = import_module("boto3")
        config: Any = import_module("botocore.config").Config
    except ImportError:
        raise MissingExtraError("S3 needs boto3: pip install 'atdata[s3]'") from None
    options: dict[str, Any] = {
        "retries": {"max_attempts": 5, "mode": "standard"},
        "connect_timeout": 10,
        "read_timeout": 30,
        "signature_version": import_module("botocore").UNSIGNED if anonymous else "s3v4",
        **settings,
    }
    if endpoint_url:  # few servers but Amazon's know virtual hosts
        options["s3"] = {"addressing_style": "path"}
    try:
        made = config(**options)
    except TypeError:  # before boto3 1.36 there were no such settings, and no such checksums
        made = config(**{name: value for name, value in options.items() if "checksum" not in name})
    session = boto3.session.Session()
    client = session.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=session_token,
        region_name=region or session.region_name or "us-east-1",
        config=made,
    )
    client._endpoint.http_session = _Bounded(client._endpoint.http_session)
    return client


class _Bounded:
    """botocore's way to the network, but for answers without an end: it would read them whole, however long they are.

    What is streamed is left alone.
    """

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        streamed, request.stream_output = request.stream_output, True
        response = self._session.send(request)
        if response.status_code >= 300 or not streamed:
            try:
                response._content = _read(response.raw)
            except Exception as error:  # as botocore has it
                failure: Any = import_module("botocore.exceptions").HTTPClientError
                raise failure(error=error) from error
        return response

    def close(self) -> None:
        self._session.close()


def _read(raw: Any) -> bytes:
    """The rest of an answer, which is a list or an error; that of a thousand long names has 4 MB."""
    end = time.monotonic() + _PATIENCE
    read = getattr(raw, "read1", raw.read)
    found = bytearray()
    while part := read(1 << 16):
        found += part
        if len(found) > _LARGEST or time.monotonic() > end:
            raw.close()
            raise OSError(f"an answer of more than {_LARGEST} bytes, or of more than {_PATIENCE} seconds")
    return bytes(found)


def answer_of(error: Exception) -> tuple[str, int]:
    """The code and HTTP status in an error of botocore; empty and 0 when nothing was answered."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return "", 0
    return str(response["Error"].get("Code", "")), int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_broken(error: Exception) -> bool:
    """Whether nothing whole was answered: no connection, one that broke, or what is no answer of S3."""
    botocore: Any = import_module("botocore.exceptions")
    garbled: type[Exception] = import_module("botocore.parsers").ResponseParserError
    failures = (botocore.HTTPClientError, botocore.ConnectionError, botocore.IncompleteReadError, garbled, OSError)
    return isinstance(error, failures)


def is_without_credentials(error: Exception) -> bool:
    """Whether there was nothing to sign a request with."""
    return type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")


def s3_error(url: str, error: Exception) -> Exception:
    """What boto3 raised, as an error of ours."""
    code, status = answer_of(error)
    reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:240]
    if code in MISSING:
        return ShardNotFoundError(f"{url_text(url)}: there is no such object ({code})", status=status)
    if code in DENIED:
        return SourceError(f"{url_text(url)}: access denied ({code}); check the credentials and bucket", status=status)
    if is_without_credentials(error):
        return SourceError(
            f"{url_text(url)}: no credentials; pass access_key= and secret_key=, set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY, or pass anonymous=True for a public bucket"
        )
    return SourceError(f"{url_text(url)}: {reason}", status=status or None)


class S3Stream(io.RawIOBase):
    """The content of one object, asked for at the first read."""

    def __init__(
        self,
        client: Any,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        stop: int | None = None,
        etag: str | None = None,
        retries: int = 4,
        pause: float = 0.25,
    ) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        self._url = f"s3://{bucket}/{key}"
        self._retries = retries
        self._pause = pause
        self._failures = 0
        self._position = start
        self._stop = stop
        #: Where the content ends that was asked for.
        self._end: int | None = None
        #: What says that the object is still the same, and its size, when a part of it was asked for.
        self.etag = etag
        self.total: int | None = None
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, target: Buffer) -> int:
        view = memoryview(target).cast("B")
        while len(view) and self._position != self._end:
            try:
                if self._body is None:
                    self._open()
                part = self._body.read(len(view)) if self._body is not None else b""
                if not part and self._position != self._end:
                    raise ConnectionError("the connection ended early")
            except (SourceError, UrlError):
                raise
            except Exception as error:  # botocore and urllib3 each have their own
                self._failed(error)
                continue
            self._failures = 0
            view[: len(part)] = part
            self._position += len(part)
            return len(part)
        return 0

    def _open(self) -> None:
        more: dict[str, str] = {}
        if self._position or self._stop is not None:
            more["Range"] = f"bytes={self._position}-{'' if self._stop is None else self._stop - 1}"
        if self.etag is not None:
            more["IfMatch"] = self.etag
        answer = self._client.get_object(**self._where, **more)
        self._body = answer["Body"]
        self.etag = answer.get("ETag")
        first, _, total = str(answer.get("ContentRange", "")).partition("/")
        if more.get("Range") and not first.startswith(f"bytes {self._position}-"):
            total = ""
        if total.isascii() and total.isdigit() and len(total) < 20:
            self.total = int(total)
        elif more.get("Range"):
            raise SourceError(f"{url_text(self._url)}: the server sent another range than it was asked for")
        if self._end is None:
            self._end = self._position + int(answer["ContentLength"])

    def _failed(self, error: Exception) -> None:
        self._hang_up()
        self._failures += 1
        _, status = answer_of(error)
        if 0 < status < 500 or self._failures > self._retries or is_without_credentials(error):
            raise s3_error(self._url, error) from error
        time.sleep(min(self._pause * 2.0 ** (self._failures - 1), 8.0))

    def _hang_up(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None

    def close(self) -> None:
        self._hang_up()
        super().close()
