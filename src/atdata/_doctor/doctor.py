"""All checks of one deployment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from atdata._doctor.checks import Part
from atdata._doctor.installed import check_installed
from atdata._errors import shown
from atdata._index.index import URLS
from atdata._stores.credentials import endpoint_of
from atdata_lexicon.errors import AtdataError

__all__ = ["Deployment", "DeploymentError", "examine"]


class DeploymentError(AtdataError, ValueError):
    """A place that is neither a bucket nor a folder."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What to look at: ``index`` is a file or a Redis URL, ``store`` a folder or ``s3://bucket/prefix``.

    ``settings`` are the ``AWS_*`` ones; what they leave out boto3 looks for itself.
    """

    index: str | None = None
    store: str | None = None
    settings: Mapping[str, str] | None = None
    endpoint: str | None = None
    read_only: bool = False
    timeout: float = 5.0


def examine(deployment: Deployment) -> list[Part]:
    """What was found, part by part. Nothing is changed, but for a row and an object of the doctor's own."""
    index, store = deployment.index, deployment.store
    on_redis = index is not None and index.startswith(URLS)
    needed = {"redis"} if on_redis else set[str]()
    needed |= {"s3"} if store and store.startswith("s3://") else set()
    parts = [check_installed(needed)]
    if parts[0].count("failure"):
        return parts  # without the packages nothing can be said about the rest
    if index and on_redis:
        from atdata._doctor.redis_index import check_redis

        parts.append(check_redis(index, timeout=deployment.timeout, read_only=deployment.read_only))
    elif index:
        from atdata._doctor.sqlite_index import check_sqlite

        path = os.path.expanduser(index)
        parts.append(check_sqlite(path, timeout=deployment.timeout, read_only=deployment.read_only))
    if store and store.startswith("s3://"):
        parts.append(_bucket(store, deployment))
    elif store and "://" in store:
        raise DeploymentError(f"{shown(store)} is no store: write s3://bucket/prefix, or a folder")
    elif store:
        from atdata._doctor.disk_store import check_disk

        parts.append(check_disk(store, read_only=deployment.read_only))
    return parts


def _bucket(store: str, deployment: Deployment) -> Part:
    from atdata._doctor.s3_store import check_s3

    bucket, _, prefix = store.removeprefix("s3://").strip("/").partition("/")
    if not bucket:
        raise DeploymentError(f"{shown(store)} names no bucket: write s3://bucket/prefix")
    settings = deployment.settings or {}
    return check_s3(
        bucket,
        prefix,
        settings,
        endpoint=deployment.endpoint or endpoint_of(settings),
        timeout=deployment.timeout,
        read_only=deployment.read_only,
    )
