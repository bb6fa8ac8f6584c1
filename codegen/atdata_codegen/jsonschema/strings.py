"""What JSON Schema can say about a Lexicon string: lengths, formats and patterns that hold for every valid value.

JSON Schema counts code points, Lexicon counts UTF-8 bytes and grapheme clusters. A code point takes one to
four bytes, and a grapheme cluster one or more code points, so these are the conditions that follow:

- at most N bytes: at most N code points (``maxLength: N``)
- at least N bytes: at least N/4 code points, rounded up (``minLength``)
- at least N graphemes: at least N code points (``minLength: N``)
- at most N graphemes: nothing, because one cluster may hold any number of code points

They are necessary and not sufficient; the words of the Lexicon itself stand beside them under ``x-lexicon``.
"""

from __future__ import annotations

import re
from typing import Any

from atdata_codegen.lexicon import model as m
from atdata_lexicon._patterns import pattern

__all__ = ["format_keywords", "length_keywords", "string_extension"]


def length_keywords(kind: m.String) -> dict[str, int]:
    """``minLength`` and ``maxLength`` in code points that every valid value has.

    >>> length_keywords(m.String(max_length=3000, min_length=9, max_graphemes=300))
    {'minLength': 3, 'maxLength': 3000}
    """
    least = max(-(-(kind.min_length or 0) // 4), kind.min_graphemes or 0)
    found = {"minLength": least} if least else {}
    if kind.max_length is not None:
        found["maxLength"] = kind.max_length
    return found


def _source(name: str) -> str:
    """The pattern that the validator itself uses, its groups unnumbered: one syntax, one place."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern(name).pattern)


def _whole(*alternatives: str) -> str:
    body = alternatives[0] if len(alternatives) == 1 else "|".join(f"(?:{one})" for one in alternatives)
    return f"^(?:{body})$" if len(alternatives) > 1 else f"^{body}$"


def format_keywords(name: str) -> dict[str, Any]:
    """Keywords that every string of the Lexicon format ``name`` meets; exact where ``x-lexicon`` is not needed.

    ``uri`` is no ``format: uri``: Lexicon takes strings that RFC 3986 does not. A Lexicon datetime is always
    a ``date-time`` of RFC 3339, which allows more, hence the pattern.

    >>> format_keywords("tid")
    {'pattern': '^[2-7a-j][2-7a-z]{12}$'}
    """
    if name == "at-identifier":
        return {"pattern": _whole(_source("did"), _source("handle")), "maxLength": 2048}
    if name == "at-uri":
        authority = f"(?:{_source('did')}|{_source('handle')})"
        path = f"(?:/{_source('nsid')}(?:/{_source('record-key')})?)?"
        return {"pattern": f"^at://{authority}{path}$", "maxLength": 8192}
    if name == "datetime":
        return {"format": "date-time", "pattern": _whole(_source("datetime")), "maxLength": 64}
    if name == "language":
        return {"pattern": "^[a-zA-Z0-9]{1,8}(?:-[a-zA-Z0-9]{1,8})*$", "maxLength": 128}
    if name == "record-key":
        return {"pattern": f"^(?!\\.{{1,2}}$){_source('record-key')}$", "maxLength": 512}
    if name == "cid":
        return {"pattern": f"^(?!Qm){_source('cid')}$"}
    found: dict[str, Any] = {"pattern": _whole(_source(name))}
    if name in _LONGEST:
        found["maxLength"] = _LONGEST[name]
    return found


_LONGEST = {"did": 2048, "handle": 253, "nsid": 317, "uri": 8192}


def string_extension(kind: m.String) -> dict[str, Any]:
    """The words of the Lexicon that JSON Schema has no equal for."""
    words = {
        "format": kind.format,
        "minLength": kind.min_length,
        "maxLength": kind.max_length,
        "minGraphemes": kind.min_graphemes,
        "maxGraphemes": kind.max_graphemes,
        "knownValues": list(kind.known_values) if kind.known_values else None,
    }
    return {key: value for key, value in words.items() if value is not None}
