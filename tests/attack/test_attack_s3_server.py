"""A server that was taken for S3: answers without an end, lists that lie, and names that lead elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from atdata import S3Source, URLSource
from atdata._sources import _boto
from atdata._stores.s3 import S3DataStore
from atdata_lexicon.errors import AtdataError

Answer = Callable[[BaseHTTPRequestHandler], None]
UUID = "1cce0eda-639e-45c7-826e-59c3ffec12fc"


class OddServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answer: Answer = reply(404, b"")
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """The client hung up, which is what is wanted."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OddServer

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path))
        self.server.answer(self)

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET


def reply(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(status: int, part: bytes, pause: float) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(1 << 40))
        handler.end_headers()
        while True:
            handler.wfile.write(part)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def listing(*objects: str, more: str = "") -> bytes:
    truncated = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    contents = "".join(f"<Contents>{one}</Contents>" for one in objects)
    return f"<ListBucketResult>{truncated}{contents}</ListBucketResult>".encode()


def listed(key: str) -> str:
    return f"<Key>{key}</Key><Size>1</Size><LastModified>2020-01-01T00:00:00Z</LastModified>"


@pytest.fixture
def server() -> Iterator[OddServer]:
    pytest.importorskip("boto3")
    made = OddServer()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def store(server: OddServer) -> S3DataStore:
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    return S3DataStore(keys, bucket="bucket", prefix="team", endpoint_url=server.url, timeout=2)


@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_answer_without_an_end_is_left(
    server: OddServer, store: S3DataStore, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_boto, "_LARGEST", 1 << 20)
    server.answer = endless(status, b"x" * (1 << 16), 0)
    with pytest.raises(AtdataError, match="an answer of more than"):
        list(store.list_shards())
    if status != 200:
        with pytest.raises(AtdataError, match="an answer of more than"):
            store._open("team/a.tar").read()


def test_an_answer_that_drips_is_left_in_time(
    server: OddServer, store: S3DataStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_boto, "_PATIENCE", 1)
    server.answer = endless(200, b"x", 0.1)
    start = time.monotonic()
    with pytest.raises(AtdataError, match="an answer of more than"):
        list(store.list_shards())
    assert time.monotonic() - start < 60  # else it would never end


BOMB = b'<!DOCTYPE l [<!ENTITY a "' + b"a" * 100 + b'">'
BOMB += b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
BOMB += b"]><ListBucketResult><Name>&j;</Name></ListBucketResult>"

ODD = {
    "a bomb": reply(200, b'<?xml version="1.0"?>' + BOMB),
    "a bomb as an error": reply(400, b'<?xml version="1.0"?>' + BOMB),
    "a deep error": reply(400, b"<Error>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Error>"),
    "no XML": reply(200, b"\xff\xfe"),
    "a page of the web": reply(400, b"<html>\x1b[31m" + b"x" * 100_000),
    "no size": reply(200, listing("<Key>team/a.tar</Key>")),
    "a size that is none": reply(200, listing("<Key>team/a.tar</Key><Size>many</Size>")),
    "a time that is none": reply(200, listing("<Key>team/a.tar</Key><Size>1</Size><LastModified>x</LastModified>")),
    "no key": reply(200, listing("<Size>1</Size>")),
    "the same page again": reply(200, listing(listed("team/a.tar"), more="next")),
    "an empty page again": reply(200, listing(more="next")),
    "a way elsewhere": reply(307, b"", Location="http://127.0.0.1:1/"),
    "another region": reply(301, b"", x_amz_bucket_region="evil.example.com/"),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_answers_end_in_typed_errors(server: OddServer, store: S3DataStore, kind: str) -> None:
    server.answer = ODD[kind]
    with pytest.raises(AtdataError) as caught:
        list(store.list_shards())
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    assert len(server.asked) <= 250


def test_a_list_that_does_not_keep_to_the_prefix_lets_nothing_else_be_touched(
    server: OddServer, store: S3DataStore
) -> None:
    strange = [f"other/data--{UUID}--000000.tar", f"team/../data--{UUID}--000000.tar", "teamster/a.tar"]
    server.answer = reply(200, listing(*map(listed, strange)))

    assert list(store.list_shards("sub")) == []
    assert store.gc(prefix="sub", older_than=0) == []
    assert not [path for command, path in server.asked if command != "GET"]


@pytest.mark.parametrize("sent", ["bytes 0-9/100", "bytes 5-14/100", "bytes 101-110/200", "", "bytes */100", "x"])
def test_another_part_than_was_asked_for_is_not_taken_for_it(server: OddServer, sent: str) -> None:
    server.answer = reply(206, b"0123456789", Content_Range=sent, ETag='"a"')
    source = S3Source("bucket", ["a.tar"], server.url, "key", "secret")
    part: dict[str, Any] = {"start": 10, "stop": 20, "retries": 0}
    with (
        _boto.S3Stream(source.client, "bucket", "a.tar", **part) as stream,
        pytest.raises(AtdataError, match="another range"),
    ):
        stream.read(10)
    server.answer = reply(206, b"0123456789", Content_Range="bytes 10-19/100", ETag='"a"')
    with _boto.S3Stream(source.client, "bucket", "a.tar", **part) as stream:
        assert stream.read(10) == b"0123456789"


@pytest.mark.parametrize("key", ["../other/x.tar", "a/../../other/x.tar", "./x.tar", "a/.."])
def test_no_key_leads_to_another_bucket(server: OddServer, key: str) -> None:
    with pytest.raises(AtdataError, match="between slashes"):
        S3Source("bucket", [key], server.url, "key", "secret")
    for scheme in ("s3", "gs"):
        with pytest.raises(AtdataError, match="between slashes"):
            URLSource(f"{scheme}://bucket/{key}").open_shard(f"{scheme}://bucket/{key}")
    assert server.asked == []


@pytest.mark.parametrize("bucket", ["..", ".", "a/b", "a?b", "a#b", "a\\b", "a\nb", "a\u202eb"])
def test_no_bucket_leads_elsewhere(server: OddServer, bucket: str) -> None:
    with pytest.raises(ValueError, match="no name of a bucket"):
        S3Source(bucket, ["x.tar"], server.url, "key", "secret")
    with pytest.raises(ValueError, match="no name of a bucket"):
        S3DataStore({}, bucket=bucket, endpoint_url=server.url)
