"""A store in S3: whether it can be reached, lets us do all we do, and nobody else."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import uuid4

from atdata._doctor.checks import Part, reason
from atdata._errors import shown
from atdata._sources._boto import DENIED, answer_of, is_without_credentials, make_client

__all__ = ["check_s3"]

_SKEW = 60.0


class _Bucket:
    """The bucket that is looked at, with a client of our credentials."""

    def __init__(
        self, bucket: str, prefix: str, settings: Mapping[str, str], endpoint: str | None, timeout: float
    ) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.key = f"{self.prefix}.doctor-{uuid4().hex}"
        self.settings, self.endpoint, self.timeout = settings, endpoint, timeout
        self.client = self.client_of(anonymous=False)

    def client_of(self, *, anonymous: bool) -> Any:
        mine = {} if anonymous else self.settings
        return make_client(
            endpoint_url=self.endpoint,
            access_key=mine.get("AWS_ACCESS_KEY_ID"),
            secret_key=mine.get("AWS_SECRET_ACCESS_KEY"),
            session_token=mine.get("AWS_SESSION_TOKEN"),
            region=self.settings.get("AWS_REGION") or self.settings.get("AWS_DEFAULT_REGION"),
            anonymous=anonymous,
            retries={"total_max_attempts": 1},
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    def ask(self, operation: str, **parameters: Any) -> Any:
        return getattr(self.client, operation)(Bucket=self.bucket, **parameters)

    def put(self, **parameters: Any) -> Any:
        return self.ask("put_object", Key=self.key, Body=b"doctor", **parameters)

    def __enter__(self) -> _Bucket:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.close()


def check_s3(
    bucket: str, prefix: str, settings: Mapping[str, str], *, endpoint: str | None, timeout: float, read_only: bool
) -> Part:
    """All that can be seen of a bucket, with the ``AWS_*`` settings given."""
    where = f" at {shown(endpoint.rpartition('@')[2], 200)[1:-1]}" if endpoint else ""
    part = Part("store", shown(f"s3://{bucket}/{prefix}".rstrip("/"), 200)[1:-1] + where)
    try:
        found = _Bucket(bucket, prefix, settings, endpoint, timeout)
    except Exception as error:  # botocore has several for an endpoint that is none
        part.fail("address", reason(error), "an endpoint is https://host or http://host:port")
        return part
    with found:
        if _reached(part, found):
            _reading(part, found)
            if not read_only:
                _writing(part, found)
            _policy(part, found)
    return part


def _reached(part: Part, found: _Bucket) -> bool:
    start = time.time()
    try:
        answer = found.ask("list_objects_v2", MaxKeys=1, Prefix=found.prefix)
    except Exception as error:
        code, status = answer_of(error)
        if (code in DENIED or status == 403) and code not in ("InvalidAccessKeyId", "SignatureDoesNotMatch"):
            part.fail("listing", _answer(error), "allow s3:ListBucket on the bucket; verify, gc and leftovers list")
            return True
        part.fail("reachable", _answer(error), _remedy(error, found))
        return False
    part.ok("reachable", f"answers after {(time.time() - start) * 1e3:.0f} ms")
    _clock(part, answer, (start + time.time()) / 2)
    return True


def _clock(part: Part, answer: Mapping[str, Any], ours: float) -> None:
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    with contextlib.suppress(TypeError, ValueError):
        skew = parsedate_to_datetime(text).timestamp() - ours
        if abs(skew) > _SKEW:
            part.warn("clock", f"the server's is {skew:+.0f} s off ours", "use NTP: at 15 minutes requests are refused")
        else:
            part.ok("clock", "the server's is ours")


def _answer(error: Exception) -> str:
    code, status = answer_of(error)
    return shown(f"{code} ({status})" if status else code)[1:-1] if code else reason(error)


def _remedy(error: Exception, found: _Bucket) -> str:
    """What to do about a bucket that cannot be listed."""
    code, status = answer_of(error)
    kind = type(error).__name__
    if is_without_credentials(error):
        return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --env FILE"
    known = {
        "InvalidAccessKeyId": "the access key is unknown there; check AWS_ACCESS_KEY_ID, and the endpoint",
        "SignatureDoesNotMatch": "the secret key is not that of this access key; check AWS_SECRET_ACCESS_KEY",
        "NoSuchBucket": f"there is no bucket {shown(found.bucket)}; create it, or correct its name",
        "RequestTimeTooSkewed": "this machine's clock is wrong; use NTP",
        "ExpiredToken": "the session token has expired; get another one",
        "InvalidToken": "the session token is wrong; leave AWS_SESSION_TOKEN out, or get another one",
        "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION",
        "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_DEFAULT_REGION",
        "SlowDown": "the server asks to slow down; try again later",
    }
    if code in known:
        return known[code]
    if status >= 500:
        return "the server is not well; look at its log"
    if "SSL" in kind or "SSL" in str(error):
        return "TLS failed; is it https there? name a private authority in AWS_CA_BUNDLE"
    if kind == "EndpointConnectionError":
        return "nothing listens there, or its name is unknown; check the endpoint (for development: atdata local up)"
    if "Timeout" in kind:
        return "no answer in time; a firewall may drop packets, or the server hangs"
    return "is this an S3 endpoint? check address and port"


def _reading(part: Part, found: _Bucket) -> None:
    try:
        found.ask("get_object", Key=f"{found.key}-none")
    except Exception as error:
        code, status = answer_of(error)
        if code in ("NoSuchKey", "404", "NotFound") or status == 404:
            part.ok("reading", "allowed")
        elif code in DENIED or status == 403:
            # Amazon says so, too, of what is not there to those who may not list.
            part.fail("reading", _answer(error), "allow s3:GetObject on the objects, and s3:ListBucket on the bucket")
        else:
            part.fail("reading", _answer(error), "see the message of the server")


def _writing(part: Part, found: _Bucket) -> None:
    try:
        found.put()
    except Exception as error:
        code, status = answer_of(error)
        denied = "allow s3:PutObject on the objects (who only reads needs it not: --read-only)"
        part.fail("writing", _answer(error), denied if code in DENIED or status == 403 else _remedy(error, found))
        return
    try:
        part.ok("writing", "allowed")
        part.attempt("conditional writes", lambda: _conditions(part, found))
        part.attempt("checksums", lambda: _checksums(part, found))
        _tried(part, "multipart", lambda: _multipart(part, found), "allow s3:PutObject and s3:AbortMultipartUpload")
        _tried(
            part, "unfinished uploads", lambda: _unfinished(part, found),
            "allow s3:ListBucketMultipartUploads, or let a lifecycle rule abort them: gc cannot find them",
        )  # fmt: skip
    finally:
        _tried(part, "deleting", lambda: _delete(part, found), "allow s3:DeleteObject: gc and delete need it")


def _tried(part: Part, name: str, check: Callable[[], None], advice: str) -> None:
    """What is forbidden is a warning: shards can be stored and read without it."""
    try:
        check()
    except Exception as error:
        part.warn(name, _answer(error), advice)


def _conditions(part: Part, found: _Bucket) -> None:
    try:
        found.put(IfNoneMatch="*")
    except Exception as error:
        code, status = answer_of(error)
        if status == 412:
            part.ok("conditional writes", "kept")
        elif status == 501 or code == "NotImplemented":
            part.note("conditional writes", "not offered", "names are random, so that writers do not meet all the same")
        else:
            raise
        return
    part.note("conditional writes", "ignored", "names are random, so that writers do not meet all the same")


def _checksums(part: Part, found: _Bucket) -> None:
    wrong = base64.b64encode(hashlib.sha256(b"something else").digest()).decode()
    try:
        found.put(ChecksumSHA256=wrong)
    except Exception as error:
        _, status = answer_of(error)
        if status and 400 <= status < 500:
            part.ok("checksums", "checked by the server")
            return
        raise
    part.warn("checksums", "the server takes bytes that do not fit their checksum", "store.verify() after large writes")


def _multipart(part: Part, found: _Bucket) -> None:
    key = f"{found.key}-parts"
    upload = found.ask("create_multipart_upload", Key=key)["UploadId"]
    try:
        found.ask("upload_part", Key=key, UploadId=upload, PartNumber=1, Body=b"doctor")
    finally:
        found.ask("abort_multipart_upload", Key=key, UploadId=upload)
    part.ok("multipart", "begun, filled and aborted")


def _unfinished(part: Part, found: _Bucket) -> None:
    count = len(found.ask("list_multipart_uploads", Prefix=found.prefix).get("Uploads", ()))
    if count:
        part.note(
            "unfinished uploads", f"{count} or more, which cost storage", "store.gc() aborts the old ones of ours"
        )
    else:
        part.ok("unfinished uploads", "none")


def _delete(part: Part, found: _Bucket) -> None:
    found.ask("delete_object", Key=found.key)
    part.ok("deleting", "allowed")


def _policy(part: Part, found: _Bucket) -> None:
    """Whether strangers are kept out, the way is private, and what is removed can be had back."""
    stranger = found.client_of(anonymous=True)
    with contextlib.closing(stranger):
        try:
            stranger.list_objects_v2(Bucket=found.bucket, MaxKeys=1)
            part.warn("bucket policy", "everybody may list the bucket", "take s3:ListBucket from the public")
        except Exception:  # as it should be
            part.ok("bucket policy", "strangers may not list it")
    try:
        state = found.ask("get_bucket_versioning").get("Status")
        if state == "Enabled":
            part.ok("versioning", "on")
        else:
            part.note("versioning", "off", "turn it on if removed or overwritten shards are to be had back")
    except Exception as error:
        part.note("versioning", f"cannot be seen: {_answer(error)}")
    if found.endpoint and found.endpoint.startswith("http:") and not _is_here(found.endpoint):
        part.warn("encryption", "none: shards cross the network in clear", "use an https:// endpoint")


def _is_here(endpoint: str) -> bool:
    host = endpoint.partition("//")[2].rpartition("@")[2].partition("/")[0].rpartition(":")[0] or "localhost"
    return host in ("localhost", "127.0.0.1", "[::1]")
