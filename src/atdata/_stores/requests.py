"""Requests of a store to S3: clients that try once, and calls that try up to three times.

boto3's own retries are off, so that how often a request is made is decided here and nowhere else.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from atdata._sources import _boto
from atdata._sources._boto import DENIED, MISSING, answer_of, is_broken, is_without_credentials
from atdata._stores.errors import (
    StoreAccessError,
    StoreError,
    StoreMissingError,
    StoreUnavailableError,
    place,
)

__all__ = ["RETRIES", "answer_of", "call", "make_client", "store_error"]

#: How often a request is made again after a fault that may pass.
RETRIES = 2
_PAUSE = 0.1

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
    return _boto.make_client(
        endpoint_url=endpoint_url,
        access_key=credentials.get("AWS_ACCESS_KEY_ID"),
        secret_key=credentials.get("AWS_SECRET_ACCESS_KEY"),
        session_token=credentials.get("AWS_SESSION_TOKEN"),
        region=credentials.get("AWS_REGION") or credentials.get("AWS_DEFAULT_REGION"),
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=min(timeout, 10.0),
        read_timeout=timeout,
        max_pool_connections=connections,
        # Each upload carries a checksum of ours already.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


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
    return is_broken(error)


def store_error(error: Exception, url: str, retries: int = 0) -> StoreError:
    """An error of botocore as one of ours."""
    code, status = answer_of(error)
    where = place(url)
    reason = ascii(str(error))[1:-1][:300]
    again = f" after {retries + 1} attempts" if retries else ""
    if is_without_credentials(error):
        return StoreAccessError(
            f"{where}: no credentials; pass credentials=, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", url=url
        )
    if code in DENIED or status in (401, 403):
        return StoreAccessError(
            f"{where}: access denied ({code or status}); check the credentials, and that they may write and list here",
            url=url,
            status=status,
        )
    if code in MISSING or status == 404:
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
