"""Large datasets: the first batch comes at once, and memory stays flat."""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata._shards.local import close_all

#: At full scale every shard is a file of its own.
WHOLE = float(os.environ.get("ATDATA_SCALE", "1")) >= 20


@atdata.packable
class Frame:
    image: NDArray[Any]
    n: int


@atdata.packable
class Book:
    text: str
    scan: bytes
    n: int


def private() -> int:
    """Bytes of memory that is this process's own."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) << 10
    raise AssertionError("no RssAnon")


class Streams(atdata.URLSource):
    """The same files as if they came from elsewhere: nothing is mapped."""

    def local_path(self, shard_id: str) -> None:
        return None

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return io.FileIO(shard_id)


def written(folder: Path, index: bool, shards: int, place: Callable[[Path, Path], object]) -> list[str]:
    """Shards of 200 frames (39 MB), all the same by their content."""
    first = folder / "shard.tar"
    frames = (Frame(image=np.full((256, 256, 3), i % 251, np.uint8), n=i) for i in range(200))
    atdata.write(frames, first, index=index)
    names = [folder / f"data-{i:03d}.tar" for i in range(shards)]
    for name in names:
        place(first, name)
    return [str(name) for name in names]


@pytest.fixture(params=[True, False], ids=["indexed", "plain"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Ten gigabytes, most of them the same shard by other names."""
    return atdata.Dataset[Frame](atdata.URLSource(written(tmp_path, request.param, 260, os.link)))


@pytest.fixture(scope="module", params=[True, False], ids=["indexed", "plain"])
def larger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same, or 20 GB of files at full scale, gone when the test is."""
    folder = tmp_path_factory.mktemp("larger")
    yield (
        written(folder, request.param, 520, shutil.copyfile) if WHOLE else written(folder, request.param, 260, os.link)
    )
    shutil.rmtree(folder)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("mode", ["ordered", "shuffled"])
def test_the_first_batch_comes_at_once(large: Any, mode: str, record_property: Callable[[str, object], None]) -> None:
    assert sum(os.path.getsize(name) for name in large.list_shards()) > 10**10
    times = []
    for _ in range(20 if WHOLE else 3):
        close_all()
        begun = time.perf_counter()
        batch = next(iter(getattr(large, mode)(batch_size=32)))
        assert batch.image.shape == (32, 256, 256, 3)
        times.append(time.perf_counter() - begun)

    record_property(f"{mode}, {len(times)} times", f"{min(times) * 1000:.1f} to {max(times) * 1000:.0f} ms")
    assert min(times) < (0.05 if WHOLE else 0.15)  # 50 ms where nothing else runs


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("way", ["ordered", "shuffled", "streamed"])
def test_memory_stays_flat_over_a_pass(larger: Any, way: str, record_property: Callable[[str, object], None]) -> None:
    source = Streams(larger[: None if WHOLE else 26]) if way == "streamed" else atdata.URLSource(larger)
    dataset = atdata.Dataset[Frame](source)
    next(iter(dataset.ordered(batch_size=32)))
    before = most = private()
    count = size = 0
    for i, batch in enumerate(dataset.shuffled(batch_size=32) if way == "shuffled" else dataset.ordered(batch_size=32)):
        count += len(batch.image)
        size += batch.image.nbytes
        if i % 20 == 0:
            most = max(most, private())

    record_property(f"{way}, {size / 1e9:.1f} GB", f"{(most - before) / 2**20:.1f} MB more")
    assert count == 200 * len(source.list_shards())
    assert most - before < 100 << 20


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("mode", ["ordered", "shuffled"])
def test_long_texts_are_not_made_long_before_their_batch(tmp_path: Path, mode: str) -> None:
    books = (Book(text=chr(97 + i % 26) * 150_000, scan=bytes([i]) * 50_000, n=i) for i in range(200))
    first = tmp_path / "book.tar"
    atdata.write(books, first)
    names = [str(tmp_path / f"books-{i:02d}.tar") for i in range(15)]
    for name in names:
        os.link(first, name)
    dataset = atdata.Dataset[Book](atdata.URLSource(names))
    before = most = private()
    read = 0
    for batch in getattr(dataset, mode)(batch_size=8):
        read += sum(map(len, batch.text))
        most = max(most, private())

    assert read == 15 * 200 * 150_000
    assert most - before < 100 << 20
