"""The one door to boto3 for stores: clients that try once, and calls that try up to three times.

boto3's own retries are off, so that how often a request is made is decided here and nowhere else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from atdata._stores.errors import (
    StoreAccessError,
    StoreError,
    StoreMissingError,
    StoreUnavailableError,
    place,
)
from atdata_lexicon.errors import MissingExtraError

__all__ = ["RETRIES", "answer_of", "call", "make_client", "store_error"]

#: How often a request is made again after a fault that may pass.
RETRIES = 2
_PAUSE = 0.1

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NotFound", "404"})
_DENIED = frozenset(
    {
        "403",
        "401",
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
_PASSING = frozenset(
    {
        "BadDigest",
        "ConditionalRequestConflict",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "XAmzContentSHA256Mismatch",
    }
)


def make_client(credentials: Mapping[str, str], endpoint_url: str | None, *, timeout: float, connections: int) -> Any:
    """boto3's client for S3. What ``credentials`` leave out comes from the environment, files or role."""
    try:
        boto3: Any = import_module("boto3")
        config: Any = import_module("botocore.config").Config
    except ImportError:
        raise MissingExtraError("storing in S3 needs boto3: pip install 'atdata[s3]'") from None
    options: dict[str, Any] = {
        "retries": {"total_max_attempts": 1, "mode": "standard"},
        "connect_timeout": min(timeout, 10.0),
        "read_timeout": timeout,
        "max_pool_connections": connections,
        "signature_version": "s3v4",
        # Each upload carries a checksum of ours already.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    if endpoint_url:  # few servers but Amazon's know virtual hosts
        options["s3"] = {"addressing_style": "path"}
    try:
        made = config(**options)
    except TypeError:  # before boto3 1.36 there was no such setting, and no such checksum
        made = config(**{name: value for name, value in options.items() if "checksum" not in name})
    session = boto3.session.Session()
    region = credentials.get("AWS_REGION") or credentials.get("AWS_DEFAULT_REGION") or session.region_name
    return session.client(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=credentials.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=credentials.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        region_name=region or "us-east-1",
        config=made,
    )


def answer_of(error: Exception) -> tuple[str, int]:
    """The code and HTTP status in an error of botocore; empty and 0 when nothing was answered."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict) or "Error" not in response:
        return "", 0
    return str(response["Error"].get("Code", "")), int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def call(
    operation: Callable[..., Any], url: str, *, stopped: Callable[[], bool] = lambda: False, **parameters: Any
) -> tuple[Any, int]:
    """The answer to a request, and how often it had to be made again; errors are ours, with botocore's as cause."""
    retries = 0
    while True:
        try:
            return operation(**parameters), retries
        except Exception as error:  # botocore and urllib3 each have their own
            if retries == RETRIES or not _passes(error) or stopped():
                raise store_error(error, url, retries) from error
        time.sleep(_PAUSE * 2**retries * (0.5 + random.random()))
        retries += 1


def _passes(error: Exception) -> bool:
    """Whether the same request may succeed a moment later."""
    code, status = answer_of(error)
    if code or status:
        return code in _PASSING or status in (408, 429) or (status >= 500 and status != 501)
    botocore: Any = import_module("botocore.exceptions")
    garbled: type[Exception] = import_module("botocore.parsers").ResponseParserError
    failures = (botocore.HTTPClientError, botocore.ConnectionError, botocore.IncompleteReadError, garbled, OSError)
    return isinstance(error, failures)


def store_error(error: Exception, url: str, retries: int = 0) -> StoreError:
    """An error of botocore as one of ours."""
    code, status = answer_of(error)
    where = place(url)
    reason = ascii(str(error))[1:-1][:300]
    again = f" after {retries + 1} attempts" if retries else ""
    if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return StoreAccessError(
            f"{where}: no credentials; pass credentials=, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", url=url
        )
    if code in _DENIED or status in (401, 403):
        return StoreAccessError(
            f"{where}: access denied ({code or status}); check the credentials, and that they may write and list here",
            url=url,
            status=status,
        )
    if code in _MISSING or status == 404:
        advice = "; create the bucket first" if code == "NoSuchBucket" else ""
        return StoreMissingError(f"{where}: is not there ({code or status}){advice}", url=url, status=status)
    if status == 412:
        return StoreError(f"{where}: somebody else stored an object of this name", url=url, status=status)
    if _passes(error):
        what = f"{code} ({status})" if status else reason
        return StoreUnavailableError(
            f"{where}: the server failed{again}: {what}; try again when it is well", url=url, status=status or None
        )
    return StoreError(f"{where}: refused{again}: {reason}", url=url, status=status or None)
