"""Shards with a checksum: whatever changes in them is found before a sample of them is seen."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest
from numpy.typing import NDArray
from web_tools import Web

import atdata
from atdata import ChecksumError, Dataset, ShardError, URLSource, VerifiedSource, write
from atdata._shards.access import shard_blocks
from atdata._shards.local import close_all

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))
#: How many bits are flipped; 10,000 at full scale.
FLIPS = round(500 * SCALE)


@atdata.packable
class Row:
    number: int
    data: NDArray[np.float32]


class Elsewhere:
    """One shard that is not a file here."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        yield "r.tar", self.open_shard("r.tar")

    @property
    def shard_list(self) -> list[str]:
        return ["r.tar"]

    def list_shards(self) -> list[str]:
        return ["r.tar"]

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return io.BytesIO(self.content)


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    rows = [Row(number=i, data=np.full(40, i, np.float32)) for i in range(40)]
    atdata.write(rows, tmp_path / "r.tar")
    return tmp_path / "r.tar"


def sums(shard: Path) -> dict[str, str]:
    return VerifiedSource.from_manifest(shard.with_name("r-manifest.json")).checksums


def numbers(source: atdata.DataSource) -> list[int]:
    close_all()
    return [number for batch in Dataset[Row](source).ordered(batch_size=16) for number in batch.number]


def test_a_whole_shard_is_read(shard: Path) -> None:
    assert numbers(VerifiedSource(URLSource(str(shard)), sums(shard))) == list(range(40))
    assert numbers(VerifiedSource(Elsewhere(shard.read_bytes()), sums(shard))) == list(range(40))


def test_every_flip_of_one_bit_is_found(shard: Path, record_property: Callable[[str, object], None]) -> None:
    rng = random.Random(1)
    content = shard.read_bytes()
    wanted = sums(shard)
    bits = range(8 * len(content))
    flips = rng.sample(bits, min(FLIPS, len(bits)))
    missed: list[int] = []
    with shard.open("r+b", buffering=0) as file:
        for i, bit in enumerate(flips):
            where, value = bit // 8, bytes([content[bit // 8] ^ 1 << bit % 8])
            if i % 2:
                source = VerifiedSource(Elsewhere(content[:where] + value + content[where + 1 :]), wanted)
            else:
                os.pwrite(file.fileno(), value, where)
                source = VerifiedSource(URLSource(str(shard)), wanted)
            with contextlib.suppress(ChecksumError):
                numbers(source)
                missed.append(bit)
            os.pwrite(file.fileno(), content[where : where + 1], where)

    record_property("bits flipped", len(flips))
    record_property("found", len(flips) - len(missed))
    assert missed == []
    assert numbers(VerifiedSource(URLSource(str(shard)), wanted)) == list(range(40))


def test_a_file_that_changes_at_once_after_it_was_checked_is_checked_again(shard: Path) -> None:
    """The clock of a file system may stand still between two writes."""
    content, wanted = shard.read_bytes(), sums(shard)
    for _ in range(20):
        shard.write_bytes(content)
        stamp = shard.stat()
        assert len(numbers(VerifiedSource(URLSource(str(shard)), wanted))) == 40
        shard.write_bytes(content[:-1] + b"x")
        os.utime(shard, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

        with pytest.raises(ChecksumError):
            numbers(VerifiedSource(URLSource(str(shard)), wanted))


def test_a_shard_without_a_checksum_is_refused(shard: Path) -> None:
    with pytest.raises(ChecksumError, match="no checksum"):
        numbers(VerifiedSource(URLSource(str(shard)), {}))


def test_a_manifest_says_which_shards_there_are_and_what_they_must_be(shard: Path) -> None:
    source = VerifiedSource.from_manifest(shard.with_name("r-manifest.json"))

    assert source.list_shards() == [str(shard)]
    assert numbers(source) == list(range(40))
    assert numbers(pickle.loads(pickle.dumps(source))) == list(range(40))
    with pytest.raises(atdata.ManifestError):
        VerifiedSource.from_manifest(shard)


def test_a_copy_that_was_damaged_here_is_not_believed(shard: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    source = VerifiedSource(Elsewhere(shard.read_bytes()), sums(shard), cache_dir=str(cache))
    assert len(numbers(source)) == 40
    [copy] = cache.iterdir()
    copy.write_bytes(copy.read_bytes()[:-1] + b"x")

    with pytest.raises(ChecksumError):
        numbers(source)


def test_remote_shards_are_checked_before_anything_is_used(tmp_path: Path, web: Web) -> None:
    written = write([{"a": 1}], tmp_path / "x.tar")
    content = Path(written.paths[0]).read_bytes()
    url = web.url("/x.tar")
    sums = {"x.tar": written.shards[0].sha256 or ""}
    web.files["/x.tar"] = content
    good = VerifiedSource(URLSource(url), sums, cache_dir=str(tmp_path / "cache"))
    assert sum(map(len, shard_blocks(good, url))) == 1

    web.files["/x.tar"] = content[:-600] + b"!" + content[-599:]
    bad = VerifiedSource(URLSource(url), sums)
    with pytest.raises(ShardError, match="SHA-256"):
        next(shard_blocks(bad, url))
    assert len(os.listdir(tmp_path / "cache")) == 1
