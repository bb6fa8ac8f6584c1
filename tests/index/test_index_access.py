"""Passwords, ACL users, TLS and refusals: what a deployed Redis server allows, and what its errors become."""

from __future__ import annotations

import os
import re
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata import AtdataError
from atdata._services.errors import ServiceError
from atdata.local import Index
from atdata.testing import RedisServer
from atdata.testing.classes import Box

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def use(index: Index) -> None:
    """Everything that an index does."""
    ref = index.publish_schema(Box)
    entry = index.add_entry(atdata.Dataset[Box]("a.tar"), name="a", tags=["t"], label="l")
    index.add_entry(atdata.Dataset[Box]("b.tar"), name="a")
    assert index.get_entry(entry.cid) == entry
    assert index.decode_schema(ref).__name__ == "Box"
    assert len(index.search("a", tags=[])) == len(index.list_entries()) == len(index.list_schemas()) == 1
    index.rename_entry("a", "b")
    index.delete_label("l")
    index.delete_entry("b")
    index.forget_entry(entry.cid)
    assert index.damaged_entries() == index.list_labels() == {}


@pytest.fixture
def acl_server(make_server: Any) -> Any:
    """A server with the user that the page on deployment makes, and nobody else's way in."""
    server = make_server(password="root-word")
    (line,) = re.findall(r"^ACL SETUSER .*$", PAGE, re.M)
    with server.client() as client:
        client.execute_command(*line.replace("PASSWORD", "user-word").split())
    return server


def test_the_documented_user_may_do_all_that_an_index_does(acl_server: Any) -> None:
    with Index(f"redis://atdata:user-word@127.0.0.1:{acl_server.port}/0") as index:
        use(index)


def test_the_documented_user_may_do_nothing_else(acl_server: Any) -> None:
    import redis

    with redis.Redis(port=acl_server.port, username="atdata", password="user-word") as client:
        for command in (
            ["GET", "x"],
            ["SET", "x", "1"],
            ["KEYS", "*"],
            ["FLUSHALL"],
            ["CONFIG", "GET", "*"],
            ["EVAL", "", 0],
        ):
            with pytest.raises(redis.exceptions.ResponseError, match=r"(?i)permission"):
                client.execute_command(*command)


@pytest.mark.parametrize(
    "url", ["redis://127.0.0.1:{}/0", "redis://:wrong@127.0.0.1:{}/0", "redis://x:y@127.0.0.1:{}/0"]
)
def test_no_password_and_a_wrong_one_are_permission_errors_at_once(acl_server: Any, url: str) -> None:
    index = Index(url.format(acl_server.port))

    for call in (lambda: index.get_dataset("a"), lambda: index.publish_schema(Box), index.list_datasets):
        with pytest.raises(PermissionError, match="check user, password and ACL") as caught:
            call()
        assert isinstance(caught.value, AtdataError)
        assert "wrong" not in str(caught.value).replace("WRONGPASS", "")


def test_a_forbidden_command_is_a_permission_error(acl_server: Any) -> None:
    with acl_server.client() as client:
        client.execute_command("ACL", "SETUSER", "atdata", "-zadd")
    with Index(f"redis://atdata:user-word@127.0.0.1:{acl_server.port}/0") as index:
        assert index.list_datasets() == []
        with pytest.raises(PermissionError, match="zadd"):
            index.publish_schema(Box)


def test_a_password_that_changes_while_one_works_is_a_permission_error(make_server: Any) -> None:
    server = make_server()
    index = Index(f"redis://127.0.0.1:{server.port}/0")
    use(index)
    with server.client() as client:
        client.config_set("requirepass", "new")
        client.client_kill_filter(_type="normal", skipme=True)

    with pytest.raises(PermissionError):
        index.list_datasets()


def test_a_replica_and_a_full_server_are_runtime_errors_that_say_what_to_do(make_server: Any, tmp_path: Path) -> None:
    primary = make_server()
    with RedisServer(None, "--replicaof", f"127.0.0.1 {primary.port}") as replica:
        with pytest.raises(RuntimeError, match="read-only replica"):
            Index(replica.url).publish_schema(Box)
        assert Index(replica.url).list_datasets() == []
    with primary.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(RuntimeError, match="raise maxmemory") as caught:
            Index(redis=client).publish_schema(Box)
        assert isinstance(caught.value, AtdataError)
        client.config_set("maxmemory", 0)
        use(Index(redis=client))


# TLS --------------------------------------------------------------------------------------------------------------


class TlsEnd:
    """TLS in front of a server that does not speak it, as many deployments have it."""

    def __init__(self, certificate: Path, key: Path, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._behind = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=[client], daemon=True).start()

    def _pass(self, plain: socket.socket) -> None:
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._behind)) as server,
            self._context.wrap_socket(plain, server_side=True) as client,
        ):
            while True:
                ready = [client] if client.pending() else select.select([client, server], [], [])[0]
                for each in ready:
                    part = each.recv(1 << 16)
                    if not part:
                        return
                    (server if each is client else client).sendall(part)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, which is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        if os.environ.get("CI"):
            pytest.fail("openssl is required in CI")
        pytest.skip("openssl was not found")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(folder / "key"), "-out", str(folder / "cert")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return folder / "cert", folder / "key"


@pytest.fixture
def tls_port(certificate: tuple[Path, Path], make_server: Any, tmp_path: Path) -> Iterator[int]:
    """A port with TLS: the server's own if it can, else one in front of it. The password is `word`."""
    cert, key = certificate
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ("--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key))
    options = (*options, "--tls-auth-clients", "no", "--tls-ca-cert-file", str(cert))
    try:
        server = RedisServer(None, *options, password="word")
    except ServiceError:
        server = RedisServer(password="word")
        end = TlsEnd(cert, key, server.port)
        yield end.port
        end.close()
    else:
        yield port
    server.close()


def test_an_index_works_over_tls(tls_port: int, certificate: tuple[Path, Path]) -> None:
    ca = certificate[0]
    with Index(f"rediss://:word@127.0.0.1:{tls_port}/0?ssl_ca_certs={ca}") as index:
        use(index)
        index._redis.flushall()
    with Index(host="127.0.0.1", port=tls_port, password="word", ssl=True, ssl_ca_certs=str(ca)) as index:
        use(index)


def test_a_certificate_that_nobody_vouches_for_is_refused(
    tls_port: int, certificate: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    from atdata._commands.main import main

    url = f"rediss://:word@127.0.0.1:{tls_port}/0"
    with pytest.raises(ConnectionError, match="certificate verify failed"):
        Index(url).list_datasets()
    assert main(["doctor", "--index", url]) == 1
    assert "ssl_ca_certs=" in capsys.readouterr().out
    main(["doctor", "--index", f"{url}?ssl_ca_certs={certificate[0]}"])
    said = capsys.readouterr().out
    assert "ok       writing" in said
    assert "encryption" not in said


# Clusters ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_url_of_a_cluster_leads_to_the_right_node(cluster_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster_client.flushall()
    for node in cluster_client.get_nodes():
        with Index(f"redis+cluster://127.0.0.1:{node.port}/0") as index:
            use(index)
        cluster_client.flushall()
    monkeypatch.setenv("ATDATA_INDEX", f"redis+cluster://127.0.0.1:{node.port}/0")
    with atdata.local.default_index() as index:
        use(index)
        index.close()
        assert len(index.list_schemas()) == 1  # it opens again


@pytest.mark.slow
def test_the_doctor_looks_at_a_cluster(cluster_client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from atdata._commands.main import main

    cluster_client.flushall()
    said = {}
    for scheme in ("redis", "redis+cluster"):
        for node in cluster_client.get_nodes():
            status = main(["doctor", "--index", f"{scheme}://127.0.0.1:{node.port}/0"])
            said[scheme, node.port] = capsys.readouterr().out
            assert status == 1  # this one keeps nothing on disk
    for (scheme, _), text in said.items():
        assert "ok       cluster" in text
        assert ("write redis+cluster://" in text) == (scheme == "redis")
        assert ("ok       writing" in text) or scheme == "redis"


def test_a_cluster_that_is_not_there_is_a_connection_error() -> None:
    with pytest.raises(ConnectionError, match="cluster of the index cannot be reached") as caught:
        Index("redis+cluster://127.0.0.1:1/0", socket_connect_timeout=0.2).list_datasets()
    assert isinstance(caught.value, AtdataError)


def test_a_connection_of_its_own_is_given_up_and_one_that_was_given_is_not(redis_client: Any) -> None:
    port = redis_client.connection_pool.connection_kwargs["port"]
    before = redis_client.info("clients")["connected_clients"]
    index = Index(f"redis://127.0.0.1:{port}/0")
    use(index)
    assert redis_client.info("clients")["connected_clients"] == before + 1
    index.close()
    with Index(redis=redis_client):
        pass
    end = time.monotonic() + 10
    while redis_client.info("clients")["connected_clients"] != before:  # a server takes a moment to see it
        assert time.monotonic() < end
        time.sleep(0.01)
    assert index.list_datasets() == []
    index.close()
