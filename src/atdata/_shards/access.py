"""From a source and the name of a shard to its blocks, by the shortest way there is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from atdata._shards.block import Block
from atdata._shards.errors import OnError, handler
from atdata._shards.groups import GroupBlock, read_groups
from atdata._shards.header import BLOCK
from atdata._shards.limits import DEFAULT, Limits
from atdata._shards.local import ShardFile, is_compressed, open_shard
from atdata._shards.remote import remote_shard
from atdata._shards.stream import read_blocks

if TYPE_CHECKING:
    from atdata._protocols import DataSource

__all__ = ["mapped_shard", "shard_blocks"]


def mapped_shard(source: DataSource, shard: str, extensions: tuple[str, ...] | None = None) -> ShardFile | None:
    """The shard as a mapped file, or None where it can only be streamed: remote, compressed, or a pipe.

    With ``extensions`` its samples are groups of members.

    A missing file is ``FileNotFoundError``. Sources say where a shard lies by a method ``local_path(shard)``,
    which gives a path or None; those without one are streamed.
    """
    find = getattr(source, "local_path", None)
    path = None if find is None else find(shard)
    if path is None:
        return None
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        return None
    with open(path, "rb", buffering=0) as file:
        if is_compressed(file.read(4)):
            return None
    return open_shard(path, name=shard, extensions=extensions)


def shard_blocks(
    source: DataSource,
    shard: str,
    *,
    extensions: tuple[str, ...] | None = None,
    start: int = 0,
    on_error: OnError = "raise",
    limits: Limits = DEFAULT,
) -> Iterator[Block | GroupBlock]:
    """The samples of a shard from number ``start`` on, in order, mapped or streamed.

    With ``extensions`` they are groups of members; see :func:`read_blocks` and :func:`read_groups`.
    """
    if start and extensions is None:
        # what comes before is not even fetched, where that can be
        far = remote_shard(source, shard)
        if far is not None:
            if start < len(far):
                with far.ranges.stream(int(far.offsets[start]) - BLOCK) as stream:
                    for block in read_blocks(stream, shard, on_error=on_error, limits=limits):
                        yield replace(block, start=block.start + start)
            return
    mapped = mapped_shard(source, shard, extensions)
    if mapped is not None:
        yield from mapped.blocks(handler(on_error), start)
        return
    with source.open_shard(shard) as stream:
        if extensions is None:
            yield from read_blocks(stream, shard, start=start, on_error=on_error, limits=limits)
        else:
            yield from read_groups(stream, shard, extensions, start=start, on_error=on_error, limits=limits)
