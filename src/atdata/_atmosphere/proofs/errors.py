"""What can be wrong with a proof."""

from __future__ import annotations

from atdata._atmosphere.errors import AtmosphereError

__all__ = ["ProofError"]


class ProofError(AtmosphereError, ValueError):
    """A proof that proves nothing: damaged, incomplete, or signed by somebody else."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),)
