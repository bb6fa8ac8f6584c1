"""A class's own annotations, as they stand, on every Python."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["own_annotations"]


def own_annotations(cls: type[Any]) -> dict[str, Any]:
    """The annotations of ``cls`` itself, not those of its bases; names that do not exist yet are no error."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return dict(annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF))
    found = cls.__dict__.get("__annotations__")  # noqa: RUF063  # does the same, many times slower
    return dict(found) if isinstance(found, dict) else {}
