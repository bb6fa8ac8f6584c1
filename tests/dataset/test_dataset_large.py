"""Large datasets: the first batch comes at once, and memory stays flat."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata._shards.local import close_all


@atdata.packable
class Frame:
    image: NDArray[Any]
    n: int


def private() -> int:
    """Bytes of memory that is this process's own."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) << 10
    raise AssertionError("no RssAnon")


@pytest.fixture(params=[True, False], ids=["indexed", "plain"])
def large(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Many gigabytes, most of them the same shard by other names."""
    first = tmp_path / "shard.tar"
    frames = (Frame(image=np.full((256, 256, 3), i % 251, np.uint8), n=i) for i in range(200))
    atdata.write(frames, first, index=request.param)
    names = []
    for i in range(260):
        name = tmp_path / f"data-{i:03d}.tar"
        os.link(first, name)
        names.append(str(name))
    return atdata.Dataset[Frame](atdata.URLSource(names))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("mode", ["ordered", "shuffled"])
def test_the_first_batch_comes_at_once(large: Any, mode: str) -> None:
    assert sum(os.path.getsize(name) for name in large.list_shards()) > 10**10
    times = []
    for _ in range(3):
        close_all()
        begun = time.perf_counter()
        batch = next(iter(getattr(large, mode)(batch_size=32)))
        assert batch.image.shape == (32, 256, 256, 3)
        times.append(time.perf_counter() - begun)

    assert min(times) < 0.15  # 50 ms where nothing else runs


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_flat_over_a_pass(large: Any) -> None:
    next(iter(large.ordered(batch_size=32)))
    before = most = private()
    count = 0
    for i, batch in enumerate(large.shuffled(batch_size=32)):
        count += len(batch.image)
        if i % 20 == 0:
            most = max(most, private())

    assert count == 52_000
    assert most - before < 100 << 20
