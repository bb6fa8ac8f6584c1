"""How much a shard that is read as a stream may ask for."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for shards that are read as streams. Mapped files need none: nothing is copied from them.

    ``block`` is how many bytes are aimed at for a block, ``member`` how large one sample may be at most,
    ``expansion`` how many times its compressed size a shard may have once ``expansion_grace`` bytes came out.
    """

    block: int = 4 << 20
    member: int = 1 << 30
    expansion: int = 200
    expansion_grace: int = 64 << 20


DEFAULT = Limits()
