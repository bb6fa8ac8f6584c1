"""What can be wrong with a promotion."""

from __future__ import annotations

from atdata._atmosphere.errors import AtmosphereError

__all__ = ["PromotionError"]


class PromotionError(AtmosphereError, ValueError):
    """An entry that cannot be promoted."""

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),)
