"""The door to pandas."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from atdata_lexicon.errors import MissingExtraError

__all__ = ["pandas"]


def pandas() -> Any:
    """pandas, or an error that says how to get it."""
    try:
        return import_module("pandas")
    except ImportError:
        raise MissingExtraError("frames need pandas: pip install 'atdata[parquet]'") from None
