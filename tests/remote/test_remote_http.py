"""Servers of strangers: too slow, endless, lying, or sending us to where we must not go."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from atdata_codegen.remote import pull as pulling
from atdata_codegen.remote._http import ask
from atdata_codegen.remote.documents import LEXICON
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.identity import Account, account_of, authority_domain, lexicon_authority
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import get_record, list_records

from atdata_lexicon.data import record_cid

Handle = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def served(handle: Handle) -> Iterator[tuple[str, Network]]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(ConnectionError, TimeoutError):
                handle(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield url, Network(plc=url, trusted=frozenset({url}), timeout=1.0)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def said(value: Any, status: int = 200, **headers: str) -> Handle:
    data = json.dumps(value).encode()

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, text in {"Content-Length": str(len(data)), **headers}.items():
            request.send_header(name, text)
        request.end_headers()
        request.wfile.write(data)

    return handle


def endless(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x" * 65536)


def dripping(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    while True:
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.05)


def silent(request: http.server.BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def cut(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "100")
    request.end_headers()
    request.wfile.write(b"{}")


@pytest.mark.parametrize(
    ("handle", "says"),
    [
        (endless, "more than"),
        (dripping, "too slow"),
        (silent, "too slow"),
        (cut, "before the whole answer|IncompleteRead"),
    ],
)
def test_a_server_that_never_comes_to_an_end_is_left_in_time(handle: Handle, says: str) -> None:
    begun = time.monotonic()
    with served(handle) as (url, network), pytest.raises(RemoteError, match=says):
        ask(url, network, limit=1 << 20)

    assert time.monotonic() - begun < 6


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:1/x", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/x", "file:///etc/passwd",
     "http://example.com/", "https://user@example.com/", "gopher://example.com/", "//localhost:1/x", ""],
)  # fmt: skip
def test_a_redirect_leads_nowhere_private(target: str) -> None:
    with served(said({}, 302, Location=target)) as (url, network), pytest.raises(RemoteError):
        ask(f"{url}/start", network)


def test_a_token_is_not_sent_on_by_a_redirect() -> None:
    seen: list[tuple[str, str | None]] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        seen.append((request.path, request.headers.get("Authorization")))
        said({}, 302 if request.path == "/a" else 200, Location="/b")(request)

    with served(handle) as (url, network):
        assert ask(f"{url}/a", network, token="secret").status == 200

    assert seen == [("/a", "Bearer secret"), ("/b", None)]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://localhost:1/", "HTTPS only"),
        ("http://example.com/", "HTTPS only"),
        ("ftp://example.com/", "is no address"),
        ("https://", "is no address"),
        ("https://user@example.com/", "is no address"),
        ("https://10.0.0.1/", "private address"),
        ("https://[::ffff:127.0.0.1]/", "private address"),
        ("https://[64:ff9b::7f00:1]/", "private address"),
        ("https://[::7f00:1]/", "private address"),
        ("https://2130706433/", "private address"),
        ("https://0x7f.1/", "private address"),
        ("https://localhost/", "private address"),
    ],
)
def test_an_address_that_a_stranger_names_is_public_and_https(url: str, says: str) -> None:
    with pytest.raises(RemoteError, match=says):
        ask(url, Network(timeout=2))


def test_no_connection_is_made_to_a_private_address_that_nobody_named() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        port = listener.getsockname()[1]
        for url in (f"https://127.0.0.1:{port}/", f"http://127.0.0.1:{port}/", f"https://localhost:{port}/"):
            with pytest.raises(RemoteError):
                ask(url, Network(timeout=2))
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_record_that_does_not_have_its_cid_is_refused() -> None:
    uri = "at://did:plc:abc/com.example.x/y"
    answer = {"uri": uri, "cid": "bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq", "value": {"a": 1}}
    with served(said(answer)) as (url, network), pytest.raises(RemoteError, match="do not trust this server"):
        get_record(Account("did:plc:abc", url), "com.example.x", "y", network)


@pytest.mark.parametrize("value", [{"a": 1.5}, {"$type": 1, "x": "\ud800"}, [], None, {"a": {"$link": "x"}}])
def test_what_is_no_record_is_refused(value: Any) -> None:
    answer = {"uri": "at://did:plc:abc/com.example.x/y", "cid": "x", "value": value}
    with served(said(answer)) as (url, network), pytest.raises(RemoteError):
        get_record(Account("did:plc:abc", url), "com.example.x", "y", network)


def full_pages(pause: float = 0.0) -> Handle:
    """Pages without an end, each full of good records that were not listed before."""
    numbers = itertools.count()

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        time.sleep(pause)
        entries = []
        for number in itertools.islice(numbers, 50):
            value = {"n": number, "text": "x" * 1000}
            entries.append(
                {"uri": f"at://did:plc:abc/com.example.x/{number}", "cid": record_cid(value), "value": value}
            )
        said({"records": entries, "cursor": str(next(numbers))})(request)

    return handle


@pytest.mark.parametrize(
    ("limits", "pause", "words"),
    [
        ({"listing_bytes": 300_000}, 0.0, "lists more than 300,000 bytes"),
        ({"listing_time": 0.5}, 0.1, "lists for longer than 0.5 seconds"),
        ({"listing_time": 0.5}, 0.8, "lists for longer than 0.5 seconds"),
    ],
)
def test_a_listing_of_full_pages_without_an_end_is_left(limits: dict[str, Any], pause: float, words: str) -> None:
    taken: list[object] = []
    began = time.monotonic()
    with served(full_pages(pause)) as (url, network), pytest.raises(RemoteError, match=words) as caught:
        taken.extend(list_records(Account("did:plc:abc", url), "com.example.x", replace(network, **limits)))
    assert "at://did:plc:abc/com.example.x" in str(caught.value)
    assert url in str(caught.value)
    assert len(taken) < 300
    assert time.monotonic() - began < 5


def test_the_time_of_a_listing_is_that_of_the_server_alone() -> None:
    with served(full_pages()) as (url, network):
        records = list_records(Account("did:plc:abc", url), "com.example.x", replace(network, listing_time=1.0))
        next(records)
        time.sleep(1.1)  # whoever reads them takes his time
        assert len(list(itertools.islice(records, 99))) == 99


def test_a_server_too_slow_for_one_page_is_told_so_as_before() -> None:
    with served(silent) as (url, network), pytest.raises(RemoteError, match="the server is too slow"):
        list(list_records(Account("did:plc:abc", url), "com.example.x", replace(network, timeout=0.2)))


def test_a_list_without_an_end_is_left() -> None:
    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        uri = "at://did:plc:abc/com.example.x/same"
        cid = "bafyreihltcnuuyqp2jm24aqydpnlj7b6w3ogwrplomrjtg5rifv44mmjey"
        said({"records": [{"uri": uri, "cid": cid, "value": {"a": 1}}], "cursor": str(time.monotonic())})(request)

    with served(handle) as (url, network), pytest.raises(RemoteError, match="or twice"):
        list(list_records(Account("did:plc:abc", url), "com.example.x", network))


@pytest.mark.parametrize(
    "document",
    [
        {"id": "did:plc:other"},
        {"id": "did:plc:abc"},
        {"id": "did:plc:abc", "service": "x"},
        {"id": "did:plc:abc", "service": [{"id": "#atproto_pds", "type": "X", "serviceEndpoint": "https://a"}]},
        {
            "id": "did:plc:abc",
            "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": "file:///etc"}],
        },
        [],
    ],
)
def test_a_did_document_that_names_no_server_is_refused(document: Any) -> None:
    with served(said(document)) as (_, network), pytest.raises(RemoteError):
        account_of("did:plc:abc", network)


@pytest.mark.parametrize("path", ["%2Fadmin", "%3Fx", "%2Fx%23"])
def test_a_did_of_a_host_leads_to_no_other_page_of_it(path: str) -> None:
    asked: list[str] = []

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        said({})(request)

    with served(handle) as (url, network), pytest.raises(RemoteError, match="is no host name"):
        account_of(f"did:web:{url[7:].replace(':', '%3A')}{path}", network)
    assert asked == []


def test_a_handle_counts_only_when_its_did_claims_it() -> None:
    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        if "resolveHandle" in request.path:
            said({"did": "did:plc:abc"})(request)
        else:
            service = {
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": "https://a.example",
            }
            said({"id": "did:plc:abc", "alsoKnownAs": ["at://other.test"], "service": [service]})(request)

    with served(handle) as (url, network), pytest.raises(RemoteError, match="does not claim"):
        account_of("mallory.test", network, url)


def test_the_authority_of_an_nsid_is_its_domain_and_none_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    zone = {
        "_lexicon.data.example.com": ["did=did:plc:abc", "v=spf1"],
        "_lexicon.two.example.com": ["did=did:plc:abc", "did=did:plc:xyz"],
    }

    def lookup(name: str, timeout: float) -> list[str]:
        asked.append(name)
        return zone.get(name, [])

    monkeypatch.setattr("atdata_codegen.remote.identity.txt_records", lookup)

    assert authority_domain("com.example.data.image") == "data.example.com"
    assert lexicon_authority("com.example.data.image", Network()) == "did:plc:abc"
    with pytest.raises(RemoteError, match="more than one"):
        lexicon_authority("com.example.two.image", Network())
    with pytest.raises(RemoteError, match="no TXT record"):
        lexicon_authority("com.example.data.deep.image", Network())
    assert asked[-1] == "_lexicon.deep.data.example.com"
    assert len(asked) == 3


def chained(leads_to: Callable[[int], list[str]]) -> tuple[Handle, list[str]]:
    """A directory, and a server that makes up every document it is asked for, which names others."""
    asked: list[str] = []
    did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"

    def handle(request: http.server.BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        if parts.path == f"/{did}":
            host = f"http://127.0.0.1:{request.server.server_address[1]}"  # type: ignore[str-bytes-safe]  # a string
            service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": host}
            said({"id": did, "service": [service]})(request)
            return
        nsid = parse_qs(parts.query)["rkey"][0]
        asked.append(nsid)
        number = nsid.rpartition(".x")[2]
        if not number.isdigit():
            said({"error": "RecordNotFound", "message": "no"}, 400)(request)
            return
        refs = {f"p{i}": {"type": "ref", "ref": name} for i, name in enumerate(leads_to(int(number)))}
        main = {"type": "object", "properties": refs}
        value = {"$type": LEXICON, "lexicon": 1, "id": nsid, "defs": {"main": main}}
        said({"uri": f"at://{did}/{LEXICON}/{nsid}", "cid": record_cid(value), "value": value})(request)

    return handle, asked


@pytest.mark.parametrize(
    ("leads_to", "says", "most"),
    [
        (lambda number: [f"com.example.x{number + 1}", f"com.example.x{number + 2}#main"], "more than 30 others", 40),
        (lambda number: [f"com.example.gone{i}" for i in range(200)], "10 that cannot be had", 20),
    ],
    ids=["without an end", "to nowhere"],
)
def test_what_leads_on_and_on_is_not_followed_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leads_to: Callable[[int], list[str]], says: str, most: int
) -> None:
    monkeypatch.setattr(pulling, "_MOST_FOLLOWED", 30)
    monkeypatch.setattr(pulling, "_MOST_LOST", 10)
    handle, asked = chained(leads_to)
    with served(handle) as (_, network):
        network = replace(network, authorities={"example.com": "did:plc:ewvi7nxzyoun6zhxrhs64oiz"})
        with pytest.raises(RemoteError, match=says):
            pulling.pull(pulling.PullSettings(str(tmp_path), ("com.example.x0",), network=network))

        assert len(asked) <= most
        assert list(tmp_path.iterdir()) == []
        alone = pulling.PullSettings(str(tmp_path), ("com.example.x0",), network=network, dependencies=False)
        assert pulling.pull(alone).new == ["com.example.x0"]


def test_names_that_differ_in_case_only_are_not_put_into_one_file(tmp_path: Path) -> None:
    handle, _ = chained(lambda number: [])
    did = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
    with served(handle) as (_, network):
        network = replace(network, authorities={"a.example.com": did, "A.example.com": did})
        settings = pulling.PullSettings(str(tmp_path), ("com.example.a.x1", "com.example.A.x1"), network=network)
        found = pulling.pull(settings)

    assert found.new == ["com.example.a.x1"]
    assert [problem.text for problem in found.problems if "in case only" in problem.text]
