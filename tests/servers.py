"""What tests of real servers share: ports, and what happens where a server is missing."""

from __future__ import annotations

import os
import socket
from typing import NoReturn

import pytest


def unavailable(what: str) -> NoReturn:
    """Skip, or fail in CI, where everything must run."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is required in CI")
    pytest.skip(f"{what} was not found")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
