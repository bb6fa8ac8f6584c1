"""Tars made by hand, whole and broken."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from atdata._shards.block import Block
from atdata._shards.limits import Limits
from atdata._shards.local import open_shard
from atdata._shards.stream import read_blocks

Blocks = Callable[..., Iterator[Block]]


def tar(members: Iterable[tuple[str, bytes]], *, format: int = tarfile.USTAR_FORMAT, mtime: float = 0) -> bytes:
    """A tar file as Python writes it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = mtime
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def samples(count: int, size: int = 100) -> list[tuple[str, bytes]]:
    return [(f"{i:06d}.msgpack", bytes([i % 251]) * (size + i % 7)) for i in range(count)]


def mapped(path: Path, content: bytes, on_error: Any, *, start: int = 0, **_: Any) -> Iterator[Block]:
    from atdata._shards.errors import handler

    path.write_bytes(content)
    return open_shard(path).blocks(handler(on_error), start)


def streamed(
    path: Path, content: bytes, on_error: Any, *, start: int = 0, limits: Limits | None = None
) -> Iterator[Block]:
    return read_blocks(io.BytesIO(content), str(path), start=start, on_error=on_error, limits=limits or Limits())


def in_small_blocks(path: Path, content: bytes, on_error: Any, *, start: int = 0, **_: Any) -> Iterator[Block]:
    return streamed(path, content, on_error, start=start, limits=Limits(block=1024))


WAYS = {"mapped": mapped, "streamed": streamed, "in small blocks": in_small_blocks}


def flat(blocks: Iterable[Block], into: list[tuple[str, bytes]] | None = None) -> list[tuple[str, bytes]]:
    """Key and payload of every sample; ``into`` holds what came before an error."""
    found = [] if into is None else into
    for block in blocks:
        found.extend((block.key(i), bytes(block.payload(i))) for i in range(len(block)))
    return found
