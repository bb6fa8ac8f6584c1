"""Warnings that point at the line of the user's program that led to them."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

_OURS = ("atdata", "atdata_lexicon", "atdata_codegen")


def warn(message: str, category: type[Warning]) -> None:
    """As ``warnings.warn``, at the innermost line that is none of ours. In a thread of ours there is no such line."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
