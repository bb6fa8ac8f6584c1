"""Many writers, lost replies and kills: nothing twice, nothing missing, nothing lost that was acknowledged."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._index._redis import make_client
from atdata._index.errors import SchemaConflictError
from atdata._index.redis_storage import RedisStorage
from atdata._index.storage import Transaction
from atdata.local import DiskDataStore, Index

SCALE = int(os.environ.get("ATDATA_SCALE", "1"))

WRITER = """
import sys, atdata
from atdata.local import DiskDataStore, Index
@atdata.packable
class Point:
    x: float
where, count, who = sys.argv[1], int(sys.argv[2]), sys.argv[3]
index = Index(where) if "://" in where else Index(path=where)
print("ready", flush=True)
sys.stdin.readline()
for i in range(count):
    if who == "publish":
        print(index.publish_schema(Point), flush=True)
    else:
        index.insert_dataset(atdata.Dataset[Point](f"{who}-{i}.tar"), name=f"{who}-{i}", label="latest")
        print(f"{who}-{i}", flush=True)
"""


@atdata.packable
class Point:
    x: float


def start(where: str, count: int, who: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, where, str(count), who]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_together(processes: list[subprocess.Popen[str]]) -> list[str]:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        outputs.append(process.communicate(timeout=300)[0])
        assert process.returncode == 0
    return "".join(outputs).split()


@pytest.fixture(params=["sqlite", "redis"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "team.db")
    client = request.getfixturevalue("redis_client")
    return f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0"


def open_index(where: str) -> Index:
    return Index(where) if "://" in where else Index(path=where)


@pytest.mark.slow
def test_eight_processes_that_publish_get_every_version_once(where: str) -> None:
    count, runs = 10 * SCALE, 5 if SCALE >= 20 else 1
    refs = [ref for _ in range(runs) for ref in run_together([start(where, count, "publish") for _ in range(8)])]

    versions = sorted(int(ref.rpartition(".")[2]) for ref in refs)
    assert versions == list(range(8 * count * runs))
    assert [schema["$ref"] for schema in open_index(where).list_schemas()] == sorted(
        refs, key=lambda ref: int(ref.rpartition(".")[2])
    )


@pytest.mark.slow
def test_processes_that_insert_at_once_lose_nothing(where: str) -> None:
    count = 20 * SCALE
    names = run_together([start(where, count, f"w{i}") for i in range(4)])

    index = open_index(where)
    assert sorted(names) == sorted(entry.name for entry in index.entries)
    assert [schema["version"] for schema in index.list_schemas()] == ["1.0.0"]
    assert sorted(index.label_history("latest")) == sorted(entry.cid for entry in index.entries)


class Relay:
    """Passes bytes on between clients and a server, and does something bad to some transactions."""

    def __init__(self, port: int, how: str, seed: int) -> None:
        self._to, self.how, self._random = port, how, random.Random(seed)
        self.faults = 0
        self._sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._sockets[0].getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._sockets[0].accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._sockets += [client, server]
            for pair in ((client, server, True), (server, client, False)):
                self._threads.append(threading.Thread(target=self._pass, args=pair))
                self._threads[-1].start()

    def _pass(self, source: socket.socket, target: socket.socket, asking: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if asking and b"EXEC" in data and self._random.random() < 0.4:
                    self.faults += 1
                    source.shutdown(socket.SHUT_RDWR)  # the client hears nothing any more
                    if self.how != "request lost":
                        time.sleep(0.1 if self.how == "request late" else 0.0)
                        target.sendall(data)
                        time.sleep(0.02)
                    break
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for one in self._sockets:
            one.close()


@pytest.fixture
def relayed(redis_client: Any, request: pytest.FixtureRequest) -> Iterator[tuple[Relay, Index]]:
    relay = Relay(redis_client.connection_pool.connection_kwargs["port"], request.param, seed=7)
    client = make_client(host="127.0.0.1", port=relay.port)
    index = Index(redis=client)
    assert index.list_schemas() == []  # reached once: what goes away now may come back
    yield relay, index
    client.close()
    relay.close()


FAULTS = ["request lost", "reply lost", "request late"]


@pytest.mark.parametrize("relayed", FAULTS, indirect=True)
def test_a_lost_request_or_reply_publishes_neither_twice_nor_never(relayed: tuple[Relay, Index]) -> None:
    relay, index = relayed
    count = 10 * SCALE
    refs = [index.publish_schema(Point) for _ in range(count)]

    time.sleep(0.3)
    assert relay.faults >= count // 5, "the fault did not happen"
    assert [ref.rpartition("@")[2] for ref in refs] == [f"1.0.{i}" for i in range(count)]
    assert [schema["$ref"] for schema in index.list_schemas()] == refs


@pytest.mark.parametrize(("relayed", "guess"), [("reply lost", False), ("request lost", True)], indirect=["relayed"])
def test_the_same_faults_do_harm_when_outcomes_are_guessed(
    relayed: tuple[Relay, Index], guess: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, index = relayed
    monkeypatch.setattr(RedisStorage, "_happened", lambda *_: guess)
    refs = [index.publish_schema(Point) for _ in range(10)]

    assert relay.faults
    assert [schema["$ref"] for schema in index.list_schemas()] != refs


def test_a_server_that_goes_away_in_the_middle_of_the_very_first_change_is_waited_for(make_server: Any) -> None:
    server = make_server("--appendonly", "yes", "--appendfsync", "always")
    storage = RedisStorage(make_client(host="127.0.0.1", port=server.port), owned=True)
    coming = threading.Timer(2.5, server.start)  # longer than the client itself tries again
    asked = 0

    def work(change: Transaction) -> None:
        nonlocal asked
        change.get("entry", "a")
        if not asked:
            server.kill()
            coming.start()
        asked += 1
        change.put("entry", "a", {"name": "a"})

    storage.transact(work)

    coming.join()
    assert asked == 2
    assert storage.get("entry", ["a"]) == [{"name": "a"}]
    storage.close()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again(
    make_server: Any, tmp_path: Path
) -> None:
    inserts, kills = 1000 * SCALE, 3 * SCALE
    server = make_server("--appendonly", "yes", "--appendfsync", "always")
    index = Index(redis=make_client(host="127.0.0.1", port=server.port))
    storing = Index(redis=index._redis, data_store=DiskDataStore(tmp_path / "store"))
    index.publish_schema(Point)
    assert len(storing.list_schemas()) == 1  # reached once: what goes away now may come back
    atdata.write([Point(x=1)], tmp_path / "one.tar", manifest=False)
    done: list[str] = []
    failed: list[str] = []
    stop = threading.Event()

    def insert() -> None:
        for i in range(inserts):
            if stop.is_set():
                return
            try:
                # Every tenth one is copied first; all others stay where they are.
                into = index if i % 10 else storing
                into.insert_dataset(atdata.Dataset[Point](str(tmp_path / "one.tar")), name=f"set-{i}")
                done.append(f"set-{i}")
            except Exception as error:  # whatever it is, it must be counted
                failed.append(repr(error))

    writer = threading.Thread(target=insert)
    writer.start()
    killed = 0
    try:
        while writer.is_alive():
            if killed < kills and len(done) + len(failed) >= killed * inserts // kills:
                server.kill()
                killed += 1
                time.sleep(0.02)
                server.start()
            time.sleep(0.002)
        writer.join()
        assert (killed, failed) == (kills, [])
        assert len(done) == inserts
        entries = {entry.name: entry.data_urls for entry in index.entries}
        assert entries.keys() == set(done)
        assert [name for name, urls in entries.items() if not all(map(os.path.exists, urls))] == []
    finally:
        stop.set()
        writer.join()
        server.kill()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_a_writer_to_a_file_is_killed(tmp_path: Path) -> None:
    where = str(tmp_path / "team.db")
    acknowledged: list[str] = []
    for run in range(2 * SCALE):
        process = start(where, 100_000, f"run{run}")
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.write("\n")
        process.stdin.flush()
        lines = [process.stdout.readline().strip() for _ in range(30)]
        process.send_signal(signal.SIGKILL)
        # communicate() would pass over what readline() has already taken into the stream's buffer
        lines += [line.strip() for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
        process.wait()
        process.stdin.close()
        process.stdout.close()
        acknowledged += lines

    index = Index(path=where)
    names = {entry.name for entry in index.entries}
    assert len(acknowledged) >= 60 * SCALE
    assert names.issuperset(acknowledged)
    assert len(names) <= len(acknowledged) + 2 * SCALE  # what was in work may be there, whole
    assert index.damaged_entries() == {}


def test_the_very_first_change_outlives_a_server_that_dies_while_it_is_asked(make_server: Any) -> None:
    server = make_server()
    client = make_client(host="127.0.0.1", port=server.port)
    os.kill(client.info("server")["process_id"], signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(Index(redis=client).publish_schema, Point)
        time.sleep(0.2)
        server.kill()
        server.start()
        assert asked.result(30) == "atdata://local/sampleSchema/Point@1.0.0"
    server.kill()


def test_nothing_is_refused_for_rows_that_were_never_true_together(make_server: Any) -> None:
    """A dataset goes in although its schema was published between two looks: not there yet, and there already."""
    server = make_server()
    mine, others = (Index(redis=make_client(host="127.0.0.1", port=server.port)) for _ in range(2))
    looked = []

    def work(change: Any) -> str:
        same = change.get("schema_same", "Point")
        if not looked:
            looked.append(same)
            others.publish_schema(Point)
            others._storage.transact(lambda there: there.put("schema_same", "Point", {"version": "1.0.0"}))
        if same is None and change.get("schema_top", "Point") is not None:
            raise SchemaConflictError("torn")
        return str(same)

    assert mine._storage.transact(work) == "{'version': '1.0.0'}"
    assert looked == [None]
    server.kill()


def test_a_server_that_is_not_there_is_a_connection_error_that_says_so() -> None:
    index = Index(host="127.0.0.1", port=1, socket_connect_timeout=0.2)

    with pytest.raises(ConnectionError, match="cannot be reached") as caught:
        index.list_schemas()
    assert isinstance(caught.value, atdata.AtdataError)
    with pytest.raises(ConnectionError, match="cannot be reached"):
        index.publish_schema(Point)


def test_a_file_that_is_no_index_is_a_connection_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are my notes, and not a database at all\n" * 50)

    with pytest.raises(ConnectionError, match=r"notes\.txt"):
        Index(path=tmp_path / "notes.txt").list_schemas()
    with pytest.raises(ConnectionError, match="missing"):
        Index(path=tmp_path / "missing" / "team.db").publish_schema(Point)
