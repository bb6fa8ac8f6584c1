"""Samples and shards that the tests of stores share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

import atdata


@atdata.packable
class Word:
    text: str
    number: int


@atdata.packable
class Large:
    values: NDArray[np.uint8]


def words(count: int, first: int = 0) -> list[Word]:
    return [Word(text=f"word {i}", number=i) for i in range(first, first + count)]


def large(count: int, size: int, seed: int = 0) -> list[Large]:
    random = np.random.default_rng(seed)
    return [Large(values=random.integers(0, 256, size, np.uint8)) for _ in range(count)]


class Files:
    """A source of files, as `DataSource` has it."""

    def __init__(self, *paths: Path) -> None:
        self._paths = [str(path) for path in paths]
        self.opened: list[str] = []

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return ((path, self.open_shard(path)) for path in self._paths)

    @property
    def shard_list(self) -> list[str]:
        return list(self._paths)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        self.opened.append(shard_id)
        return open(shard_id, "rb")


def shards(folder: Path, count: int = 3, each: int = 4) -> Files:
    """``count`` shards of ``each`` samples."""
    written = atdata.write(words(count * each), folder / "in-%03d.tar", maxcount=each)
    return Files(*(Path(path) for path in written.paths))


def content(store: Any, url: str) -> bytes:
    with store._open(store._key(url)) as stream:
        return bytes(stream.read())


def read(store: Any, urls: list[str], folder: Path) -> list[Any]:
    """All samples of the stored shards, read again from their bytes."""
    from atdata._shards.stream import read_blocks

    found: list[Any] = []
    for url in urls:
        with store._open(store._key(url)) as stream:
            for block in read_blocks(stream, url):
                found += [Word.from_bytes(bytes(block.payload(i))) for i in range(len(block))]
    return found


def keys(store: Any) -> list[str]:
    """Everything that a store holds, unfinished things included."""
    start = store._start("")
    return sorted({found.key for found in [*store._scan(start), *store._unfinished(start)]})


def put(store: Any, name: str, content: bytes) -> str:
    """Something under the store's prefix that no store wrote; returns its URL."""
    key = store._start("") + name
    store._put(key, content)
    return str(store._url(key))
