"""Types of fields as people read them in a line."""

from __future__ import annotations

import re
from inspect import formatannotation
from typing import Any, get_args

from atdata._errors import shown
from atdata._samples.hints import is_array, split_optional
from atdata._samples.validate import declared_scalar

__all__ = ["plain_text", "short_text"]

_MODULES = re.compile(r"(?:[^\W\d]\w*\.|<locals>\.)+(?=[^\W\d])")


def plain_text(hint: Any) -> str:
    """An annotation as it stands in a class.

    >>> plain_text(int), plain_text(list[str])
    ('int', 'list[str]')
    """
    if isinstance(hint, str):
        return hint
    if isinstance(hint, type) and not get_args(hint):
        return hint.__name__
    return formatannotation(hint)


def short_text(hint: Any) -> str:
    """An annotation in a few printable words, without modules; of an array, what its elements are.

    >>> short_text(dict[str, Any])
    'dict[str, Any]'
    >>> from numpy import uint8
    >>> from numpy.typing import NDArray
    >>> short_text(NDArray[uint8] | None)
    'uint8 array | None'
    """
    kind, optional = split_optional(hint)
    if is_array(kind):
        scalar = declared_scalar(kind)
        said = "array" if scalar is None else f"{scalar.__name__} array"
    else:
        said = shown(_MODULES.sub("", plain_text(kind)), 60)[1:-1]
    return said + (" | None" if optional else "")
