"""A tar file of samples as one block, by Python's own tarfile: what the decoder's tests read."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class TestBlock:
    """Samples in one buffer, with their keys at hand."""

    __test__ = False

    shard: str
    buffer: memoryview
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    keys: Sequence[str] = field(default_factory=list)
    start: int = 0

    def key(self, i: int) -> str:
        return self.keys[i]


def block_of(payloads: Iterable[bytes], shard: str = "test.tar", start: int = 0) -> TestBlock:
    """The payloads as a tar file in memory, written and indexed by tarfile."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for i, payload in enumerate(payloads):
            info = tarfile.TarInfo(f"{start + i:06d}.msgpack")
            info.size = len(payload)
            tar.addfile(info, io.BytesIO(payload))
    return block_of_tar(stream.getvalue(), shard, start)


def block_of_tar(raw: bytes, shard: str, start: int = 0) -> TestBlock:
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        members = [member for member in tar if member.name.endswith(".msgpack")]
    return TestBlock(
        shard,
        memoryview(raw).toreadonly(),
        np.array([member.offset_data for member in members], np.int64),
        np.array([member.size for member in members], np.int64),
        [member.name.removesuffix(".msgpack") for member in members],
        start,
    )


def block_of_samples(samples: Iterable[Any], shard: str = "test.tar", start: int = 0) -> TestBlock:
    return block_of((sample.packed for sample in samples), shard, start)
