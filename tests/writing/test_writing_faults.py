"""Writing when something goes wrong: a file under its final name is whole, or it is the old one."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import ShardWriter, WriteError, write
from atdata._shards.errors import handler
from atdata._shards.local import open_shard
from atdata._writing.files import NewFile, sweep, write_file

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))


@atdata.packable
class Row:
    number: int
    data: NDArray[np.float32]


def rows(count: int, size: int = 100) -> list[Any]:
    return [Row(number=i, data=np.full(size, i, np.float32)) for i in range(count)]


def numbers(path: Path) -> list[int]:
    return [
        Row.from_bytes(bytes(block.payload(i))).number
        for block in open_shard(path).blocks(handler("raise"))
        for i in range(len(block))
    ]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_error_inside_the_block_leaves_finished_shards_only(tmp_path: Path) -> None:
    def failing() -> Any:
        yield from rows(5)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), ShardWriter[Row](tmp_path / "r-%d.tar", maxcount=3) as writer:
        writer.write_all(failing())

    assert names(tmp_path) == ["r-0.tar"]
    assert numbers(tmp_path / "r-0.tar") == [0, 1, 2]


def test_a_failed_overwrite_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "r.tar"
    write(rows(4), path)
    before = path.read_bytes()

    with pytest.raises(atdata.EncodeError):
        write([*rows(2), "no sample"], path)

    assert path.read_bytes() == before
    assert names(tmp_path) == ["r-manifest.json", "r.tar"]


def test_an_old_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "r.tar"
    write(rows(4), path)
    before = open_shard(path)
    write(rows(9), path)

    assert [Row.from_bytes(bytes(before.block.payload(i))).number for i in range(4)] == [0, 1, 2, 3]
    assert len(numbers(path)) == 9


LIMITED = """
import resource, sys, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
import numpy as np, atdata
from numpy.typing import NDArray
@atdata.packable
class Row:
    number: int
    data: NDArray[np.float32]
try:
    atdata.write([Row(number=i, data=np.full(5000 * (i % 7), i, np.float32)) for i in range(60)], sys.argv[1])
except atdata.WriteError as error:
    assert isinstance(error, OSError) and isinstance(error, atdata.AtdataError)
    print("typed", error.errno, str(error))
"""


@pytest.mark.parametrize("limit", [0, 1, 100_000, 1_000_000, 3_000_000])
def test_when_there_is_no_room_the_error_is_typed_and_the_old_file_stays(tmp_path: Path, limit: int) -> None:
    """A limit on file sizes stands for a full disk: writes come back short, then fail."""
    path = tmp_path / "r.tar"
    write(rows(3), path, manifest=False)
    before = path.read_bytes()

    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), str(limit)], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.startswith(f"typed {errno.EFBIG}")
    assert "r.tar" in done.stdout
    assert path.read_bytes() == before
    assert names(tmp_path) == ["r.tar"]


@pytest.mark.parametrize("what", ["writev", "write", "fsync", "replace"])
def test_each_step_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    path = tmp_path / "r.tar"
    write(rows(3), path)
    before = path.read_bytes()
    calls = []

    def fail(*_: Any) -> int:
        calls.append(what)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, what, fail)
    with pytest.raises(WriteError, match=r"r\.tar") as caught:
        write(rows(40, 30_000), path)
    monkeypatch.undo()

    assert calls
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert names(tmp_path) == ["r-manifest.json", "r.tar"]


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write, real_writev = os.write, os.writev
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, bytes(data)[:1000]))
    monkeypatch.setattr(os, "writev", lambda fd, parts: real_writev(fd, [b"".join(parts)[:777]]))
    write(rows(20, 20_000), tmp_path / "r.tar")
    monkeypatch.undo()

    assert numbers(tmp_path / "r.tar") == list(range(20))


def test_a_folder_that_cannot_be_written_to_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(WriteError, match=r"r\.tar': \w[\w ]+$"):
        write(rows(1), tmp_path / "file" / "r.tar")


#: How often writers are killed; half of the times, while they overwrite.
KILLS = 8 if SCALE <= 1 else round(25 * SCALE)

ENDLESS = """
import sys, numpy as np, atdata
from numpy.typing import NDArray
@atdata.packable
class Row:
    number: int
    data: NDArray[np.float32]
print("ready", flush=True)
while True:
    with atdata.ShardWriter[Row](sys.argv[1], maxcount=5) as writer:
        for i in range(40):
            writer.write(Row(number=i, data=np.full(3000, i, np.float32)))
    print("round", flush=True)
"""


def test_a_writer_that_is_killed_leaves_nothing_half_under_a_final_name(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(5)
    kills = whole = 0
    for round_ in range(KILLS):
        if round_ % 2 == 0:
            for path in tmp_path.iterdir():
                path.unlink()
        process = subprocess.Popen(
            [sys.executable, "-c", ENDLESS, str(tmp_path / "r-%03d.tar")], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        if round_ % 2:
            process.stdout.readline()  # a whole dataset is there now, and is being overwritten
            whole += 1
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        kills += any(path.name.endswith(".tmp") for path in tmp_path.iterdir())
        for path in tmp_path.glob("*.tar"):
            assert [number % 5 for number in numbers(path)] == [0, 1, 2, 3, 4]
            assert open_shard(path).indexed

    record_property("writers killed", KILLS)
    record_property("while a file was half written", kills)
    record_property("while overwriting", whole)
    assert kills, "no kill hit a file that was being written"
    write(rows(40), tmp_path / "r-%03d.tar", maxcount=5)
    assert [name for name in names(tmp_path) if name.endswith(".tmp")] == []


def test_sweeping_spares_what_is_being_written(tmp_path: Path) -> None:
    with NewFile(str(tmp_path / "a.tar")) as file:
        file.write([b"x"])
        assert sweep(str(tmp_path / "a.tar")) == []
        file.commit()

    (tmp_path / ".a.tar.0123456789ab.tmp").write_bytes(b"left by a process that is gone")
    (tmp_path / ".b.tar.0123456789ab.tmp").write_bytes(b"another's")
    assert [Path(path).name for path in sweep(str(tmp_path / "a.tar"))] == [".a.tar.0123456789ab.tmp"]
    assert names(tmp_path) == [".b.tar.0123456789ab.tmp", "a.tar"]


def test_a_sweep_of_another_process_never_takes_a_file_that_has_just_begun(tmp_path: Path) -> None:
    over = threading.Event()

    def sweeping() -> None:
        while not over.is_set():
            sweep(str(tmp_path / "a.json"))

    sweeper = threading.Thread(target=sweeping)
    sweeper.start()
    try:
        for n in range(400):
            write_file(str(tmp_path / "a.json"), b"%d" % n)
    finally:
        over.set()
        sweeper.join()

    assert (tmp_path / "a.json").read_bytes() == b"399"
