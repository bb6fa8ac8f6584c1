"""Where a sample that does not decode stands: shard and key come in front of what the sample type said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from atdata._decoding.protocol import SampleBlock
from atdata._errors import SampleError

__all__ = ["decode_one", "locate"]


def locate(error: SampleError, block: SampleBlock, index: int) -> SampleError:
    """``error`` again, with the names of the shard and of the sample in front, and as attributes."""
    try:
        key = block.key(index)
    except Exception:  # whatever is wrong with the key, what is wrong with the sample is to be said
        key = f"number {block.start + index}"
    message = f"{_plain(block.shard, 300)}, sample {_plain(key, 200)}: {error}"
    made = type(error).__new__(type(error), message)
    Exception.__init__(made, message)
    made.__dict__.update(error.__dict__)
    made.shard, made.key, made.index = block.shard, key, block.start + index  # type: ignore[attr-defined]
    return made


def _plain(text: str, limit: int) -> str:
    """``text`` of a stranger, fit for one line of a terminal."""
    shown = text.encode("unicode_escape", "replace").decode("ascii")
    return shown if len(shown) <= limit else shown[:limit] + "..."


def decode_one(from_bytes: Callable[[bytes], Any], block: SampleBlock, index: int) -> Any:
    """One sample by the sample type's own means."""
    start, size = int(block.offsets[index]), int(block.sizes[index])
    try:
        return from_bytes(bytes(block.buffer[start : start + size]))
    except SampleError as error:
        _raise(error, block, index)


def _raise(error: SampleError, block: SampleBlock, index: int) -> NoReturn:
    raise locate(error, block, index) from error
