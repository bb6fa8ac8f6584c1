"""What a shard is to everything above it: a buffer, and where in it the samples are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from atdata._shards.names import key_of, member_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Block", "key_at"]


class _Named(Protocol):
    """What a key is found in."""

    @property
    def start(self) -> int: ...
    @property
    def buffer(self) -> memoryview: ...
    @property
    def offsets(self) -> NDArray[np.int64]: ...
    @property
    def names(self) -> Mapping[int, str] | None: ...


def key_at(block: _Named, i: int) -> str:
    """The key of sample ``i`` of ``block``, from the header before its payload."""
    if block.names is not None:
        found = block.names.get(i)
        if found is not None:
            return found
    at = int(block.offsets[i])
    if at < 512:
        return str(block.start + i)
    return key_of(member_name(bytes(block.buffer[at - 512 : at])))[0]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some samples of one shard: the payload of sample ``i`` is ``buffer[offsets[i] : offsets[i] + sizes[i]]``.

    ``start`` is the number of the first sample in its shard. The buffer stays valid for as long as anyone
    holds it: a mapping of a local file, or memory of its own.
    """

    shard: str
    start: int
    buffer: memoryview
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]
    #: Keys that do not stand in the header right before the payload, by sample.
    names: Mapping[int, str] | None = None

    def __len__(self) -> int:
        return len(self.offsets)

    def key(self, i: int) -> str:
        """The key of sample ``i`` (from 0 on in this block), read when it is asked for.

        It is a stranger's text: escape it before it is shown.
        """
        return key_at(self, i)

    def payload(self, i: int) -> memoryview:
        """The bytes of sample ``i``, not copied."""
        at = int(self.offsets[i])
        return self.buffer[at : at + int(self.sizes[i])]

    def part(self, low: int, high: int) -> Block:
        """The samples from ``low`` to ``high`` as a block of their own, over the same buffer."""
        names = {i - low: name for i, name in self.names.items() if low <= i < high} if self.names else None
        return Block(
            self.shard, self.start + low, self.buffer, self.offsets[low:high], self.sizes[low:high], names or None
        )
