"""Which words an entry is found by."""

from __future__ import annotations

import re
from typing import Any, Protocol

from atdata_lexicon.errors import AtdataError

__all__ = ["entry_tags", "entry_words", "search_keys", "words_of"]

_WORD = re.compile(r"[^\W_]+")
_MAX_WORDS = 256
_MAX_LENGTH = 64


class Described(Protocol):
    """What of an entry people search in."""

    @property
    def name(self) -> str: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def description(self) -> str | None: ...
    @property
    def metadata(self) -> dict[str, Any] | None: ...


def words_of(text: str) -> list[str]:
    """The words of a text, each once.

    >>> words_of("Street-scenes, 2024_v2: STREET")
    ['street', 'scenes', '2024', 'v2']
    """
    found = dict.fromkeys(word[:_MAX_LENGTH] for word in _WORD.findall(text.casefold()))
    return list(found)[:_MAX_WORDS]


def entry_tags(entry: Described) -> list[str]:
    """Its tags, as they are compared."""
    return list(dict.fromkeys(tag.casefold() for tag in entry.tags if isinstance(tag, str)))


def entry_words(entry: Described) -> list[str]:
    """Words of its name, its tags and its description, which may also stand in the metadata."""
    texts = [entry.name, *entry.tags, entry.description or ""]
    try:
        noted = (entry.metadata or {}).get("description")
    except AtdataError:  # metadata that nobody can read has no words
        noted = None
    if isinstance(noted, str):
        texts.append(noted)
    return words_of("\n".join(text for text in texts if isinstance(text, str)))


def search_keys(entry: Described) -> tuple[list[str], list[str]]:
    """The words and the tags that an entry is found by."""
    return entry_words(entry), entry_tags(entry)
