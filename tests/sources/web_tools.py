"""A web server that misbehaves on demand."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Web:
    """What the server has, what it shall do next, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    #: Answers to come before the good ones: a status, "cut", "cut N", "hang", or "other" (another body).
    script: list[str | int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    ranges: bool = True
    etag: str | None = '"one"'
    lengths: bool = True
    #: Whether a connection may be used again, and how many there were.
    alive: bool = False
    connections: int = 0
    base: str = ""
    stop: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return self.base + path


@contextmanager
def serving() -> Iterator[Web]:
    web = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            web.connections += 1
            super().setup()

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            web.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            if path in web.redirects:
                return self.answer(302, b"", Location=web.redirects[path])
            step = web.script.pop(0) if web.script else None
            if isinstance(step, int):
                return self.answer(step, b"no", **({"Retry-After": "0"} if step == 429 else {}))
            if step == "hang":
                web.stop.wait(10)
                return None
            body = web.files.get(path)
            if body is None:
                return self.answer(404, b"nothing")
            start, status, more = 0, 200, {}
            wanted = self.headers.get("Range", "")
            if web.ranges and wanted.startswith("bytes=") and self.headers.get("If-Range", web.etag) == web.etag:
                first, _, last = wanted[6:].partition("-")
                start, end = int(first), min(int(last) + 1 if last else len(body), len(body))
                if start >= len(body):
                    return self.answer(416, b"")
                status, more = 206, {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"}
                body = body[:end]
            if web.etag:
                more["ETag"] = web.etag
            part = body[start:]
            cut = None
            if isinstance(step, str) and step.startswith("cut"):
                cut = int(step[3:] or len(part) // 2)
            return self.answer(status, part, cut, **more)

        def answer(self, status: int, body: bytes, cut: int | None = None, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if web.lengths:
                self.send_header("Content-Length", str(len(body)))
            if not web.alive or cut is not None:
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body if cut is None else body[:cut])

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    web.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
