"""Shards on disk: mapped once, known by their index, read anew when they change."""

from __future__ import annotations

import gc
import os
import pickle
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from shard_tools import flat, samples, tar

import atdata
from atdata._shards import local
from atdata._shards.errors import handler
from atdata._shards.index import index_payload, read_index
from atdata._shards.local import close_all, open_shard
from atdata._writing.tar import header

RAISE = handler("raise")


def indexed(count: int, size: int = 100) -> bytes:
    """A shard as our writer makes it."""
    content, offsets, sizes = b"", [], []
    for name, data in samples(count, size):
        content += header(name.encode(), len(data))
        offsets.append(len(content))
        sizes.append(len(data))
        content += data + bytes(-len(data) % 512)
    payload = index_payload(np.array(offsets, np.int64), np.array(sizes, np.int64), len(content) + 512)
    return content + header(b"__index__", len(payload)) + payload + bytes(1024)


@pytest.fixture(autouse=True)
def _nothing_open() -> None:
    close_all()


def test_the_whole_file_is_one_block_over_its_mapping(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar(samples(5)))

    with open_shard(path) as shard:
        assert len(shard) == 5
        assert len(shard.block.buffer) == path.stat().st_size
        assert shard.block.buffer.readonly
        assert not shard.indexed


def test_opening_again_costs_no_second_walk(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar(samples(5)))

    assert open_shard(path) is open_shard(str(path))


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path, new = tmp_path / "a.tar", tmp_path / "b"
    path.write_bytes(tar(samples(5)))
    before = open_shard(path)
    new.write_bytes(tar(samples(7)))
    new.replace(path)

    assert len(open_shard(path)) == 7
    assert flat([before.block]) == flat(list(before.blocks(RAISE)))


def test_only_so_many_files_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "KEPT", 4)
    close_all()  # of what other tests left open
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for i in range(20):
        (tmp_path / f"{i}.tar").write_bytes(tar(samples(2)))
        open_shard(tmp_path / f"{i}.tar")
    gc.collect()

    assert len(os.listdir("/proc/self/fd")) - before <= 4
    close_all()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_block_outlives_the_cache(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar(samples(3)))
    block = open_shard(path).block
    close_all()
    gc.collect()
    path.unlink()

    assert block.payload(1) == samples(3)[1][1]


def test_a_missing_file_is_file_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.tar"):
        open_shard(tmp_path / "nothing.tar")
    with pytest.raises(IsADirectoryError):
        open_shard(tmp_path)


def test_an_open_shard_travels_to_another_process_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar(samples(3)))

    assert len(pickle.loads(pickle.dumps(open_shard(path)))) == 3


def test_an_index_tells_what_a_walk_finds(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(indexed(500))

    quick, walked = open_shard(path), open_shard(path, verify=True)

    assert (quick.indexed, walked.indexed) == (True, False)
    assert np.array_equal(quick.block.offsets, walked.block.offsets)
    assert np.array_equal(quick.block.sizes, walked.block.sizes)
    assert flat([quick.block]) == flat([walked.block])


def test_an_index_is_at_the_very_end_as_documented() -> None:
    content = indexed(3)
    magic, count, at, crc = struct.unpack_from("<8sQQI", content, len(content) - 1536)

    assert (magic, count) == (b"atdataX1", 3)
    assert crc == zlib.crc32(content[at : at + 48])
    assert np.frombuffer(content, "<i8", 3, at).tolist() == [512, 1536, 2560]


def test_a_damaged_index_is_no_index() -> None:
    content = indexed(20)
    start = len(content) - 1024 - 512 - 512 - 512
    assert read_index(memoryview(content)) is not None
    for position in range(start, len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 4
        found = read_index(memoryview(bytes(damaged)))
        in_header = position < start + 512
        zeros = len(content) - 1536 + 32 <= position < len(content) - 1024 or position >= start + 512 + 320
        assert found is None or in_header or zeros, position


def forged(content: bytes, offsets: list[int], sizes: list[int]) -> bytes:
    """The samples of ``content`` with an index that says something else, and is sound in itself."""
    end = content.rindex(b"__index__")
    payload = index_payload(np.array(offsets, np.int64), np.array(sizes, np.int64), end + 512)
    return content[:end] + header(b"__index__", len(payload)) + payload + bytes(1024)


def test_an_index_that_hides_a_sample_is_not_believed(tmp_path: Path) -> None:
    content = indexed(4)
    true = read_index(memoryview(content))
    assert true is not None
    offsets, sizes = true[0].tolist(), true[1].tolist()
    lies = {
        "none": ([], []),
        "first": (offsets[1:], sizes[1:]),
        "last": (offsets[:-1], sizes[:-1]),
        "middle": (offsets[:1] + offsets[2:], sizes[:1] + sizes[2:]),
        "joined": (offsets[:1] + offsets[2:], [1024 + sizes[0], *sizes[2:]]),
        "twice": (offsets + offsets[-1:], sizes + sizes[-1:]),
        "past the end": (offsets, [*sizes[:-1], 1 << 40]),
        "negative": (offsets, [*sizes[:-1], -5]),
        "overflow": (offsets, [*sizes[:-1], (1 << 63) - 1]),
        "elsewhere": ([o + 1 for o in offsets], sizes),
    }
    for name, (some, how) in lies.items():
        path = tmp_path / f"{name}.tar"
        path.write_bytes(forged(content, some, how))
        shard = open_shard(path)
        if shard.indexed:  # sizes within the padding, or a sample read together with the next: nothing is out of view
            assert name == "joined"
        else:
            assert flat(list(shard.blocks(RAISE))) == [(n.removesuffix(".msgpack"), d) for n, d in samples(4)], name


def test_members_appended_by_tar_are_found(tmp_path: Path) -> None:
    import subprocess

    path = tmp_path / "a.tar"
    path.write_bytes(indexed(3))
    (tmp_path / "more.msgpack").write_bytes(b"x")
    subprocess.run(["tar", "-rf", "a.tar", "more.msgpack"], cwd=tmp_path, check=True)

    assert [key for key, _ in flat(list(open_shard(path).blocks(RAISE)))] == ["000000", "000001", "000002", "more"]


def test_keys_of_a_part_are_those_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar([("x" * 200 + f"{i}.msgpack", b"1") for i in range(5)], format=1))
    block = open_shard(path).block

    assert [block.part(2, 4).key(i) for i in range(2)] == [block.key(2), block.key(3)]
    assert block.part(2, 4).start == 2


def test_the_error_type_is_the_projects(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(b"")

    with pytest.raises(atdata.AtdataError, match=r"a\.tar': is empty"):
        list(open_shard(path).blocks(RAISE))
