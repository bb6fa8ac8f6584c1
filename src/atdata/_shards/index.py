"""The trailing index member: where all samples of a shard are, in its last bytes.

It is the last member before the end-of-archive marker, a regular file named ``__index__`` (which webdataset leaves
out and other tools unpack as a small file), made of whole blocks of 512 bytes::

    int64 LE x n    offset of each sample's payload in the shard
    int64 LE x n    its size
    zeros           up to a multiple of 512
    footer, 512     8s "atdataX1" | u64 n | u64 offset of the first number | u32 CRC-32 of the numbers
                    | u32 CRC-32 of the 28 bytes before | zeros

The archive ends with exactly two blocks of zeros, so the footer is at ``size - 1536``. Samples stand in the shard
without a gap: header, payload, padding, next header, the last one followed by the index. A reader that checks that
much needs no walk: no member can hide between two samples.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from atdata._shards.header import HeaderError, read_header
from atdata._shards.names import is_meta, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAGIC", "NAME", "index_payload", "read_index"]

NAME = b"__index__"
MAGIC = b"atdataX1"
_FOOTER = struct.Struct("<8sQQI")
_CRC = struct.Struct("<I")
_BLOCK = 512
_END = 2 * _BLOCK


def index_payload(offsets: NDArray[np.int64], sizes: NDArray[np.int64], at: int) -> bytes:
    """The content of an index member whose payload begins at ``at`` of the shard."""
    numbers = np.ascontiguousarray(offsets, "<i8").tobytes() + np.ascontiguousarray(sizes, "<i8").tobytes()
    head = _FOOTER.pack(MAGIC, len(offsets), at, zlib.crc32(numbers))
    footer = (head + _CRC.pack(zlib.crc32(head))).ljust(_BLOCK, b"\0")
    return numbers + bytes(-len(numbers) % _BLOCK) + footer


class _Shard(Protocol):
    """The bytes of a shard, here or elsewhere."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes | memoryview: ...


def read_index(data: _Shard) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Offsets and sizes by the index of the shard ``data``, or None when there is none that fits the shard."""
    total = len(data)
    if total % _BLOCK or total < 2 * _BLOCK + _END:
        return None
    footer = bytes(data[total - _END - _BLOCK : total - _END])
    if not footer.startswith(MAGIC):
        return None
    _, count, at, crc = _FOOTER.unpack_from(footer)
    if _CRC.unpack_from(footer, _FOOTER.size)[0] != zlib.crc32(footer[: _FOOTER.size]):
        return None
    length = 16 * count
    if at % _BLOCK or at < _BLOCK or at + length + (-length % _BLOCK) != total - _END - _BLOCK:
        return None
    numbers = data[at : at + length]
    if zlib.crc32(numbers) != crc or any(data[total - _END :]):
        return None
    both: NDArray[np.int64] = np.frombuffer(numbers, "<i8").astype(np.int64, copy=False).reshape(2, count)
    offsets, sizes = both[0], both[1]
    if _contiguous(offsets, sizes, at - _BLOCK) and _headers_fit(data, offsets, sizes, at - _BLOCK):
        return offsets, sizes
    return None


def _contiguous(offsets: NDArray[np.int64], sizes: NDArray[np.int64], end: int) -> bool:
    """Whether the samples fill the shard from its first byte to the index, without a gap."""
    if not len(offsets):
        return end == 0
    if offsets[0] != _BLOCK or sizes.min() <= 0 or sizes.max() > end:
        return False
    ends = offsets + ((sizes + 511) & -512)
    return bool((ends[:-1] + _BLOCK == offsets[1:]).all() and ends[-1] == end)


def _headers_fit(data: _Shard, offsets: NDArray[np.int64], sizes: NDArray[np.int64], end: int) -> bool:
    """Whether the headers of the first, the last and the index member are what the index says."""
    try:
        for i in {0, len(offsets) - 1} if len(offsets) else ():
            at = int(offsets[i])
            header = read_header(bytes(data[at - _BLOCK : at]))
            if not header.regular or header.size != sizes[i] or is_meta(header.name):
                return False
            if split(header.name)[1] != b"msgpack":
                return False
        header = read_header(bytes(data[end : end + _BLOCK]))
    except HeaderError:
        return False
    return header.name == NAME and header.regular and header.size == len(data) - _END - end - _BLOCK
