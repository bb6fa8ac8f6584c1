"""A relay between a client and an S3 server that does to requests what networks and servers do to them."""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_ERRORS = {"denied": (403, "AccessDenied"), "broken": (500, "InternalError"), "slow": (503, "SlowDown")}


@dataclass
class Fault:
    """What happens to the first ``times`` requests that ``hits`` is true of.

    denied, broken, slow: an answer of the server. reset: the connection ends amid the body. lost: the request is
    carried out and its answer never comes. hang: nothing happens at all.
    """

    kind: str
    hits: Callable[[str, str], bool]
    times: float = float("inf")
    seen: int = 0


@dataclass
class Relay:
    """Listens on loopback; ``requests`` counts what came, by method and path."""

    upstream: str
    fault: Fault | None = None
    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    closed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        relay = self
        self._lock = threading.Lock()

        class Handler(_Handler):
            owner = relay

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, method: str, path: str) -> str | None:
        """Count a request; the fault that it meets."""
        with self._lock:
            self.requests[method, path] += 1
            fault = self.fault
            if fault is None or fault.seen >= fault.times or not fault.hits(method, path):
                return None
            fault.seen += 1
            return fault.kind

    def close(self) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Relay

    def _relay(self) -> None:
        kind = self.owner.take(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if kind == "reset":
            self.rfile.read(length // 2)
            # Closing with unread data and no linger sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._hang_up()
            return
        body = self.rfile.read(length)
        if kind == "hang":
            self.owner.closed.wait(30)
            self._hang_up()
            return
        if kind in _ERRORS:
            status, code = _ERRORS[kind]
            self._answer(status, {}, f"<Error><Code>{code}</Code><Message>made up</Message></Error>".encode())
            return
        status, headers, content = self._forward(body)
        if kind == "lost":
            self._hang_up()
            return
        self._answer(status, headers, content)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        where = urlsplit(self.owner.upstream)
        with contextlib.closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)) as upstream:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection") and not (
                name.lower() == "content-length" and self.command != "HEAD"
            ):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _relay

    def log_message(self, *_: Any) -> None:
        """Quiet."""
