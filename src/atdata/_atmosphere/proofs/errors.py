"""What can be wrong with a proof."""

from __future__ import annotations

from atdata._errors import AtdataError

__all__ = ["ProofError"]


class ProofError(AtdataError, ValueError):
    """A proof that proves nothing: damaged, incomplete, or signed by somebody else."""
