"""A disk that is full after so many bytes: what is there is whole, old or new, and the error is typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
#: How many sizes a disk is given; 200 at full scale.
SIZES = round(10 * SCALE)

#: Writes the same dataset over and over, each time with so many bytes left on the disk.
WRITER = """
import errno, json, os, random, sys
import numpy as np, atdata
from numpy.typing import NDArray

folder, sizes = sys.argv[1], int(sys.argv[2])

@atdata.packable
class Row:
    number: int
    version: int
    data: NDArray[np.float32]

def rows(version):
    for i in range(60):
        yield Row(number=i, version=version, data=np.full(5000 * (i % 7), i, np.float32))

def write(version):
    with atdata.ShardWriter[Row](folder + "/r-%03d.tar", maxcount=15) as writer:
        writer.write_all(rows(version))

def versions():
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".tar"):
            samples = list(atdata.Dataset[Row](folder + "/" + name).ordered())
            assert len(samples) == 15, (name, len(samples))
            [found[name]] = {sample.version for sample in samples}
    return found

write(0)
space = os.statvfs(folder)
used = sum(os.stat(folder + "/" + name).st_blocks * 512 for name in os.listdir(folder))
rng = random.Random(11)
seen = {"sizes": 0, "typed errors": 0, "written whole": 0}
rooms = sorted({0, 1, 4096, *(rng.randrange(0, 2 * used) for _ in range(sizes - 3))})
for version, room in enumerate(rooms, 1):
    free = os.statvfs(folder).f_bavail * space.f_frsize
    filler = os.open(folder + "/filler", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    if free > room:
        os.posix_fallocate(filler, 0, free - room)
    os.close(filler)
    before = versions()
    try:
        write(version)
    except atdata.WriteError as error:
        assert isinstance(error, OSError) and error.errno == errno.ENOSPC, error
        assert "r-" in str(error), error
        seen["typed errors"] += 1
        after = versions()
        assert before.keys() == after.keys(), (before, after)
        assert all(after[name] in (before[name], version) for name in before), (before, after)
    else:
        seen["written whole"] += 1
        assert set(versions().values()) == {version}
    assert not [name for name in os.listdir(folder) if name.endswith(".tmp")], os.listdir(folder)
    os.unlink(folder + "/filler")
    seen["sizes"] += 1
write(version + 1)
assert set(versions().values()) == {version + 1}
print(json.dumps(seen))
"""

MOUNT = 'mount -t tmpfs -o size=16m none "$1" && exec "$2" -c "$3" "$1" "$4"'


def test_a_full_disk_leaves_every_shard_old_or_new(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """In a file system of 16 MB of its own, which needs the right to mount one."""
    attempt = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none "$1"', "sh", str(tmp_path)]
    if shutil.which("unshare") is None or subprocess.run(attempt, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here; test_writing_faults limits the sizes of files instead")
    command = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(tmp_path), sys.executable, WRITER, str(SIZES)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1200)

    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    for name, value in seen.items():
        record_property(name, value)
    assert seen["sizes"] >= min(SIZES, 3)
    assert seen["typed errors"] > 0
    assert seen["written whole"] > 0
