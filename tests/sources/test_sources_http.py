"""Bytes from servers that fail: retries, resuming, and errors that say what happened."""

from __future__ import annotations

import hashlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from web_tools import Web

from atdata import AtdataError, ShardNotFoundError, SourceError, UrlError, URLSource, write
from atdata._shards.access import mapped_shard, shard_blocks
from atdata._sources import addresses
from atdata._sources.http import HttpOptions, HttpStream

BODY = random.Random(1).randbytes(300_000)
QUICK = HttpOptions(pause=0.0, timeout=5.0, retries=3)


def fetch(web: Web, path: str = "/a.tar", options: HttpOptions = QUICK, **more: Any) -> bytes:
    with HttpStream(web.url(path), options, **more) as stream:
        return stream.readall()


@pytest.fixture(autouse=True)
def _a_file(web: Web) -> None:
    web.files["/a.tar"] = BODY


def test_a_shard_is_read_over_http(web: Web, tmp_path: Path) -> None:
    written = write([{"a": i} for i in range(300)], tmp_path / "x.tar")
    web.files["/x.tar"] = Path(written.paths[0]).read_bytes()
    source = URLSource(web.url("/x.tar"))

    assert mapped_shard(source, source.url) is None
    assert sum(map(len, shard_blocks(source, source.url))) == 300


def test_nothing_is_asked_before_the_first_read(web: Web) -> None:
    with URLSource(web.url("/a.tar")).open_shard(web.url("/a.tar")) as stream:
        assert web.asked == []
        assert stream.read(10) == BODY[:10]


@pytest.mark.parametrize("step", [500, 502, 503, 429, 408])
def test_passing_faults_are_tried_again(web: Web, step: int) -> None:
    web.script = [step, step, step]

    assert fetch(web) == BODY
    assert len(web.asked) == 4


@pytest.mark.parametrize("step", [500, 429])
def test_a_server_that_keeps_failing_is_given_up(web: Web, step: int) -> None:
    web.script = [step] * 50

    with pytest.raises(SourceError, match=rf"a\.tar.*after 4 tries.*{step}") as caught:
        fetch(web)
    assert caught.value.status == step
    assert len(web.asked) == 4


@pytest.mark.parametrize("step", [400, 401, 403, 451])
def test_a_refusal_is_not_tried_again(web: Web, step: int) -> None:
    web.script = [step] * 5

    with pytest.raises(SourceError, match=str(step)):
        fetch(web)
    assert len(web.asked) == 1


def test_what_is_not_there_is_file_not_found(web: Web) -> None:
    url = web.url("/missing.tar")

    with pytest.raises(ShardNotFoundError, match=r"missing\.tar.*404"):
        list(shard_blocks(URLSource(url), url))
    with pytest.raises(FileNotFoundError):
        fetch(web, "/missing.tar")


def test_a_body_that_breaks_off_is_resumed_where_it_broke(web: Web) -> None:
    web.script = ["cut 1000", "cut 50000", "cut 1"]

    assert fetch(web) == BODY
    assert [asked.get("range") for _, asked in web.asked] == [None, "bytes=1000-", "bytes=51000-", "bytes=51001-"]
    assert web.asked[1][1]["if-range"] == '"one"'


def test_progress_renews_the_patience(web: Web) -> None:
    web.script = ["cut 100"] * 30

    assert fetch(web) == BODY


def test_no_progress_ends_it(web: Web) -> None:
    web.script = ["cut 100", *["cut 0"] * 50]

    with pytest.raises(SourceError, match="gave up at byte 100"):
        fetch(web)


def test_a_server_without_ranges_is_read_anew_up_to_the_place(web: Web) -> None:
    web.ranges = False
    web.script = ["cut 1000"]

    assert fetch(web) == BODY


def test_a_body_that_changes_meanwhile_is_an_error(web: Web) -> None:
    stream = HttpStream(web.url("/a.tar"), QUICK)
    web.script = ["cut 200000"]
    taken = bytearray(100_000)
    stream.readinto(taken)
    web.etag = '"two"'

    with pytest.raises(SourceError, match="changed while it was read"):
        stream.readall()
    stream.close()


def test_a_server_that_hangs_is_not_waited_for(web: Web) -> None:
    web.script = ["hang", "hang"]
    began = time.monotonic()

    assert fetch(web, options=HttpOptions(timeout=0.2, pause=0.0)) == BODY
    assert time.monotonic() - began < 3


def test_a_server_that_is_not_there_is_a_typed_error() -> None:
    with pytest.raises(SourceError, match="gave up at byte 0 after 2 tries: ConnectionRefusedError"):
        HttpStream("http://127.0.0.1:9/x", HttpOptions(pause=0, retries=1)).read(1)


def test_bodies_of_unknown_length_are_read_to_their_end(web: Web) -> None:
    web.lengths = False

    assert fetch(web) == BODY


def test_empty_bodies_are_empty(web: Web) -> None:
    web.files["/empty"] = b""

    assert fetch(web, "/empty") == b""


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (100, 200), (299_990, 400_000), (299_990, None), (300_000, None)])
def test_a_part_can_be_asked_for(web: Web, start: int, stop: int | None) -> None:
    for web.ranges in (True, False):
        assert fetch(web, start=start, stop=stop) == BODY[start:stop]


def test_redirects_are_followed_a_while(web: Web) -> None:
    web.redirects = {"/r": "/s", "/s": web.url("/a.tar"), "/loop": "/loop"}

    assert fetch(web, "/r") == BODY
    with pytest.raises(SourceError, match="redirects"):
        fetch(web, "/loop")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "pipe:id", "ftp://x/y"])
def test_redirects_lead_to_web_servers_only(web: Web, target: str) -> None:
    web.redirects = {"/r": target}

    with pytest.raises(UrlError):
        fetch(web, "/r")


def test_headers_go_to_the_server_they_were_meant_for(web: Web) -> None:
    from web_tools import serving

    with serving() as other:
        other.files["/a.tar"] = BODY
        web.redirects = {"/r": other.url("/a.tar"), "/same": "/a.tar"}
        options = HttpOptions(headers={"Authorization": "Bearer x"}, pause=0)
        fetch(web, "/r", options)
        fetch(web, "/same", options)

        assert "authorization" not in other.asked[0][1]
    assert [asked.get("authorization") for _, asked in web.asked] == ["Bearer x"] * 3


def test_a_name_and_password_in_an_address_become_a_header(web: Web) -> None:
    url = web.url("/a.tar").replace("//", "//me:p%40ss@")

    with HttpStream(url, QUICK) as stream:
        stream.read(1)
    assert web.asked[0][1]["authorization"] == "Basic bWU6cEBzcw=="


def test_odd_characters_of_an_address_are_encoded(web: Web) -> None:
    web.files["/a%20b/%C3%A4%5B1%5D.tar"] = b"x"

    assert fetch(web, "/a b/ä[1].tar?q=a b") == b"x"


def test_copies_are_kept_on_request(web: Web, tmp_path: Path) -> None:
    write([{"a": 1}], tmp_path / "x.tar")
    web.files["/x.tar"] = (tmp_path / "x.tar").read_bytes()
    source = URLSource(web.url("/x.tar"), cache_dir=tmp_path / "cache")

    for _ in range(3):
        mapped = mapped_shard(source, source.url)
        assert mapped is not None
        assert len(mapped) == 1
    assert len(web.asked) == 1
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".tar"]


def test_a_copy_that_breaks_off_is_not_kept(web: Web, tmp_path: Path) -> None:
    web.script = ["cut 1000", 403]
    source = URLSource(web.url("/a.tar"), cache_dir=tmp_path / "cache", retries=0)

    with pytest.raises(AtdataError):
        mapped_shard(source, source.url)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_proxy_of_the_environment_is_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.base)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    web.files["http://example.invalid/a.tar"] = BODY

    with HttpStream("http://example.invalid/a.tar", QUICK) as stream:
        assert hashlib.sha256(stream.readall()).digest() == hashlib.sha256(BODY).digest()


def test_other_places_are_opened_by_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed")
    memory = fsspec.filesystem("memory")
    for number in range(2):
        memory.pipe(f"/box/{number}.tar", BODY)

    source = URLSource("memory://box/*.tar")
    assert source.list_shards() == ["memory:///box/0.tar", "memory:///box/1.tar"] or len(source.list_shards()) == 2
    with source.open_shard(source.list_shards()[1]) as stream:
        assert stream.read() == BODY
    url = "memory://box/9.tar"
    with pytest.raises(FileNotFoundError, match=r"9\.tar"):
        URLSource(url).open_shard(url)


def test_what_fsspec_would_need_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(UrlError, match="pip install fsspec paramiko"):
        URLSource("sftp://host/a.tar").open_shard("sftp://host/a.tar")


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A stranger's server that answers as a function of the socket says; for once it may be on this machine."""
    monkeypatch.setattr(addresses, "check_untrusted", lambda url, **_: url)
    monkeypatch.setattr(addresses, "check_peer", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def start(answer: Callable[[socket.socket], None]) -> str:
            def serve() -> None:
                with suppress(OSError):
                    while True:
                        one, _ = server.accept()
                        threading.Thread(target=talk, args=(one,), daemon=True).start()

            def talk(one: socket.socket) -> None:
                with suppress(OSError), one:
                    one.recv(4096)
                    answer(one)

            threading.Thread(target=serve, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}/a.tar"

        yield start


def dripped(head: bytes, piece: bytes, pause: float = 0.02) -> Callable[[socket.socket], None]:
    def answer(one: socket.socket) -> None:
        one.sendall(head)
        while True:
            one.sendall(piece)
            time.sleep(pause)

    return answer


OK = b"HTTP/1.1 200 OK\r\n"
DRIPS = {
    "a body": dripped(OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "a body without a length": dripped(OK + b"\r\n", b"x"),
    "chunks": dripped(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "the size of a chunk": dripped(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "a header": dripped(OK + b"X: ", b"x"),
    "the first line": dripped(b"", b"H"),
    "a byte for each connection": lambda one: one.sendall(OK + b"Content-Length: 1000000\r\n\r\nx"),
}


@pytest.mark.parametrize("kind", DRIPS)
def test_a_stranger_who_sends_a_little_now_and_then_is_left(slowly: Any, kind: str) -> None:
    options = HttpOptions(trusted=False, timeout=5.0, retries=1, pause=0.0, patience=0.5)
    began = time.monotonic()
    with pytest.raises(SourceError, match=r"too slow|gave up"), HttpStream(slowly(DRIPS[kind]), options) as stream:
        stream.readall()
    assert time.monotonic() - began < 60  # hours, if every byte were waited for


def test_a_stranger_who_is_fast_enough_is_read(slowly: Any) -> None:
    def answer(one: socket.socket) -> None:
        one.sendall(OK + b"Content-Length: 300000\r\n\r\n")
        for at in range(0, len(BODY), 30_000):
            one.sendall(BODY[at : at + 30_000])
            time.sleep(0.2)

    options = HttpOptions(trusted=False, timeout=30.0, retries=0, patience=1.5)
    with HttpStream(slowly(answer), options) as stream:
        assert stream.readall() == BODY
