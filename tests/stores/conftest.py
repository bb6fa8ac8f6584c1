"""Stores to test, each empty: a folder, and a bucket of a real server."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def shared_bucket(s3_server: Any) -> str:
    """A bucket for many tests, each below a prefix of its own: a new bucket takes the server some time."""
    client = s3_server.client()
    client.create_bucket(Bucket="shared")
    client.put_object(Bucket="shared", Key="first", Body=b"1")  # which takes long
    client.close()
    return "shared"


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """One store of each kind."""
    if request.param == "disk":
        from atdata._stores.disk import DiskDataStore

        yield DiskDataStore(tmp_path / "store")
        return
    from atdata._stores.s3 import S3DataStore

    server = request.getfixturevalue("s3_server")
    bucket = request.getfixturevalue("shared_bucket")
    made = S3DataStore(server.credentials, bucket=bucket, prefix=f"team/{uuid.uuid4().hex}", timeout=20)
    yield made
    if made._made is not None:
        made._client.close()
