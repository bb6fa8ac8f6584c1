"""Patterns of the identifier syntaxes, compiled on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Pattern

__all__ = ["matches", "pattern"]

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

_SOURCES = {
    "nsid": rf"[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?(?:\.{_LABEL})+\.[a-zA-Z][a-zA-Z0-9]{{0,62}}",
    "did": r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]",
    "handle": rf"(?:{_LABEL}\.)+[a-zA-Z](?:[a-zA-Z0-9-]{{0,61}}[a-zA-Z0-9])?",
    "tid": r"[2-7a-j][2-7a-z]{12}",
    "record-key": r"[a-zA-Z0-9._:~-]+",
    "cid": r"[a-zA-Z0-9+=]{8,256}",
    "uri": r"[a-zA-Z][a-zA-Z0-9+.-]{0,80}:[!-~]+",
    "datetime": (
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
        r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
    ),
    # Those of "datetime" that need no calendar: most of them, for a fraction of the time.
    "plain-datetime": (
        r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?Z"
    ),
}

_compiled: dict[str, Pattern[str]] = {}


def pattern(name: str) -> Pattern[str]:
    """The compiled pattern of a syntax."""
    found = _compiled.get(name)
    if found is None:
        import re

        found = _compiled[name] = re.compile(_SOURCES[name], re.ASCII)
    return found


def matches(name: str, text: str) -> bool:
    """Whether the whole text has the syntax; callers check its length first."""
    return pattern(name).fullmatch(text) is not None
