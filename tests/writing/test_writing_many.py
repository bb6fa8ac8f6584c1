"""Small samples are written many at once, and the files are those that one at a time would give."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import SampleError, ShardWriter, write
from atdata._shards.errors import handler
from atdata._shards.local import open_shard
from atdata._writing.files import NewFile
from atdata._writing.shard import Shard


@atdata.packable
class Note:
    data: bytes
    array: NDArray[np.float32] | None = None


def notes(sizes: list[int]) -> list[Any]:
    return [Note(data=bytes([i % 256]) * size) for i, size in enumerate(sizes)]


def mixed(count: int, most: int) -> list[int]:
    rng = random.Random(most)
    return [int(most ** rng.random()) for _ in range(count)]


#: Sizes of samples: alike, of one or many blocks, at the borders of blocks, with large ones between, more than are
#: made at once, more bytes than are gathered.
SIZES = {
    "one": [40],
    "alike": [40 + i % 9 for i in range(3000)],
    "of several blocks": [3000 + i % 9 for i in range(900)],
    "at the border of a block": list(range(470, 530)) * 3,
    "mixed": mixed(1500, 6000),
    "with large ones between": mixed(300, 300_000),
    "just below what is large": [32_700 + i for i in range(90)],
    "at the borders of what is made at once": [5] * 512 + [600] * 512 + [5],
}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=list(SIZES))
@pytest.mark.parametrize("limits", [{}, {"maxcount": 100}, {"maxsize": 60_000}], ids=str)
def test_the_bytes_are_those_of_samples_written_one_by_one(
    tmp_path: Path, sizes: list[int], limits: dict[str, Any]
) -> None:
    """Keys that are given are written one by one, also where they are the running numbers."""
    (tmp_path / "many").mkdir()
    (tmp_path / "single").mkdir()
    samples = notes(sizes)
    keys = [f"{i:09d}" for i in range(len(sizes))]

    many = write(samples, tmp_path / "many/a-%03d.tar", **limits)
    single = write(samples, tmp_path / "single/a-%03d.tar", keys=keys, **limits)

    assert many == single
    assert [Path(path).read_bytes() for path in many.paths] == [Path(path).read_bytes() for path in single.paths]


@pytest.mark.parametrize("first", [0, 7, 999_990, 123_456_789, 10**9 - 1000, 10**9 - 3])
def test_any_number_is_written_as_one_by_one(tmp_path: Path, first: int) -> None:
    payloads = [bytes([65 + i % 26]) * (1 + i % 700) for i in range(1100)]
    files = []
    for way in ("many", "single"):
        shard = Shard(NewFile(str(tmp_path / way)), way)
        for number, payload in enumerate(payloads, first):
            if way == "many":
                shard.add_numbered(number, payload)
            else:
                shard.add(b"%09d.msgpack" % number, payload)
        entry = shard.finish()
        files.append((entry.count, entry.size, entry.sha256, (tmp_path / way).read_bytes()))

    assert files[0] == files[1]
    opened = open_shard(tmp_path / "many")
    assert opened.indexed
    assert [opened.block.key(i) for i in (0, 1099)] == [f"{first:09d}", f"{first + 1099:09d}"]


def test_an_array_may_change_as_soon_as_the_next_sample_is_asked_for(tmp_path: Path) -> None:
    array = np.zeros(10, np.float32)

    def changing() -> Iterator[Any]:
        for i in range(700):
            array[:] = i
            yield Note(data=b"", array=array)

    write(changing(), tmp_path / "a.tar")

    block = open_shard(tmp_path / "a.tar").block
    assert [float(Note.from_bytes(bytes(block.payload(i))).array[3]) for i in range(700)] == list(range(700))


def test_what_was_written_before_a_bad_sample_stays(tmp_path: Path) -> None:
    bad: Any = Note(data=b"")
    bad.data = object()
    with ShardWriter[Any](tmp_path / "a.tar") as writer:
        with pytest.raises(SampleError) as failed:
            writer.write_all([*notes([10] * 5), bad, *notes([10])])
        writer.write_all(notes([20] * 2))

    assert "sample 5 " in failed.value.__notes__[0]
    blocks = list(open_shard(tmp_path / "a.tar").blocks(handler("raise")))
    assert sum(len(block) for block in blocks) == 7


def test_running_numbers_go_on_behind_keys_that_were_given(tmp_path: Path) -> None:
    with ShardWriter[Any](tmp_path / "a.tar") as writer:
        writer.write_all(notes([10] * 3))
        writer.write(Note(data=b""), "own")
        writer.write_all(notes([10] * 2))

    block = open_shard(tmp_path / "a.tar").block
    assert [block.key(i) for i in range(6)] == ["000000000", "000000001", "000000002", "own", "000000004", "000000005"]


def test_bytes_that_are_no_plain_bytes_are_written_too(tmp_path: Path) -> None:
    class Strange(bytes):
        pass

    class Own:
        kind: type[Any] = bytes

        @property
        def packed(self) -> Any:
            return self.kind(b"\x81\xa1a\x01")

    samples = []
    for kind in (bytes, Strange, bytearray, memoryview):
        samples.append(Own())
        samples[-1].kind = kind

    write(samples, tmp_path / "a.tar")

    block = open_shard(tmp_path / "a.tar").block
    assert [bytes(block.payload(i)) for i in range(4)] == [b"\x81\xa1a\x01"] * 4
