"""A server of the network that says whatever a test wants, at whatever pace."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from atdata._atmosphere.net.network import Network


@dataclass
class Reply:
    """What to answer. ``body`` may be bytes or a function that gives pieces; ``length`` is what is announced."""

    body: bytes | Callable[[], Iterator[bytes]] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    pause: float = 0.0


def said(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers})


def drip(pause: float = 0.05, piece: bytes = b"x") -> Callable[[], Iterator[bytes]]:
    """Bytes without an end, a few now and then."""

    def pieces() -> Iterator[bytes]:
        while True:
            yield piece
            time.sleep(pause)

    return pieces


@dataclass
class Site:
    """Answers by path, or by ``host + path`` where names matter; ``script`` comes first, one answer a question."""

    base: str = ""
    pages: dict[str, Reply | Callable[[dict[str, str]], Reply]] = field(default_factory=dict)
    script: list[Reply] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def identity(self, did: str, *, handle: str | None = None, pds: str | None = None, key: str | None = None) -> None:
        """Register an account, as a directory does; a did:web is served under its own name."""
        document: dict[str, Any] = {"id": did, "alsoKnownAs": [f"at://{handle}"] if handle else []}
        document["service"] = [
            {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": pds or self.base}
        ]
        if key is not None:
            method = {"id": f"{did}#atproto", "type": "Multikey", "controller": did, "publicKeyMultibase": key}
            document["verificationMethod"] = [method]
        path = f"{did[8:]}/.well-known/did.json" if did.startswith("did:web:") else f"/{did}"
        self.pages[path] = said(document)
        if handle:
            self.pages[f"{handle}/.well-known/atproto-did"] = Reply(did.encode())

    def network(self, **more: Any) -> Network:
        """Settings under which this server is the directory, and stands for all names below .test."""
        usual: dict[str, Any] = {"timeout": 5.0, "retries": 0, "hosts": {".test": self.base}}
        return Network(plc_url=self.base, relay_url=self.base, **{**usual, **more})


@contextmanager
def site() -> Iterator[Site]:
    made = Site()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            host = self.headers.get("Host", "").partition(":")[0]
            made.asked.append(self.path)
            page = made.script.pop(0) if made.script else made.pages.get(host + parts.path, made.pages.get(parts.path))
            if callable(page):
                page = page({name: values[0] for name, values in parse_qs(parts.query).items()})
            self.answer(page or Reply(b"nothing", 404))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def answer(self, reply: Reply) -> None:
            time.sleep(reply.pause)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            body = reply.body
            length = reply.length if reply.length is not None else len(body) if isinstance(body, bytes) else None
            if length is not None:
                self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for piece in [body] if isinstance(body, bytes) else body():
                    self.wfile.write(piece)
            except OSError:
                pass  # whoever asked had enough

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
