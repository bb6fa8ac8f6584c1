"""Sessions that are kept, and what a server says of them: neither leads to a machine of ours, now or the next time."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from site_tools import Site, said, site

from atdata.atmosphere import AtmosphereClient, AuthError, Network, WrongRecordError
from atdata_lexicon.data import record_cid

NOTE = "com.example.note"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
NETWORK = Network(timeout=2.0, retries=0)


def token() -> str:
    """A token that is good for an hour, as far as its reader can tell."""
    parts = ({"alg": "none"}, {"sub": DID, "exp": int(time.time()) + 3600})
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return f"{head}.{body}.AAAA"


def answer(endpoint: str, handle: str = "a.test") -> Any:
    """A server's answer to a login."""
    service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": endpoint}
    document = {"id": DID, "alsoKnownAs": [], "verificationMethod": [], "service": [service]}
    return {"did": DID, "handle": handle, "accessJwt": token(), "refreshJwt": token(), "didDoc": document}


def login(server: Site, endpoint: str, **options: Any) -> AtmosphereClient:
    for method in ("createSession", "refreshSession"):
        server.pages[f"/xrpc/com.atproto.server.{method}"] = said(answer(endpoint))
    server.pages["/xrpc/com.atproto.server.getSession"] = said({"did": DID, "handle": "a.test"})
    client = AtmosphereClient(server.base, network=NETWORK)
    client.login("a.test", "hunter2pass", **options)
    return client


def test_a_private_server_that_a_login_named_is_not_kept(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "session"
    with site_of_ours() as ours:
        with login(site, ours.base, session_file=path) as client:
            assert client.pds_endpoint(DID) == site.base
            assert ours.base not in client.export_session()
        assert ours.base not in path.read_text()

        with AtmosphereClient(network=NETWORK) as again:
            again.login("a.test", "not needed", session_file=path)
            assert again.pds_endpoint(DID) == site.base
        assert ours.asked == []


def test_a_private_server_that_a_renewal_named_is_not_kept(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "session"
    told: list[str] = []
    with site_of_ours() as ours, login(site, site.base, session_file=path) as client:
        client.on_session_change(told.append)
        site.pages["/xrpc/com.atproto.server.refreshSession"] = said(answer(ours.base))
        account: Any = client._account
        account._client._refresh_and_set_session()

        assert len(told) == 1
        for text in (told[0], path.read_text(), client.export_session()):
            assert ours.base not in text
            assert text.endswith(site.base)
        assert ours.asked == []


def test_a_public_name_in_a_session_must_lead_to_a_public_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lookup(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    session = ":::".join(("a.test", DID, token(), token(), "https://pds.example.com"))
    with AtmosphereClient(network=NETWORK) as client:
        client.login_with_session(session)
        for ask in (lambda: client.upload_blob(b"secret"), lambda: client.list_records(NOTE)):
            with pytest.raises(ValueError, match="resolves to an address that is not public"):
                ask()


def test_a_private_server_in_a_session_of_ones_own_is_asked(site: Site) -> None:
    with login(site, site.base) as client:
        session = client.export_session()
    with AtmosphereClient(network=NETWORK) as again:
        again.login_with_session(session)
        site.pages["/xrpc/com.atproto.repo.listRecords"] = said({"records": []})
        assert again.list_records(NOTE) == ([], None)


@pytest.mark.skipif(os.name != "posix", reason="who may write a file is told otherwise here")
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_session_that_others_may_write_is_not_used(site: Site, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "session"
    login(site, site.base, session_file=path).close()
    path.chmod(mode)
    with AtmosphereClient(site.base, network=NETWORK) as client, pytest.raises(AuthError, match="others may write"):
        client.login("a.test", "hunter2pass", session_file=path)
    path.unlink()
    login(site, site.base, session_file=path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_session_of_somebody_else_is_not_used(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "session"
    login(site, site.base, session_file=path).close()
    os.chown(path, 12345, 12345)
    with AtmosphereClient(site.base, network=NETWORK) as client, pytest.raises(AuthError, match="others may write"):
        client.login("a.test", "hunter2pass", session_file=path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
def test_a_pipe_in_the_place_of_a_session_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "session"
    os.mkfifo(path)
    with login(site, site.base, session_file=path) as client:
        assert client.did == DID


WRONG: dict[str, Callable[[str, str], Any]] = {
    "another account": lambda rkey, cid: {"uri": f"at://did:plc:other/{NOTE}/{rkey}", "cid": cid},
    "another collection": lambda rkey, cid: {"uri": f"at://{DID}/com.example.other/{rkey}", "cid": cid},
    "another key": lambda rkey, cid: {"uri": f"at://{DID}/{NOTE}/other", "cid": cid},
    "another record": lambda rkey, cid: {"uri": f"at://{DID}/{NOTE}/{rkey}", "cid": record_cid({"n": 2})},
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_server_that_wrote_something_else_is_found_out(site: Site, kind: str) -> None:
    record = {"$type": NOTE, "n": 1}
    with login(site, site.base) as client:
        for method in ("createRecord", "putRecord"):
            site.pages[f"/xrpc/com.atproto.repo.{method}"] = said(WRONG[kind]("self", record_cid(record)))
        with pytest.raises(WrongRecordError, match="the server"):
            client.create_record(NOTE, record, rkey="self")
        with pytest.raises(WrongRecordError, match="the server"):
            client.put_record(NOTE, "self", record)


def site_of_ours() -> Any:
    """What listens on this machine, and should hear of nothing."""
    return site()
