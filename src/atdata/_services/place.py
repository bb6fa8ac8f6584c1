"""The folder of the servers: their data, their secrets, their ports, and the ``.env`` file for programs."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from atdata._services.errors import ServiceError

__all__ = ["BUCKET", "Place", "Settings", "free_port", "is_free"]

BUCKET = "atdata"
_HEADER = "# Written by `atdata local up`: the servers of this folder. It holds secrets.\n"
_PATIENCE = 1.0
#: What documentation everywhere takes for granted; another port is chosen where it is taken.
_USUAL = {"redis": 6379, "s3": 9000}


@dataclass
class Settings:
    """What a folder's servers keep from one start to the next."""

    mode: str = "programs"
    redis_password: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    access_key: str = field(default_factory=lambda: f"ATDATA{secrets.token_hex(7).upper()}")
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    ports: dict[str, int] = field(default_factory=dict)
    wanted: list[str] = field(default_factory=list)

    def env(self) -> dict[str, str]:
        """The settings by the names that stores, indexes and compose files know."""
        redis, s3 = self.ports.get("redis"), self.ports.get("s3")
        found = {}
        if redis and "redis" in self.wanted:
            found["ATDATA_INDEX"] = f"redis://:{self.redis_password}@127.0.0.1:{redis}/0"
        if s3 and "s3" in self.wanted:
            found |= {
                "ATDATA_STORE": f"s3://{BUCKET}",
                "AWS_ENDPOINT": f"http://127.0.0.1:{s3}",
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        if self.mode == "docker":
            found |= {
                "REDIS_PASSWORD": self.redis_password,
                "REDIS_PORT": str(redis or 0),
                "MINIO_USER": self.access_key,
                "MINIO_PASSWORD": self.secret_key,
                "MINIO_PORT": str(s3 or 0),
            }
        return found


class Place:
    """A folder with servers."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(os.path.abspath(os.path.expanduser(folder)))
        self.env_file = self.folder / ".env"
        self._settings_file = self.folder / "settings.json"

    def settings(self) -> Settings | None:
        """What was kept here; None when no server was ever started here."""
        try:
            found = json.loads(self._settings_file.read_text("utf-8"))
            names = {each.name for each in fields(Settings)}
            return Settings(**{name: value for name, value in found.items() if name in names})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, AttributeError) as error:
            raise ServiceError(
                f"{self._settings_file} is damaged ({error}); remove it to begin anew with other passwords"
            ) from error

    def keep(self, settings: Settings) -> None:
        """Write the settings and the ``.env`` file, both for the user's eyes only."""
        _write_private(self._settings_file, json.dumps(asdict(settings), indent=1) + "\n")
        _write_private(self.env_file, _HEADER + "".join(f"{k}={v}\n" for k, v in settings.env().items()))

    def make(self, *parts: str) -> Path:
        """A folder in it, made if need be; nobody else may look in."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder.joinpath(*parts)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One command at a time; on systems without ``fcntl`` nothing holds others off."""
        self.make()
        try:
            import fcntl
        except ImportError:
            yield
            return
        with (self.folder / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of loopback."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what was closed a moment ago is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(settings: Settings, name: str, asked: int | None = None, avoid: Collection[int] = ()) -> int:
    """A port for a server: the one asked for, its last one, its usual one, or any; those of others are left alone."""
    if asked is not None:
        if not is_free(asked):
            raise ServiceError(f"port {asked} is taken by another program; choose another one for {name}")
        return asked
    taken = {*avoid, *(port for other, port in settings.ports.items() if other != name)}
    last = settings.ports.get(name)
    end = time.monotonic() + _PATIENCE
    while last and last not in taken and not is_free(last) and time.monotonic() < end:
        time.sleep(0.02)  # whoever had it a moment ago may be on the way out
    for port in (last, _USUAL.get(name)):
        if port and port not in taken and is_free(port):
            return port
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        # The server's own second port is 10,000 higher; some servers refuse those above 55,000.
        if port not in taken and port < 55_000:
            return port
