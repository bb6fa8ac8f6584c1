r"""Lengths in grapheme clusters, what a reader takes for one character; the one adapter to the package `regex`.

Most strings are counted without it: ASCII exactly, others by bounds. Only when that does not decide is `regex` loaded.
"""

from __future__ import annotations

from typing import Any

from .errors import MissingExtraError

__all__ = ["count_graphemes", "graphemes_at_least", "graphemes_at_most"]

_cluster: Any = None  # Any: a compiled pattern of an optional package


def count_graphemes(text: str) -> int:
    r"""The number of grapheme clusters of a text.

    Raises MissingExtraError when the text is not ASCII and `regex` is not installed.

    >>> count_graphemes("two\r\n")
    4
    """
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _clusters(text))


def graphemes_at_most(text: str, limit: int) -> bool:
    """Whether a text has at most `limit` grapheme clusters.

    Raises MissingExtraError when only `regex` could tell and it is not installed.

    >>> graphemes_at_most("caf\u00e9", 4), graphemes_at_most("coffee", 4)
    (True, False)
    """
    if len(text) <= limit:
        return True
    if text.isascii():
        return count_graphemes(text) <= limit
    return not _more_than(text, limit)


def graphemes_at_least(text: str, limit: int) -> bool:
    """Whether a text has at least `limit` grapheme clusters.

    Raises MissingExtraError when only `regex` could tell and it is not installed.

    >>> graphemes_at_least("caf\u00e9", 5), graphemes_at_least("coffee", 5)
    (False, True)
    """
    if limit <= 0:
        return True
    if len(text) < limit:
        return False
    if text.isascii():
        return count_graphemes(text) >= limit
    return limit == 1 or _more_than(text, limit - 1)


def _more_than(text: str, limit: int) -> bool:
    return any(number > limit for number, _ in enumerate(_clusters(text), 1))


def _clusters(text: str) -> Any:
    global _cluster
    if _cluster is None:
        from importlib import import_module

        try:
            regex = import_module("regex")
        except ImportError:
            raise MissingExtraError("pip install 'atdata[graphemes]'") from None
        _cluster = regex.compile(r"\X")
    return _cluster.finditer(text)
