"""Datasets of numbered samples: as files with and without an index, and as streams."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata


@atdata.packable
class Numbered:
    """A sample that says which one it is."""

    n: int
    name: str
    row: NDArray[Any]


def numbered(count: int, first: int = 0) -> list[Numbered]:
    return [Numbered(n=i, name=f"name {i}", row=np.arange(3) + i) for i in range(first, first + count)]


class Streams:
    """Shards that nobody can map: bytes by name."""

    def __init__(self, shards: dict[str, bytes]) -> None:
        self.contents = shards
        self.opened: list[str] = []

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return ((name, self.open_shard(name)) for name in self.contents)

    @property
    def shard_list(self) -> list[str]:
        return list(self.contents)

    def list_shards(self) -> list[str]:
        return list(self.contents)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        self.opened.append(shard_id)
        return io.BytesIO(self.contents[shard_id])


@pytest.fixture(name="Numbered")
def numbered_class() -> Any:
    return Numbered


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Any]:
    """A dataset of so many samples in shards of so many."""

    def make(count: int, per_shard: int = 7, index: bool = True, **options: Any) -> Any:
        folder = tmp_path / f"{count}-{per_shard}-{index}"
        if not folder.exists():
            folder.mkdir()
            atdata.write(numbered(count), folder / "data-%03d.tar", maxcount=per_shard, index=index)
        shards = sorted(str(path) for path in folder.glob("*.tar"))
        return atdata.Dataset[Numbered](atdata.URLSource(shards), **options)

    return make


@pytest.fixture
def in_streams() -> type[Streams]:
    """Makes a source of what nobody can map."""
    return Streams


@pytest.fixture
def streams(files: Callable[..., Any]) -> Callable[..., Any]:
    """The same as streams, every second one compressed."""

    def make(count: int, per_shard: int = 7, **options: Any) -> Any:
        shards = files(count, per_shard).list_shards()
        contents = {Path(shard).name: Path(shard).read_bytes() for shard in shards}
        packed = {name: gzip.compress(raw) if i % 2 else raw for i, (name, raw) in enumerate(contents.items())}
        return atdata.Dataset[Numbered](Streams(packed), **options)

    return make


def numbers(items: Any) -> list[int]:
    """Which samples came, one by one or in batches."""
    found: list[int] = []
    for item in items:
        found += item.n if isinstance(item, atdata.SampleBatch) else [item.n]
    return found
