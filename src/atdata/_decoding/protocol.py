"""What the rest of the runtime may ask of a decoder. A native engine takes its place by answering the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Columns", "Decoder", "Indices", "Piece", "SampleBlock"]

T = TypeVar("T")

#: Which samples of a block: a run of them, or their numbers inside the block in any order.
Indices: TypeAlias = "slice | NDArray[np.int64]"


class SampleBlock(Protocol):
    """Samples of one shard that lie in one read-only buffer."""

    @property
    def shard(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def buffer(self) -> memoryview: ...
    @property
    def offsets(self) -> NDArray[np.int64]: ...
    @property
    def sizes(self) -> NDArray[np.int64]: ...
    def key(self, i: int) -> str: ...


Piece: TypeAlias = "tuple[SampleBlock, Indices]"


class Columns(Protocol):
    """The columns of some samples. What is not asked for is not made; what was checked cannot fail later.

    Only where ``late`` is true values may turn out to be damaged when they are made: images and sounds.
    """

    @property
    def late(self) -> bool: ...
    @property
    def lazy(self) -> int:
        """How many bytes of a sample stay where they are until somebody asks for them, about."""
        ...

    def __len__(self) -> int: ...

    def place(self, row: int) -> tuple[SampleBlock, int]:
        """The block that a row came from, and its number there."""
        ...

    def part(self, start: int, stop: int) -> Mapping[str, Any]:
        """The columns of some of the samples by field name, each made when it is first looked up."""
        ...

    def rows(self, start: int, stop: int) -> list[Any]:
        """The same as samples, whose arrays are their own and writable."""
        ...

    def hollow(self, name: str) -> list[Any]:
        """One field of all samples, where arrays may be without their data: dtypes and shapes are right."""
        ...

    def probes(self, start: int, stop: int) -> list[Any]:
        """As ``rows``, where arrays may be without their data."""
        ...


class Decoder(Protocol[T]):
    """Makes samples and columns of one sample type. Any error names shard, key and field.

    A value of the wrong type, a missing required field, or bytes that are no sample raise what
    ``from_bytes`` of the sample type raises. Unknown fields are ignored.
    """

    @property
    def eager(self) -> bool:
        """Whether values are made before somebody asks for them, so that many at once take memory."""
        ...

    def rows(self, block: SampleBlock, indices: Indices) -> list[T]:
        """The samples of ``block`` at ``indices``."""
        ...

    def columns(
        self,
        pieces: Sequence[Piece],
        fields: Iterable[str] | None = None,
        order: NDArray[np.intp] | None = None,
    ) -> Columns:
        """The columns of ``pieces`` one after the other; only ``fields`` are looked at when they are named.

        With ``order``, row ``k`` of the result is row ``order[k]`` of the pieces.
        """
        ...
