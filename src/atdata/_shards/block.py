"""What a shard is to everything above it: a buffer, and where in it the samples are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atdata._shards.names import key_of, member_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Block"]


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
        if self.names is not None:
            found = self.names.get(i)
            if found is not None:
                return found
        at = int(self.offsets[i])
        if at < 512:
            return str(self.start + i)
        return key_of(member_name(bytes(self.buffer[at - 512 : at])))[0]

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
