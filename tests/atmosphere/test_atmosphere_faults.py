"""What networks and servers do to the client, and what becomes of it."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pds_server  # found beside tests/conftest.py
import pytest
from relay import Fault, Relay
from site_tools import Reply, Site, drip, said

from atdata._atmosphere.errors import UnavailableError
from atdata._atmosphere.patience import Pace
from atdata._sources.errors import UrlError
from atdata.atmosphere import (
    AtmosphereClient,
    ConflictError,
    Create,
    Delete,
    LensLoader,
    Network,
    RateLimitError,
    RefusedError,
    TooLargeError,
)

NOTE = "com.example.note"


def hits(name: str) -> Callable[[str, str], bool]:
    return lambda _method, path: path.startswith(f"/xrpc/com.atproto.{name}")


@pytest.fixture
def relay(pds: Any) -> Iterator[Relay]:
    made = Relay(pds.url)
    yield made
    made.close()


@pytest.fixture(scope="module")
def someone(pds: Any) -> Any:
    """An account for all of these tests."""
    return pds.new_account()


@pytest.fixture
def hurried(pds: Any, someone: Any, relay: Relay) -> Iterator[Any]:
    """A client whose way to the server goes through the relay, and that does not pause before another try."""
    with AtmosphereClient(relay.endpoint, network=Network(timeout=3.0, retries=2, trusted=(pds.url,))) as made:
        made.login_with_session(someone.session.replace(pds.url, relay.endpoint))
        made._patience = replace(made._patience, sleep=lambda _: None)
        made.apply_writes([Delete(NOTE, found.uri.rkey) for found in made.iter_records(NOTE)])
        relay.requests.clear()
        yield made


def asked(relay: Relay, name: str) -> int:
    return sum(count for (_, path), count in relay.requests.items() if hits(name)("", path))


# Failures that may pass --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["broken", "slow", "reset", "lost"])
def test_a_record_is_made_once_whatever_happens_to_the_first_request(hurried: Any, relay: Relay, kind: str) -> None:
    relay.fault = Fault(kind, hits("repo.createRecord"), times=1)
    uri = hurried.create_record(NOTE, {"n": 1})

    assert relay.fault.seen == 1
    assert hurried.list_records(NOTE)[0] == [{"$type": NOTE, "n": 1}]
    assert hurried.get_record(uri)["n"] == 1
    assert asked(relay, "repo.createRecord") == (1 if kind == "lost" else 2)


@pytest.mark.parametrize("kind", ["broken", "reset", "lost"])
def test_a_swap_whose_answer_was_lost_is_no_conflict(hurried: Any, relay: Relay, kind: str) -> None:
    relay.fault = Fault(kind, hits("repo.putRecord"), times=1)
    hurried.put_record(NOTE, "k", {"n": 1}, swap_record=None)

    assert relay.fault.seen == 1
    assert hurried.list_records(NOTE)[0] == [{"$type": NOTE, "n": 1}]


@pytest.mark.parametrize("kind", ["broken", "lost"])
def test_many_changes_are_made_once(hurried: Any, relay: Relay, kind: str) -> None:
    relay.fault = Fault(kind, hits("repo.applyWrites"), times=1)
    made = hurried.apply_writes([Create(NOTE, {"n": n}) for n in range(5)])
    assert [record["n"] for record in hurried.list_records(NOTE)[0]] == [4, 3, 2, 1, 0]

    relay.fault = Fault(kind, hits("repo.applyWrites"), times=1)
    hurried.apply_writes([Delete(NOTE, uri.rkey) for uri in made])
    assert relay.fault.seen == 1
    assert hurried.list_records(NOTE)[0] == []


@pytest.mark.parametrize("kind", ["broken", "slow", "reset", "lost"])
@pytest.mark.parametrize("name", ["repo.listRecords", "repo.getRecord", "repo.uploadBlob", "repo.deleteRecord"])
def test_what_can_be_repeated_is_repeated(hurried: Any, relay: Relay, kind: str, name: str) -> None:
    uri = hurried.create_record(NOTE, {"n": 1})
    relay.fault = Fault(kind, hits(name), times=2)
    calls: dict[str, Callable[[], Any]] = {
        "repo.listRecords": lambda: hurried.list_records(NOTE),
        "repo.getRecord": lambda: hurried.get_record(uri),
        "repo.uploadBlob": lambda: hurried.upload_blob(b"data" * 1000),
        "repo.deleteRecord": lambda: hurried.delete_record(uri),
    }
    calls[name]()

    assert relay.fault.seen == 2


@pytest.mark.parametrize("kind", ["broken", "reset", "lost"])
def test_failures_that_do_not_pass_end_after_all_tries(hurried: Any, relay: Relay, kind: str) -> None:
    relay.fault = Fault(kind, hits("repo"))  # reading, by which one would see what became of it, fails as well
    with pytest.raises(UnavailableError, match=r"creating a record of .*, at http://127") as caught:
        hurried.create_record(NOTE, {"n": 1})

    assert isinstance(caught.value, ConnectionError)
    assert asked(relay, "repo.createRecord") == 3


def test_a_server_that_is_silent_is_left(pds: Any, someone: Any, relay: Relay) -> None:
    relay.fault = Fault("hang", hits("repo.getRecord"))
    with AtmosphereClient(relay.endpoint, network=Network(timeout=0.3, retries=0)) as client:
        client.login_with_session(someone.session.replace(pds.url, relay.endpoint))
        begun = time.monotonic()
        with pytest.raises(UnavailableError, match="took too long"):
            client.get_record(f"at://{client.did}/{NOTE}/x")

    assert time.monotonic() - begun < 3


def test_a_server_that_is_not_there_is_named() -> None:
    client = AtmosphereClient("http://localhost:1", network=Network(retries=0))

    with pytest.raises(UnavailableError, match=r"login as alice.test, at http://localhost:1: no answer.*refused"):
        client.login("alice.test", "hunter2pass")
    with pytest.raises(UnavailableError, match=r"'http://localhost:1'.*refused"):
        client.get_record(f"at://nobody.test/{NOTE}/x")


def test_writers_at_the_same_moment_make_one_record(pds: Any, someone: Any) -> None:
    results: list[Any] = []

    def write(n: int) -> None:
        with AtmosphereClient(pds.url) as client:
            client.login_with_session(someone.session)
            try:
                results.append(client.create_record(NOTE, {"n": n}, rkey="one"))
            except ConflictError as error:
                results.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(result, ConflictError) for result in results) == 5, results
    assert len(results) == 6


# Limits of the server ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(pds: Any) -> Iterator[Any]:
    """A server that counts requests."""
    with pds_server.running("--rate-limits", "--account", "carol.test:hunter2pass") as made:
        yield made


def test_a_limit_says_when_to_go_on(strict: Any) -> None:
    with AtmosphereClient(strict.url, network=Network(patience=1.0)) as client:
        client.login_with_session(strict.accounts[0].session)
        account: Any = client._account

        def rename_again_and_again() -> None:
            for _ in range(11):
                account.procedure("com.atproto.identity.updateHandle", {"handle": "carol.test"}, "renaming")

        with pytest.raises(RateLimitError, match=r"429.*RateLimitExceeded.*reset_at") as caught:
            rename_again_and_again()

    error = caught.value
    assert isinstance(error, TimeoutError)
    assert error.reset_at is not None
    assert error.wait is not None
    assert 0 < (error.reset_at - datetime.now(UTC)).total_seconds() <= 300
    assert 0 < error.wait <= 301


def test_bulk_work_stops_before_the_server_refuses_it_and_waits_when_it_may(strict: Any) -> None:
    with AtmosphereClient(strict.url, network=Network(patience=10.0)) as client:
        client.login_with_session(strict.accounts[0].session)
        for batch in range(8):  # 4,800 of 5,000 points
            client.apply_writes([Create(NOTE, {"n": n}, f"{batch}-{n}") for n in range(200)])
        with pytest.raises(RateLimitError, match="making the changes 0 to 199 of 200: the server's limit") as caught:
            client.apply_writes([Create(NOTE, {"n": n}) for n in range(200)])
        assert caught.value.status is None  # nobody was asked
        assert caught.value.wait is not None
        assert caught.value.wait > 60
        client.create_record(NOTE, {"n": 1})  # which there is still room for

        slept: list[float] = []
        client._patience = replace(client._patience, max_wait=4000.0, retries=1, sleep=slept.append)
        with pytest.raises(RateLimitError):  # its clock goes on while this one only says that it slept
            client.apply_writes([Create(NOTE, {"n": n}) for n in range(200)])
        assert len(slept) == 1
        assert 60 < slept[0] < 3700


def test_a_limit_is_waited_for_by_the_servers_own_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    reset = int(time.time()) + 1003  # the server's clock goes a quarter of an hour fast
    date = datetime.fromtimestamp(reset - 3, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    limited = said({"error": "RateLimitExceeded"}, 429, **{"RateLimit-Reset": str(reset), "Date": date})
    record = said({"uri": f"at://did:plc:abc/{NOTE}/x", "cid": "b", "value": {"n": 1}})
    site.pages["/xrpc/com.atproto.repo.describeRepo"] = said({"did": "did:plc:abc", "handle": "a.test"})
    site.pages["/xrpc/com.atproto.repo.getRecord"] = lambda _: answers.pop(0)
    answers = [limited, said({}, 429, **{"Retry-After": "2"}), record]
    slept: list[float] = []
    client = AtmosphereClient(site.base)
    client._patience = replace(client._patience, sleep=slept.append)

    assert client.get_record(f"at://did:plc:abc/{NOTE}/x") == {"n": 1}
    assert [round(seconds) for seconds in slept] == [3, 2]


def test_bulk_work_goes_by_the_servers_clock() -> None:
    reset = int(time.time()) + 1003
    date = datetime.fromtimestamp(reset - 3, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    pace = Pace()
    pace.note({"ratelimit-remaining": "5", "ratelimit-reset": str(reset), "date": date})

    assert pace.wait(5) == 0
    assert 1 < pace.wait(6) < 5
    pace.note({"ratelimit-remaining": "x", "ratelimit-reset": "-1"})  # which says nothing
    assert pace.wait(6) > 0


# Servers that misbehave --------------------------------------------------------------------------------------


@pytest.fixture
def rogue(pds: Any, someone: Any) -> Iterator[Callable[[str, Reply], Any]]:
    """Makes a client whose server answers one method of an account in its own way."""
    import http.server

    closing: list[Callable[[], None]] = []

    def make(method: str, reply: Reply) -> AtmosphereClient:
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                self.end_headers()
                try:
                    for piece in [reply.body] if isinstance(reply.body, bytes) else reply.body():
                        self.wfile.write(piece)
                except OSError:
                    pass

            do_GET = do_POST

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}"
        client = AtmosphereClient(base, network=Network(timeout=1.0, retries=0))
        client.login_with_session(someone.session.replace(pds.url, base))
        closing.extend((client.close, server.shutdown, server.server_close))
        return client

    yield make
    for close in closing:
        close()


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(b"", 307, {"Location": "http://localhost:2/"}), UnavailableError, "redirect, which is not followed"),
        (Reply(b"<html>", 200, {"Content-Type": "text/html"}), UnavailableError, "names no record"),
        (Reply(b"{", 200, JSON), UnavailableError, "no JSON"),
        (Reply(b"[1]", 200, JSON), UnavailableError, "names no record"),
        (Reply(b'{"uri": 5}', 200, JSON), UnavailableError, "names no record"),
        (Reply(drip(0, b"x" * (1 << 20)), 200, JSON), TooLargeError, "larger than 16 MiB"),
        (Reply(b'{"error": 7, "message": ["x"]}', 400, JSON), RefusedError, "answered 400"),
        (
            Reply(b'{"error": "\\u001b[31m", "message": "\\n\\u0000' + b"m" * 9000 + b'"}', 400, JSON),
            RefusedError,
            "mmm",
        ),
        (Reply(b"\xff" * 100, 400, {"Content-Type": "text/plain"}), RefusedError, "answered 400"),
        (Reply(b"[" * 100_000, 400, JSON), RefusedError, "answered 400"),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_typed_error_of_plain_text(
    rogue: Any, reply: Reply, kind: type[Exception], words: str
) -> None:
    client = rogue("repo.createRecord", reply)
    with pytest.raises(kind, match=words) as caught:
        client.create_record(NOTE, {"n": 1})

    text = str(caught.value)
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 1000


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ({}, "no list of records"),
        ({"records": 5}, "no list of records"),
        ({"records": {"a": 1}}, "no list of records"),
    ],
)
def test_a_listing_that_is_none_is_refused(site: Site, page: Any, words: str) -> None:
    site.pages["/xrpc/com.atproto.repo.describeRepo"] = said({"did": "did:plc:abc"})
    site.pages["/xrpc/com.atproto.repo.listRecords"] = said(page)

    with pytest.raises(ValueError, match=words):
        AtmosphereClient(site.base).list_records(NOTE, repo="did:plc:abc")


def test_a_damaged_entry_of_a_listing_is_named_and_hides_no_others(site: Site) -> None:
    good = {"uri": f"at://did:plc:abc/{NOTE}/x", "cid": "b", "value": {"n": 1}}
    odd = [5, {}, {"uri": "no", "value": {}}, {"uri": good["uri"], "value": [1]}]
    site.pages["/xrpc/com.atproto.repo.describeRepo"] = said({"did": "did:plc:abc"})
    site.pages["/xrpc/com.atproto.repo.listRecords"] = said({"records": [*odd, good]})
    client = AtmosphereClient(site.base)

    with pytest.warns(UserWarning, match="left out") as caught:
        assert [found.value for found in client.iter_records(NOTE, repo="did:plc:abc")] == [{"n": 1}]
    assert len(caught) == len(odd)


@pytest.mark.parametrize("cursor", ["same", 7, "", None, ["x"]])
def test_a_listing_ends_when_its_cursor_leads_nowhere_new(site: Site, cursor: Any) -> None:
    entry = {"uri": f"at://did:plc:abc/{NOTE}/x", "cid": "b", "value": {"n": 1}}
    site.pages["/xrpc/com.atproto.repo.describeRepo"] = said({"did": "did:plc:abc"})
    site.pages["/xrpc/com.atproto.repo.listRecords"] = said({"records": [entry], "cursor": cursor})
    client = AtmosphereClient(site.base)

    assert len(list(client.iter_records(NOTE, repo="did:plc:abc"))) == (2 if cursor == "same" else 1)


def test_a_listing_without_an_end_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether what it lists are records or nothing of the kind: neither may hold a search for ever."""
    from atdata._atmosphere import record_reads

    monkeypatch.setattr(record_reads, "_MOST", 50)
    numbers = itertools.count()
    site.pages["/xrpc/com.atproto.repo.describeRepo"] = said({"did": "did:plc:abc"})
    client = AtmosphereClient(site.base)
    for entry in (5, {"uri": f"at://did:plc:abc/{NOTE}/x", "cid": "b", "value": {"n": 1}}):
        site.pages["/xrpc/com.atproto.repo.listRecords"] = lambda _, entry=entry: said(
            {"records": [entry] * 20, "cursor": str(next(numbers))}
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(TooLargeError, match="lists more than 50 records"):
                list(client.iter_records(NOTE, repo="did:plc:abc"))
        with pytest.raises(TooLargeError):
            LensLoader(client).find_by_schemas("at://x", repo="did:plc:abc")


def test_a_login_is_not_led_to_a_machine_of_ours(rogue: Any, site: Site, someone: Any) -> None:
    """Both when a session begins and when it is renewed, the server may name another one: not a private one."""
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": site.base}
    document = {"id": someone.did, "alsoKnownAs": [], "verificationMethod": [], "service": [service]}
    _, _, access, refresh, _ = someone.session.split(":::")
    answer = {"did": someone.did, "handle": "a.test", "accessJwt": access, "refreshJwt": refresh, "didDoc": document}
    client = rogue("all", said(answer))
    own = client.pds_endpoint(client.did)
    with AtmosphereClient(own, network=Network(retries=0)) as fresh:
        fresh.login("a.test", "hunter2pass")

        assert fresh.pds_endpoint(fresh.did) == own
    client._account._client._refresh_and_set_session()
    with pytest.raises(ValueError, match="comes from a record"):
        client.upload_blob(b"secret")
    assert site.asked == []


Led = tuple[AtmosphereClient, Callable[..., list[str]]]


@pytest.fixture
def led(rogue: Any, someone: Any, monkeypatch: pytest.MonkeyPatch) -> Led:
    """A client whose server sent it on to https://pds.example.com, and what makes that name resolve as told.

    What makes it resolve gives the list of what was looked up and of what was connected to afterwards.
    """
    service = {
        "id": "#atproto_pds",
        "type": "AtprotoPersonalDataServer",
        "serviceEndpoint": "https://pds.example.com",
    }
    document = {"id": someone.did, "alsoKnownAs": [], "verificationMethod": [], "service": [service]}
    _, _, access, refresh, _ = someone.session.split(":::")
    answer = {"did": someone.did, "handle": "a.test", "accessJwt": access, "refreshJwt": refresh, "didDoc": document}
    client = AtmosphereClient(rogue("all", said(answer))._base_url, network=Network(retries=0, timeout=1.0))
    client.login("a.test", "hunter2pass")
    assert client.pds_endpoint(client.did) == "https://pds.example.com"

    def resolve(port: int, *answers: list[str]) -> list[str]:
        seen: list[str] = []
        left = list(answers)
        real = socket.getaddrinfo

        def lookup(host: Any, *rest: Any, **more: Any) -> Any:
            if host == "pds.example.com":
                seen.append(host)
                found = left.pop(0) if len(left) > 1 else left[0]
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]
            if host == "127.0.0.1":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
            seen.append(str(host))
            return real(host, *rest, **more)

        def connect(sock: Any, address: Any) -> None:
            if address[0] != "127.0.0.1":
                raise OSError("no way there from a test")
            really(sock, address)

        really = socket.socket.connect
        monkeypatch.setattr(socket.socket, "connect", connect)
        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        return seen

    return client, resolve


ASKED: dict[str, Callable[[AtmosphereClient], object]] = {
    "written to": lambda client: client.upload_blob(b"secret"),
    "read from": lambda client: client.list_records(NOTE),
    "read without the SDK": lambda client: client.get_blob(
        client.did, "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
    ),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"]])
def test_a_public_name_that_resolves_to_this_machine_is_refused_before_a_byte_is_sent(
    led: Led, found: list[str], ask: Callable[[AtmosphereClient], object]
) -> None:
    client, resolve = led
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        resolve(listener.getsockname()[1], found)
        with pytest.raises(UrlError, match="resolves to an address that is not public"):
            ask(client)
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize(
    "private", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%lo", "224.0.0.1"]
)
def test_a_server_that_a_login_names_is_on_no_private_network(led: Led, private: str) -> None:
    client, resolve = led
    seen = resolve(1, [private])
    with pytest.raises(UrlError, match="not public"):
        client.upload_blob(b"secret")
    assert seen == ["pds.example.com"]


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(led: Led) -> None:
    """A name is looked up once: it cannot be public when it is checked, and ours when it is connected to."""
    client, resolve = led
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        seen = resolve(listener.getsockname()[1], ["93.184.216.34"], ["127.0.0.1"])
        with pytest.raises(UnavailableError):
            client.upload_blob(b"secret")
        assert seen == ["pds.example.com", "93.184.216.34"]
        with pytest.raises(TimeoutError):
            listener.accept()


def test_a_server_of_ones_own_may_be_anywhere(pds: Any, someone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.1" if host == "pds.example.com" else host, *rest, **more),
    )
    base = f"http://pds.example.com:{urlsplit(pds.url).port}"
    with AtmosphereClient(base) as client:
        client.login_with_session(someone.session.replace(pds.url, base))
        uri = client.create_record(NOTE, {"n": 5})

        assert client.get_record(uri)["n"] == 5


def test_a_checked_connection_takes_whole_answers_and_no_redirects(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from atdata._atmosphere import _httpx
    from atdata._sources import addresses

    site.pages["/good"] = said({"n": 1})
    site.pages["/away"] = Reply(b"", 302, {"Location": f"{site.base}/good"})
    site.pages["/endless"] = Reply(drip(0, b"x" * (1 << 20)))
    monkeypatch.setattr(_httpx, "check_untrusted", lambda url: url)
    with httpx.Client(transport=_httpx.make_transport(lambda _: False), follow_redirects=True) as client:
        for _ in range(150):  # more than may be open at a time: one that was refused is not kept
            with pytest.raises(UrlError, match="not public"):
                client.get(f"{site.base}/good")
        assert site.asked == []
        monkeypatch.setattr(addresses, "check_peer", lambda *_: None)
        assert client.get(f"{site.base}/good").json() == {"n": 1}
        with pytest.raises(httpx.RemoteProtocolError, match="redirect"):
            client.get(f"{site.base}/away")
        with pytest.raises(_httpx.Endless):
            client.get(f"{site.base}/endless")
    assert site.asked == ["/good", "/away", "/endless"]


def test_a_did_document_leads_nobody_to_a_machine_of_ours(site: Site) -> None:
    site.identity("did:plc:" + "a" * 24, handle="alice.test", pds="http://127.0.0.1:1")
    client = AtmosphereClient(network=site.network())

    with pytest.raises(ValueError, match="comes from a record"):
        client.get_record(f"at://alice.test/{NOTE}/x")


def test_what_was_sent_is_what_was_checked(hurried: Any, relay: Relay) -> None:
    """A record that changes while it is sent is sent as it was when it was checked."""
    record: dict[str, Any] = {"list": [1]}
    relay.fault = Fault("broken", lambda _, path: bool(record["list"].append(0.5)) if "createRecord" in path else False)
    uri = hurried.create_record(NOTE, record)

    assert json.dumps(hurried.get_record(uri)["list"]) == "[1]"
