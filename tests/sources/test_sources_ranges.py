"""Remote shards read anywhere: by number, as a whole shuffled, in equal parts, and on from where a pass stopped."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from web_tools import Web

import atdata


@atdata.packable
class Numbered:
    n: int
    row: NDArray[np.int64]


COUNT = 100
SIZE = 2000


def shards(folder: Path, **options: Any) -> dict[str, bytes]:
    samples = [Numbered(n=i, row=np.arange(SIZE) + i) for i in range(COUNT)]
    written = atdata.write(samples, folder / "d-%d.tar", maxcount=30, **options)
    return {Path(path).name: Path(path).read_bytes() for path in written.paths}


@pytest.fixture
def on_web(web: Web, tmp_path: Path) -> atdata.Dataset[Numbered]:
    web.files = {f"/{name}": content for name, content in shards(tmp_path).items()}
    return atdata.Dataset[Numbered](web.url("/d-{0..3}.tar"))


@pytest.fixture
def in_bucket(s3_server: Any, tmp_path: Path) -> Iterator[atdata.Dataset[Numbered]]:
    bucket = f"test-{uuid.uuid4().hex[:12]}"
    client = s3_server.client()
    client.create_bucket(Bucket=bucket)
    names = []
    for name, content in shards(tmp_path).items():
        client.put_object(Bucket=bucket, Key=name, Body=content)
        names.append(name)
    yield atdata.Dataset[Numbered](atdata.S3Source.from_credentials(s3_server.credentials, bucket, names))
    client.close()


@pytest.fixture
def in_memory(tmp_path: Path) -> atdata.Dataset[Numbered]:
    import fsspec

    files: Any = fsspec.filesystem("memory")
    for name, content in shards(tmp_path).items():
        files.pipe_file(f"/ranges/{name}", content)
    return atdata.Dataset[Numbered](atdata.URLSource("memory://ranges/d-{0..3}.tar"))


@pytest.fixture(params=["on_web", "in_bucket", "in_memory"])
def remote(request: pytest.FixtureRequest) -> atdata.Dataset[Numbered]:
    found: atdata.Dataset[Numbered] = request.getfixturevalue(request.param)
    return found


def numbers(items: Any) -> list[int]:
    found: list[int] = []
    for item in items:
        found += item.n if isinstance(item, atdata.SampleBatch) else [item.n]
    return found


def test_remote_shards_have_a_length_and_numbers(remote: atdata.Dataset[Numbered]) -> None:
    assert len(remote) == COUNT
    assert remote[57].row.tolist() == list(range(57, 57 + SIZE))
    assert numbers(remote[95:]) == [95, 96, 97, 98, 99]
    assert numbers(remote.select([88, 2, 31, 88])) == [88, 2, 31, 88]
    assert numbers([pickle.loads(pickle.dumps(remote))[-1]]) == [99]


def test_remote_shards_are_shuffled_as_a_whole_when_asked(remote: atdata.Dataset[Numbered], tmp_path: Path) -> None:
    local = atdata.Dataset[Numbered](str(tmp_path / "d-{0..3}.tar"))

    far = [b.n for b in remote.shuffled(batch_size=8, seed=5, mode="global")]  # type: ignore[attr-defined]
    near = [b.n for b in local.shuffled(batch_size=8, seed=5, mode="global")]  # type: ignore[attr-defined]

    assert far == near


def test_equal_parts_for_each_rank(remote: atdata.Dataset[Numbered]) -> None:
    parts = [[len(b) for b in remote.ordered(batch_size=8, even="drop", rank=r, world_size=3)] for r in range(3)]

    assert parts == [[8] * 4] * 3


def test_remote_datasets_mix(remote: atdata.Dataset[Numbered]) -> None:
    found = numbers(atdata.mix([remote.select(range(50)), remote.select(range(50, 100))]).ordered(batch_size=10))

    assert sorted(found)[:3] == [0, 1, 2]
    assert len({n < 50 for n in found}) == 2


def test_only_what_is_asked_for_is_fetched(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    sample = on_web[64]

    assert sample.n == 64
    assert all("range" in headers for _, headers in web.asked)
    asked = [tuple(map(int, headers["range"][6:].split("-"))) for _, headers in web.asked]
    whole = sum(len(content) for content in web.files.values())
    assert sum(last - first + 1 for first, last in asked) < whole / 3
    before = len(web.asked)
    assert on_web[65].n == 65
    assert len(web.asked) == before + 1, "where samples are is known now"


def test_connections_are_used_again(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    web.alive = True
    len(on_web)
    before = web.connections

    assert [on_web[i].n for i in range(31, 51)] == list(range(31, 51))

    assert web.connections <= before + 1


def test_a_pass_goes_on_near_where_it_stopped(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    passes = on_web.ordered(batch_size=10)
    begun = iter(passes)
    for _ in range(5):
        next(begun)
    state = passes.state_dict()
    begun.close()  # type: ignore[attr-defined]
    web.asked.clear()
    again = on_web.ordered(batch_size=10)
    again.load_state_dict(state)

    assert numbers(again) == list(range(50, 100))
    assert web.asked[0][0] == "/d-1.tar", "shards before are not opened"
    read = [h["range"][6:].partition("-") for path, h in web.asked if path == "/d-1.tar" and h["range"].endswith("-")]
    assert int(read[0][0]) > 10 * SIZE * 8, "nor is what comes before in the shard"


def test_a_cache_fills_shard_by_shard_and_is_used_from_then_on(web: Web, tmp_path: Path) -> None:
    web.files = {f"/{name}": content for name, content in shards(tmp_path).items()}
    source = atdata.URLSource(web.url("/d-{0..3}.tar"), cache_dir=tmp_path / "cache")
    found = atdata.Dataset[Numbered](source)

    first = next(iter(found.ordered()))
    assert first.n == 0
    assert len({path for path, _ in web.asked}) < 4, "nobody waits for all shards"
    assert numbers(found) == list(range(COUNT))
    web.asked.clear()
    assert sorted(numbers(found.shuffled(batch_size=8))) == list(range(COUNT))
    assert found[42].n == 42
    assert web.asked == []


def test_shards_without_an_index_say_what_is_needed(web: Web, tmp_path: Path) -> None:
    web.files = {f"/{name}": content for name, content in shards(tmp_path, index=False).items()}
    found = atdata.Dataset[Numbered](web.url("/d-{0..3}.tar"))

    with pytest.raises(TypeError, match="have an index and a server which answers range requests"):
        len(found)
    assert numbers(found) == list(range(COUNT))


def test_servers_that_send_all_or_nothing_are_streamed(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    web.ranges = False

    with pytest.raises(TypeError, match="range requests"):
        on_web[3]
    assert numbers(on_web) == list(range(COUNT))


def test_a_shard_that_changes_is_an_error(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    assert on_web[3].n == 3

    web.etag = '"two"'

    with pytest.raises(atdata.SourceError, match="changed while it was read"):
        on_web[4]


def forged(change: Callable[[bytearray], None], content: bytes) -> bytes:
    found = bytearray(content)
    change(found)
    return bytes(found)


@pytest.mark.parametrize("at", [-1536 + 3, -1536 + 12, -1536 + 20, -1600, -5])
def test_a_damaged_index_is_not_believed(on_web: atdata.Dataset[Numbered], web: Web, at: int) -> None:
    def flip(content: bytearray) -> None:
        content[at] ^= 0x41

    web.files["/d-0.tar"] = forged(flip, web.files["/d-0.tar"])

    with pytest.raises(TypeError, match="have an index"):
        on_web[0]


def test_a_missing_shard_is_said_to_be_missing(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    del web.files["/d-2.tar"]

    with pytest.raises(FileNotFoundError, match=r"d-2\.tar"):
        len(on_web)


def test_what_fails_for_a_moment_is_tried_again(on_web: atdata.Dataset[Numbered], web: Web) -> None:
    len(on_web)
    web.script = [503, "cut"]

    assert on_web[77].n == 77
