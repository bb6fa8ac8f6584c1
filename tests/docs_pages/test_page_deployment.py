"""The page on deployment: its settings, its files and our own page's examples."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._doctor.doctor import Deployment, examine
from atdata.local import LocalIndex, S3DataStore
from atdata.testing import RedisServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
COMPOSE = (ROOT / "src" / "atdata" / "_services" / "docker-compose.yml").read_text(encoding="utf-8")


@atdata.packable
class Word:
    text: str


def work(index: LocalIndex) -> None:
    ref = index.publish_schema(Word, version="1.0.0")
    index.add_entry(atdata.Dataset[Word]("a.tar"), name="words")
    assert index.get_dataset("words").schema_ref == ref


def test_an_index_takes_a_client_with_and_without_a_password(redis_client: Any, redis_binary: str) -> None:
    from redis import Redis

    work(LocalIndex(redis=redis_client))
    with RedisServer(None, "--appendonly", "yes", program=redis_binary, password="yourpassword") as server:
        with Redis(host="localhost", port=server.port, password="yourpassword") as redis:
            work(LocalIndex(redis=redis))
        with LocalIndex(host="localhost", port=server.port, password="yourpassword") as index:
            assert [entry.name for entry in index.list_datasets()] == ["words"]
            index._redis.close()


@pytest.mark.parametrize("form", ["environment", "explicit", "endpoint"])
def test_a_store_is_made_in_each_documented_way(
    form: str, s3_server: Any, s3_bucket: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {name: s3_server.credentials[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    given: dict[str, Any] = {"bucket": s3_bucket, "prefix": "datasets/"}
    if form == "environment":
        for name, value in {**keys, "AWS_ENDPOINT": s3_server.endpoint}.items():
            monkeypatch.setenv(name, value)
    elif form == "explicit":
        given["credentials"] = {**keys, "AWS_DEFAULT_REGION": "us-west-2", "AWS_ENDPOINT": s3_server.endpoint}
    else:
        given |= {"endpoint_url": s3_server.endpoint, "credentials": keys}
    store = S3DataStore(**given)
    (url,) = store.write_shards([Word(text="a")], prefix="words")

    assert url.startswith(f"s3://{s3_bucket}/datasets/words/data--")
    assert store.verify([url]).ok
    store._client.close()


def test_the_production_checklist_is_checked(redis_binary: str, s3_server: Any, s3_bucket: str) -> None:
    """All that a program can see of it: persistence, password, eviction and memory; policy and versioning."""
    with contextlib.closing(s3_server.client()) as client:
        client.put_bucket_versioning(Bucket=s3_bucket, VersioningConfiguration={"Status": "Enabled"})
    with RedisServer(None, "--appendonly", "yes", program=redis_binary, password="word") as server:
        parts = examine(Deployment(server.url, f"s3://{s3_bucket}", s3_server.credentials, timeout=30))
    found = {check.name: check.status for part in parts for check in part.checks}

    for name in ("persistence", "password", "eviction", "memory", "bucket policy", "versioning"):
        assert found[name] == "ok"
    assert set(found.values()) == {"ok"}


def test_what_the_page_watches_is_there(redis_client: Any) -> None:
    info = redis_client.info()

    for name in ("used_memory", "connected_clients", "keyspace_hits", "keyspace_misses", "aof_last_write_status"):
        assert name in info
        assert name in PAGE


def test_the_compose_file_has_both_servers_with_their_secrets_from_outside() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load(COMPOSE)["services"]

    assert services["redis"]["image"].startswith("redis:7")
    assert services["redis"]["command"][:3] == ["redis-server", "--appendonly", "yes"]
    assert services["minio"]["image"] == "minio/minio"
    assert {"6379", "9000"} == {port.rpartition(":")[2] for each in services.values() for port in each["ports"]}
    assert services["minio"]["environment"]["MINIO_ROOT_PASSWORD"] == "${MINIO_PASSWORD:?}"
    assert "${REDIS_PASSWORD:?}" in services["redis"]["command"]


def test_the_policy_names_what_a_writer_does() -> None:
    (block,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.M | re.S)
    allowed = json.loads(block)["Statement"]

    assert {"s3:GetObject", "s3:PutObject"} <= set(allowed[0]["Action"])
    assert all(each["Effect"] == "Allow" for each in allowed)


@pytest.mark.parametrize("number", range(PAGE.count("```python")))
def test_the_examples_of_our_page_run(number: int, here: Path) -> None:
    """None of them needs a server, for nothing connects before it is used."""
    block = re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S)[number]
    Path("production.env").write_text("AWS_ACCESS_KEY_ID=a\nAWS_SECRET_ACCESS_KEY=b\n")
    Path("page.py").write_text(block)
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "page.py"], capture_output=True, text=True, check=False, timeout=60, env=env
    )

    assert done.returncode == 0, done.stderr


def test_its_commands_are_ours() -> None:
    from atdata._commands.doctor import _parser

    options = {option for action in _parser()._actions for option in action.option_strings}
    named = set(re.findall(r"^atdata doctor (.*?)(?:#|$)", PAGE, re.M)) | set(
        re.findall(r"`atdata doctor (.*?)`", PAGE)
    )
    assert named
    assert set(re.findall(r"--[a-z-]+", " ".join(named))) <= options
    assert set(re.findall(r"^atdata local (\w+)", PAGE, re.M)) == {"up", "status", "down"}


def test_a_service_logs_in_once_and_keeps_its_session(pds: Any, someone: Any, here: Path, monkeypatch: Any) -> None:
    """The page's patterns: name and app password from the environment, the session in a file, a PDS of one's own."""
    from atdata.atmosphere import AtmosphereClient

    monkeypatch.setenv("ATPROTO_HANDLE", someone.handle)
    monkeypatch.setenv("ATPROTO_APP_PASSWORD", someone.password)
    file = here / "state" / "session"

    def start() -> Any:
        client = AtmosphereClient(base_url=pds.url, network=pds.network)
        if file.exists():
            try:
                client.login_with_session(file.read_text())
                client.list_records("ac.foundation.dataset.record")
                return client
            except Exception:  # the session has ended
                pass
        client.login(os.environ["ATPROTO_HANDLE"], os.environ["ATPROTO_APP_PASSWORD"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(client.export_session())
        return client

    for damage in (False, False, True):
        if damage:
            kept = file.read_text().split(":::")
            file.write_text(":::".join([*kept[:2], "no.such.token", "no.such.token", *kept[4:]]))
        with start() as client:
            assert (client.is_authenticated, client.did) == (True, someone.did)


def test_many_datasets_are_published_one_after_the_other(client: Any) -> None:
    from atdata.atmosphere import AtmosphereIndex

    index = AtmosphereIndex(client)
    for i in range(3):
        index.insert_dataset(atdata.Dataset[Word](f"https://data.example.org/{i}.tar"), name=f"dataset-{i}")

    assert sorted(entry.name for entry in index.list_datasets()) == ["dataset-0", "dataset-1", "dataset-2"]
