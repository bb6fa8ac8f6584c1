"""Shards on a server of SSH: a real OpenSSH, read through fsspec and paramiko."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from servers import free_ports, unavailable

import atdata
from atdata._sources.errors import ShardNotFoundError, SourceError
from atdata._sources.url import URLSource


@atdata.packable
class Clip:
    audio: NDArray[np.float32]
    name: str


class Server(NamedTuple):
    port: int
    options: dict[str, Any]
    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, name: str) -> str:
        return f"sftp://127.0.0.1{self.folder}/{name}"


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    return found or unavailable(f"{name} (Debian's openssh-server and openssh-client)")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    daemon, keygen = program("sshd"), program("ssh-keygen")
    home, folder = tmp_path_factory.mktemp("ssh"), tmp_path_factory.mktemp("shards")
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", home / name], check=True)
    (home / "allowed").write_text((home / "user.pub").read_text())
    (port,) = free_ports(1)
    (home / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {home}/host\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {home}/allowed\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        "UsePAM no\nPermitRootLogin prohibit-password\nSubsystem sftp internal-sftp\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # what it gives its rights away in
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([daemon, "-D", "-e", "-f", home / "config"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None, (home / "log").read_text()
                assert time.monotonic() < end, (home / "log").read_text()
                time.sleep(0.05)
        samples = [Clip(audio=np.full(1000, i, np.float32), name=f"clip {i}") for i in range(90)]
        atdata.write(samples, folder / "clips-%06d.tar", maxcount=30)
        yield Server(
            port,
            {"port": port, "username": getpass.getuser(), "key_filename": str(home / "user"), "timeout": 30,
             "look_for_keys": False, "allow_agent": False},
            folder,
            process,
        )  # fmt: skip
    finally:
        process.terminate()
        process.wait(10)


def test_shards_on_a_server_of_ssh_are_found_and_stream_as_typed_batches(server: Server) -> None:
    source = URLSource(server.url("clips-*.tar"), storage_options=server.options)
    data = atdata.Dataset[Clip](source)

    assert [url.rpartition("/")[2] for url in data.list_shards()] == [f"clips-{i:06d}.tar" for i in range(3)]
    names: list[str] = []
    for batch in data.ordered(batch_size=25):
        assert batch.audio.dtype == np.float32
        assert batch.audio.shape == (len(batch.name), 1000)
        names += batch.name
    assert names == [f"clip {i}" for i in range(90)]
    assert {name for batch in data.shuffled(batch_size=7, seed=1) for name in batch.name} == set(names)


def test_single_samples_of_a_server_of_ssh_are_read_where_they_lie(server: Server) -> None:
    source = URLSource(server.url("clips-{000000..000002}.tar"), storage_options=server.options)
    data = atdata.Dataset[Clip](source)

    assert len(data) == 90
    assert data[71].name == "clip 71"
    assert data[-1].audio[0] == 89.0


def test_a_shard_that_is_not_on_the_server_is_said_to_be_missing(server: Server) -> None:
    url = server.url("other.tar")
    with pytest.raises(ShardNotFoundError, match=r"other\.tar"):
        URLSource(url, storage_options=server.options).open_shard(url)


def test_a_server_that_does_not_let_one_in_is_a_typed_error_without_secrets(server: Server, tmp_path: Path) -> None:
    subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    url = server.url("clips-000000.tar")
    options = {**server.options, "key_filename": str(tmp_path / "other")}

    with pytest.raises(SourceError, match="clips-000000") as caught:
        URLSource(url, storage_options=options).open_shard(url)
    assert str(tmp_path) not in str(caught.value)


def test_a_server_that_is_not_there_is_a_typed_error(server: Server) -> None:
    (nobody,) = free_ports(1)
    url = server.url("clips-000000.tar")
    with pytest.raises(SourceError, match="clips-000000"):
        URLSource(url, storage_options={**server.options, "port": nobody}).open_shard(url)
