"""Identities: who a name belongs to, whatever the servers on the way say."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from site_tools import Reply, Site, drip, said

from atdata._atmosphere.identity._dns import txt_records
from atdata._atmosphere.identity.errors import HandleMismatchError, IdentityError, IdentityNotFoundError
from atdata._atmosphere.identity.resolver import IdentityResolver
from atdata._atmosphere.net.errors import FetchError, FetchTimeoutError, FetchTooLargeError, XrpcError
from atdata._atmosphere.net.fetch import query
from atdata._atmosphere.net.network import Network, current_network, set_network, using_network
from atdata._sources.errors import UrlError

ALICE = "did:plc:" + "a" * 24
BOB = "did:plc:" + "b" * 24
KEY = "zQ3shqwJEJyMBsBXCWyCBpUBMqxcon9oHB7mCvx4sSpMdLJwc"


def no_dns(name: str, timeout: float) -> list[str]:
    raise AssertionError(f"the DNS was asked for {name}")


def resolver(site: Site, **more: Any) -> IdentityResolver:
    return IdentityResolver(site.network(**more), lookup=no_dns)


def test_a_handle_leads_to_server_and_key(site: Site) -> None:
    site.identity(ALICE, handle="alice.test", pds="https://pds.example.com/", key=KEY)

    for who in ("alice.test", "Alice.TEST", "@alice.test", ALICE, f"at://{ALICE}"):
        found = resolver(site).resolve(who)
        assert (found.did, found.handle, found.server()) == (ALICE, "alice.test", "https://pds.example.com")
        assert found.key().curve == "k256"


def test_a_did_web_is_found_under_its_own_name(site: Site) -> None:
    site.identity("did:web:carol.test", handle="carol.test")

    assert resolver(site).resolve("carol.test").did == "did:web:carol.test"


def test_a_handle_that_the_did_does_not_claim_is_refused(site: Site) -> None:
    site.identity(ALICE, handle="alice.test")
    site.pages["mallory.test/.well-known/atproto-did"] = Reply(ALICE.encode())

    with pytest.raises(HandleMismatchError, match=r"'mallory\.test' leads to .*'alice\.test'"):
        resolver(site).resolve("mallory.test")


def test_a_did_that_claims_anothers_handle_has_none(site: Site) -> None:
    site.identity(ALICE, handle="alice.test")
    site.identity(BOB, handle="bob.test")
    site.pages[f"/{BOB}"] = said({"id": BOB, "alsoKnownAs": ["at://alice.test"]})

    assert resolver(site).handle_of(ALICE) == "alice.test"
    assert resolver(site).handle_of(BOB) is None


def test_a_document_of_another_did_is_refused(site: Site) -> None:
    site.pages[f"/{ALICE}"] = said({"id": BOB})

    with pytest.raises(IdentityError, match="is that of"):
        resolver(site).resolve(ALICE)


def test_identities_are_remembered_for_a_while(site: Site) -> None:
    site.identity(ALICE, handle="alice.test")
    known = resolver(site)
    for _ in range(3):
        known.resolve("alice.test")
        known.resolve(ALICE)
    assert len(site.asked) == 2
    known.resolve("alice.test", fresh=True)
    assert len(site.asked) == 4
    forgetful = resolver(site, ttl=0.0)
    forgetful.resolve(ALICE)
    forgetful.resolve(ALICE)
    assert len(site.asked) == 6


def test_the_dns_comes_first_and_may_name_one_did_only(site: Site) -> None:
    site.identity(ALICE, handle="alice.example.com")
    asked: list[str] = []

    def dns(*texts: str) -> Any:
        def lookup(name: str, timeout: float) -> list[str]:
            asked.append(name)
            return list(texts)

        return lookup

    network = site.network()
    assert IdentityResolver(network, lookup=dns("v=spf1", f"did={ALICE}")).resolve("alice.example.com").did == ALICE
    assert asked == ["_atproto.alice.example.com"]
    with pytest.raises(IdentityError, match="names 2 DIDs"):
        IdentityResolver(network, lookup=dns(f"did={ALICE}", f"did={BOB}")).resolve("alice.example.com")


def test_txt_records_are_asked_of_a_name_server(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dns.resolver")
    import dns.message
    import dns.resolver
    import dns.rrset

    site.identity(ALICE, handle="alice.example.com")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    texts = {"_atproto.alice.example.com.": f'"did={ALICE[:9]}" "{ALICE[9:]}"'}

    def answer() -> None:
        while True:
            try:
                data, peer = server.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            found = dns.message.make_response(query)
            name = query.question[0].name.to_text()
            if name in texts:
                found.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", texts[name]))
            server.sendto(found.to_wire(), peer)

    def resolver_here() -> Any:
        made = real(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], server.getsockname()[1]
        return made

    real = dns.resolver.Resolver
    monkeypatch.setattr(dns.resolver, "Resolver", resolver_here)
    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        assert IdentityResolver(site.network()).resolve("alice.example.com").did == ALICE
        assert txt_records("_atproto.nobody.example.com", 2.0) == []
    finally:
        server.close()


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("nobody.test", IdentityNotFoundError),
        ("did:plc:" + "c" * 24, IdentityNotFoundError),
        ("did:plc:abc", IdentityNotFoundError),
        ("did:plc:../../etc", IdentityError),
        ("did:web:localhost", IdentityError),
        ("did:web:localhost%3A80", IdentityError),
        ("did:web:example.com:user:alice", IdentityError),
        ("did:web:127.0.0.1", IdentityError),
        ("did:key:" + KEY, IdentityError),
        ("localhost", IdentityError),
        ("alice.localhost", IdentityError),
        ("printer.local", IdentityError),
        ("169.254.169.254", IdentityError),
        ("alice.example", IdentityError),
        ("", IdentityError),
        ("a/b.com", IdentityError),
        ("a.com\n", IdentityError),
        ("\x00.com", IdentityError),
        ("x" * 10_000 + ".com", IdentityError),
        (7, IdentityError),
    ],
)
def test_names_that_lead_nowhere_are_typed_errors(site: Site, who: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        resolver(site).resolve(who)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    "endpoint",
    ["file:///etc/passwd", "http://127.0.0.1/x", "https://user@example.com", "ftp://example.com", "https://", "", 7,
     "https://example.com/a?b", "https://example.com#x", "https://[", "https://example.com:99999"],
)  # fmt: skip
def test_a_server_that_is_no_origin_counts_as_none(site: Site, endpoint: Any) -> None:
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}
    site.pages[f"/{ALICE}"] = said({"id": ALICE, "service": [service]})

    with pytest.raises(IdentityError, match="names no server"):
        resolver(site).resolve(ALICE).server()


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"nope", b"null", b"[" * 100_000, b'{"id": 5}', b"{}", b"\xff\xfe"],
)
def test_a_document_that_is_none_is_a_typed_error(site: Site, document: bytes) -> None:
    site.pages[f"/{ALICE}"] = Reply(document)

    with pytest.raises((IdentityError, FetchError)):
        resolver(site).resolve(ALICE)


@pytest.mark.parametrize(
    "part",
    [{"alsoKnownAs": 7}, {"alsoKnownAs": [None, {}, "x"]}, {"service": {}}, {"service": [None, 7, {"id": []}]},
     {"verificationMethod": [{"id": "#atproto", "publicKeyMultibase": 7}]}, {"verificationMethod": "x"},
     {"verificationMethod": [{"id": "#atproto", "type": "Multikey", "publicKeyMultibase": "z0"}]}],
)  # fmt: skip
def test_parts_of_a_document_that_make_no_sense_count_as_missing(site: Site, part: dict[str, Any]) -> None:
    site.pages[f"/{ALICE}"] = said({"id": ALICE, **part})

    found = resolver(site).resolve(ALICE)

    assert (found.handle, found.pds, found.signing_key) == (None, None, None)


# ---------------------------------------------------------------------- servers that misbehave


def test_a_strangers_server_on_this_machine_is_not_asked(site: Site) -> None:
    network = site.network()
    private = ("127.0.0.1", "[::1]", "10.0.0.1", "localhost.localdomain", "169.254.169.254", "0x7f.1")
    for server in (
        "http://127.0.0.1:1",
        "http://localhost",
        "http://example.com",
        *(f"https://{ip}" for ip in private),
    ):
        with pytest.raises(UrlError):
            query(server, "com.atproto.server.describeServer", network)
    assert site.asked == []


def test_a_redirect_to_this_machine_is_not_followed(site: Site) -> None:
    for target in ("http://127.0.0.1:9/", "http://localhost/x", "file:///etc/passwd", "//127.0.0.1/", "https://[::1]/"):
        site.pages["/xrpc/a.b.c"] = Reply(status=302, headers={"Location": target})
        with pytest.raises((UrlError, FetchError)):
            query(site.base, "a.b.c", site.network())


def test_a_redirect_from_one_server_of_ones_own_to_another_is_not_followed(site: Site) -> None:
    other = "http://127.0.0.1:9"
    site.pages["/xrpc/a.b.c"] = Reply(status=307, headers={"Location": f"{other}/secret"})

    with pytest.raises(UrlError, match="only the user may name"):
        query(site.base, "a.b.c", site.network(trusted=(other,)))


def test_redirects_have_an_end(site: Site) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(status=302, headers={"Location": "/xrpc/a.b.c"})

    with pytest.raises(FetchError, match="redirects"):
        query(site.base, "a.b.c", site.network())
    assert len(site.asked) < 10


@pytest.mark.parametrize("lengths", [None, 1 << 40])
def test_an_answer_without_end_is_cut_off(site: Site, lengths: int | None) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(drip(0, b"x" * 65536), length=lengths)

    with pytest.raises(FetchTooLargeError):
        query(site.base, "a.b.c", site.network())


def test_a_slow_answer_is_given_up_in_time(site: Site) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(drip(0.02))
    start = time.monotonic()

    with pytest.raises(FetchTimeoutError):
        query(site.base, "a.b.c", site.network(timeout=0.4))

    assert time.monotonic() - start < 3


def test_a_silent_server_is_given_up_in_time(site: Site) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(b"{}", pause=2.0)
    start = time.monotonic()

    with pytest.raises(FetchTimeoutError):
        query(site.base, "a.b.c", site.network(timeout=0.3))

    assert time.monotonic() - start < 1.5


def test_a_short_answer_is_an_error(site: Site) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(b'{"a":1}', length=100)

    with pytest.raises(FetchError):
        query(site.base, "a.b.c", site.network())


def test_busy_servers_are_asked_again_when_they_say(site: Site) -> None:
    site.pages["/xrpc/a.b.c"] = said({"fine": True})
    site.script = [
        Reply(status=429, headers={"RateLimit-Reset": str(int(time.time())), "RateLimit-Remaining": "0"}),
        Reply(status=503, headers={"Retry-After": "0"}),
    ]
    assert query(site.base, "a.b.c", site.network(retries=2)) == {"fine": True}
    site.script = [said({"error": "RateLimitExceeded", "message": "x"}, 429, **{"Retry-After": "9999"})]
    with pytest.raises(XrpcError, match="RateLimitExceeded") as caught:  # longer than anybody's patience
        query(site.base, "a.b.c", site.network(retries=2))
    assert caught.value.status == 429


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"error": 7, "message": {}}', b'{"error": "\\u001b[31mX"}', b"\xff" * 99]
)
def test_a_refusal_of_any_form_is_a_typed_error(site: Site, body: bytes) -> None:
    site.pages["/xrpc/a.b.c"] = Reply(body, 400)

    with pytest.raises(XrpcError) as caught:
        query(site.base, "a.b.c", site.network())
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()


# ---------------------------------------------------------------------- settings


def test_settings_hold_for_a_block_or_for_the_process() -> None:
    usual = current_network()
    with using_network(Network(timeout=1.0)) as mine:
        assert current_network() is mine
    before = set_network(mine)
    try:
        assert (before, current_network()) == (usual, mine)
    finally:
        set_network(before)


def test_settings_that_name_no_server_are_refused() -> None:
    for wrong in ("localhost", "ftp://x", "", "https://x:99999"):
        with pytest.raises(UrlError):
            Network(trusted=(wrong,))
