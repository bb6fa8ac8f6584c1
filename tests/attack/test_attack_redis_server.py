"""A server that was taken for Redis, and answers in other ways than Redis does."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import atdata
from atdata.local import Index
from atdata_lexicon.errors import AtdataError


@atdata.packable
class Pixel:
    x: int


class OddServer:
    """Takes the commands of Redis; shakes hands as it should, and then answers each with the same bytes."""

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.commands = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rb") as lines:
            while line := lines.readline():
                parts = [lines.read(int(lines.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
                self.commands += 1
                if parts[0].upper() == b"HELLO":
                    connection.sendall(b"%2\r\n$5\r\nproto\r\n:3\r\n$7\r\nversion\r\n$5\r\n7.0.0\r\n")
                elif parts[0].upper() in (b"CLIENT", b"SELECT"):
                    connection.sendall(b"+OK\r\n")
                elif self.answer is not None:
                    connection.sendall(self.answer)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[Callable[[bytes | None], OddServer]]:
    pytest.importorskip("redis")
    servers: list[OddServer] = []

    def start(answer: bytes | None) -> OddServer:
        servers.append(OddServer(answer))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


ANSWERS = {
    "numbers": b":1000000000000\r\n",
    "text": b"$3\r\nabc\r\n",
    "a list of numbers": b"*2\r\n:99999999999\r\n:2\r\n",
    "the same keys again and again": b"*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n",
    "keys in no order": b"*2\r\n$1\r\nb\r\n$1\r\na\r\n",
    "nested lists": b"*1\r\n" * 2000 + b":1\r\n",
    "a list that no memory holds": b"*4294967295\r\n",
    "a negative length": b"$-99\r\n",
    "a page of the web": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "half of a redirection": b"-MOVED 1\r\n",
    "a redirection": b"-MOVED 1 127.0.0.1:1\r\n",
    "an error in colour": b"-\x1b[31m\xe2\x80\xae" + b"x" * 100_000 + b"\r\n",
    "an error that is no text": b"-\xff\xfe\r\n",
}

ASKED: dict[str, Callable[[Index], Any]] = {
    "list": lambda index: index.list_entries(),
    "get": lambda index: index.get_dataset("a"),
    "add": lambda index: index.add_entry(atdata.Dataset[Pixel]("a.tar"), name="a"),
    "search": lambda index: index.search("a"),
    "labels": lambda index: index.list_labels(),
    "delete": lambda index: index.delete_label("a"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_odd_answers_end_at_once_in_a_typed_error(serve: Callable[[bytes], OddServer], kind: str) -> None:
    server = serve(ANSWERS[kind])
    for name, ask in ASKED.items():
        index = Index(f"redis://127.0.0.1:{server.port}")
        server.commands = 0
        with pytest.raises(AtdataError) as caught:
            ask(index)
        assert not isinstance(caught.value, KeyError), name  # nothing was found out about any entry
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()
        assert server.commands < 100
        index.close()


def test_a_server_that_never_answers_is_left_in_time(serve: Callable[[None], OddServer]) -> None:
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    server = serve(None)
    index = Index(f"redis://127.0.0.1:{server.port}?socket_timeout=0.3", retry=Retry(NoBackoff(), 1))
    start = time.monotonic()
    for ask in ASKED.values():
        with pytest.raises(ConnectionError):
            ask(index)
    assert time.monotonic() - start < 60  # else it would never end


def test_the_clients_we_make_wait_for_a_limited_time() -> None:
    pytest.importorskip("redis")
    from atdata._index._redis import make_client

    assert make_client().connection_pool.connection_kwargs["socket_timeout"] == 5
    chosen = make_client("redis://127.0.0.1?socket_timeout=60").connection_pool.connection_kwargs
    assert chosen["socket_timeout"] == 60
    assert make_client("unix:///tmp/redis.sock").connection_pool.connection_kwargs["socket_timeout"] == 5
