from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from atdata.testing import RedisServer


@pytest.fixture(scope="session")
def cluster_client(redis_binary: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client of a cluster of three masters."""
    import redis
    from redis.cluster import RedisCluster

    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--appendonly", "no")
    servers = [RedisServer(tmp_path_factory.mktemp("node"), *options, program=redis_binary) for _ in range(3)]
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


@pytest.fixture
def make_server(redis_binary: str, tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Starts servers with options of one's own; they end with the test."""
    servers: list[RedisServer] = []

    def start(*options: str, password: str = "") -> RedisServer:
        servers.append(RedisServer(tmp_path, *options, program=redis_binary, password=password))
        return servers[-1]

    yield start
    for server in servers:
        server.kill()
