"""Shards that come as a stream: compressed, endless, lying about their size, or breaking off."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import random
import resource
import tracemalloc
from pathlib import Path
from typing import IO

import pytest
from shard_tools import flat, samples, tar

from atdata import ShardError, ShardWarning, URLSource
from atdata._shards.access import mapped_shard, shard_blocks
from atdata._shards.limits import Limits
from atdata._shards.stream import read_blocks


def keyed(count: int) -> list[tuple[str, bytes]]:
    return [(name.removesuffix(".msgpack"), data) for name, data in samples(count)]


class Trickle(io.RawIOBase):
    """A stream that gives as little as it likes."""

    def __init__(self, content: bytes, seed: int) -> None:
        self.rest = io.BytesIO(content)
        self.rng = random.Random(seed)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.rest.read(min(size, self.rng.randint(1, 700)))


def compressed(content: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(content, mtime=0)
    if how == "gzip in parts":
        half = len(content) // 2
        return gzip.compress(content[:half], mtime=0) + gzip.compress(content[half:], mtime=0)
    zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed")
    made: bytes = zstandard.ZstdCompressor().compress(content)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_may_come_in_any_pieces(seed: int) -> None:
    found = flat(read_blocks(Trickle(tar(samples(100)), seed), "x", limits=Limits(block=2048)))  # type: ignore[arg-type]

    assert found == keyed(100)


@pytest.mark.parametrize("how", ["gzip", "gzip in parts", "zstd"])
def test_compressed_shards_are_told_by_their_first_bytes(tmp_path: Path, how: str) -> None:
    path = tmp_path / "named.tar"
    path.write_bytes(compressed(tar(samples(300)), how))
    source = URLSource(str(path))

    assert mapped_shard(source, str(path)) is None
    assert flat(shard_blocks(source, str(path))) == keyed(300)


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_compressed_data_that_is_cut_off_is_an_error(how: str) -> None:
    raw = compressed(tar([(f"{i}.msgpack", random.Random(i).randbytes(3000)) for i in range(1000, 1400)]), how)

    for cut in (len(raw) // 3, len(raw) - len(raw) // 20):
        with pytest.raises(ShardError, match=r"cut off|no end-of-archive"):
            flat(read_blocks(io.BytesIO(raw[:cut]), "x.tar.gz"))


def test_even_the_sum_at_the_end_of_compressed_data_must_be_there() -> None:
    raw = compressed(tar(samples(20)), "gzip")

    for cut in range(1, 9):
        with pytest.raises(ShardError, match="the compressed data is cut off"):
            flat(read_blocks(io.BytesIO(raw[:-cut]), "x.tar.gz"))


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_compressed_data_that_is_damaged_is_an_error(how: str) -> None:
    raw = bytearray(compressed(tar([("a.msgpack", random.Random(1).randbytes(100_000))]), how))
    raw[len(raw) // 2] ^= 255
    raw[len(raw) // 2 + 5] ^= 255

    if how == "gzip":
        with pytest.raises(ShardError, match="damaged"):
            flat(read_blocks(io.BytesIO(bytes(raw)), "x.tar.gz"))


def test_other_compressions_are_named() -> None:
    with pytest.raises(ShardError, match=r"bzip2; \.tar, \.tar\.gz and \.tar\.zst are read"):
        flat(read_blocks(io.BytesIO(bz2.compress(tar(samples(3)))), "x.tar.bz2"))


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_a_few_bytes_never_become_much_memory(how: str) -> None:
    bomb = compressed(tar([("a.msgpack", bytes(300 << 20))]), how)
    assert len(bomb) < 1 << 20
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(ShardError, match="expands more than 200-fold"):
        flat(read_blocks(io.BytesIO(bomb), "x"))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def claim(size: int, name: bytes = b"a.msgpack") -> bytes:
    from atdata._writing.tar import header

    return header(name, size)


def test_a_claim_alone_is_never_allocated() -> None:
    content = tar(samples(3))[: 3 * 1024] + claim(8**11 - 1) + b"x" * 500_000
    tracemalloc.start()
    try:
        with pytest.raises(ShardError, match=r"Limits\.member"):
            flat(read_blocks(io.BytesIO(content), "x"))
        with pytest.raises(ShardError, match="cut off"):
            flat(read_blocks(io.BytesIO(content), "x", limits=Limits(member=1 << 40)))
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def test_samples_larger_than_a_block_are_read() -> None:
    members = [("a.msgpack", b"1" * 10), ("b.msgpack", b"2" * 3_000_000), ("c.msgpack", b"3" * 10)]

    found = flat(read_blocks(io.BytesIO(tar(members)), "x", limits=Limits(block=4096)))

    assert [(key, len(data)) for key, data in found] == [("a", 10), ("b", 3_000_000), ("c", 10)]


def test_large_members_that_nobody_asked_for_are_passed_over() -> None:
    members = [("a.msgpack", b"1"), ("a.bin", bytes(20 << 20)), ("b.msgpack", b"2"), ("__x__", bytes(5 << 20))]
    content = tar(members)
    tracemalloc.start()
    try:
        found = flat(read_blocks(io.BytesIO(content), "x"))
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()

    assert found == [("a", b"1"), ("b", b"2")]


def test_a_large_member_that_is_cut_off_is_an_error() -> None:
    content = tar([("a.msgpack", b"1")])[:1024] + claim(1 << 32, b"a.bin") + b"x" * 9_000_000

    with pytest.raises(ShardError, match="inside a member"):
        flat(read_blocks(io.BytesIO(content), "x"))


def test_blocks_keep_their_bytes_while_the_stream_goes_on() -> None:
    blocks = list(read_blocks(io.BytesIO(tar(samples(400))), "x", limits=Limits(block=8192)))

    assert len(blocks) > 10
    assert flat(blocks) == keyed(400)


class Breaking(io.RawIOBase):
    def __init__(self, content: bytes) -> None:
        self.rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self.rest.read(size)
        if not part:
            raise ConnectionResetError(104, "reset by peer\x1b[0m")
        return part


def test_a_stream_that_breaks_names_the_shard_after_what_came() -> None:
    content = tar(samples(10))[: 7 * 1024 + 20]
    stream: IO[bytes] = Breaking(content)  # type: ignore[assignment]
    found: list[tuple[str, bytes]] = []

    with pytest.raises(ShardError, match=r"'far\.tar': cannot be read to its end: ConnectionResetError") as caught:
        flat(read_blocks(stream, "far.tar"), found)

    assert found == keyed(10)[:7]
    assert isinstance(caught.value.__cause__, ConnectionResetError)
    assert "\x1b" not in str(caught.value)


def test_in_skip_mode_a_broken_stream_is_one_warning() -> None:
    stream: IO[bytes] = Breaking(tar(samples(10))[: 7 * 1024])  # type: ignore[assignment]

    with pytest.warns(ShardWarning, match="reset by peer") as caught:
        assert len(flat(read_blocks(stream, "far.tar", on_error="skip"))) == 7

    assert len(caught) == 1


def test_without_the_package_for_zstandard_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "zstandard", None)

    with pytest.raises(ShardError, match=r"pip install 'atdata\[zstd\]'"):
        flat(read_blocks(io.BytesIO(b"\x28\xb5\x2f\xfd" + os.urandom(50)), "x.tar.zst"))
