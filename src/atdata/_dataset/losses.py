"""What becomes of samples and shards that cannot be read: an error, a counted warning, or a call of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atdata._errors import shown
from atdata._warnings import warn

if TYPE_CHECKING:
    from atdata._shards.errors import OnError

__all__ = ["Losses"]


class Losses:
    """Called with each error. ``count`` says how many were passed over.

    >>> kept = []
    >>> losses = Losses(kept.append)
    >>> losses(ValueError("damaged")), losses.count, len(kept)
    (None, 1, 1)
    """

    def __init__(self, on_error: OnError) -> None:
        if on_error not in ("raise", "skip") and not callable(on_error):
            raise ValueError(f'on_error is "raise", "skip" or a function of the error, not {shown(on_error)}')
        self._on_error = on_error
        self.count = 0

    @property
    def fatal(self) -> bool:
        """Whether the first error ends everything."""
        return self._on_error == "raise"

    def __call__(self, error: Exception) -> None:
        if self._on_error == "raise":
            raise error
        self.count += 1
        if not isinstance(self._on_error, str):
            self._on_error(error)
            return
        from atdata._shards.errors import ShardWarning

        warn(f"skipped (loss {self.count}): {error}", ShardWarning)
