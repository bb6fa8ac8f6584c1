"""Names of the generated code: made once, from checked parts, and never a bad one."""

from __future__ import annotations

import keyword
from collections.abc import Iterable

__all__ = ["KEYWORDS", "Namer", "constant", "is_identifier", "module_segment", "pascal", "snake"]

#: Words that no generated name may be: keywords of every Python we know, soft ones only where they hurt.
KEYWORDS = frozenset(keyword.kwlist) | {"print", "exec", "nonlocal", "async", "await"}

_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz")
_DIGIT = frozenset("0123456789")
_WORD = _UPPER | _LOWER | _DIGIT


def is_identifier(text: str) -> bool:
    """Whether ``text`` is an ASCII Python identifier, no keyword, of at most 128 characters."""
    return 0 < len(text) <= 128 and text.isascii() and text.isidentifier() and text not in KEYWORDS


def _words(text: str) -> list[str]:
    """``createdAt`` -> created, At; ``HTTPServer`` -> HTTP, Server; ``cid-link`` -> cid, link."""
    words: list[str] = []
    current = ""
    for i, char in enumerate(text):
        if char not in _WORD:
            if current:
                words.append(current)
            current = ""
            continue
        starts = (
            char in _UPPER and current and (current[-1] not in _UPPER or (i + 1 < len(text) and text[i + 1] in _LOWER))
        )
        if starts:
            words.append(current)
            current = ""
        current += char
    if current:
        words.append(current)
    return words


def _safe(name: str, prefix: str) -> str:
    if not name:
        return prefix
    if name[0] in _DIGIT:
        name = f"_{name}"
    return name + "_" if name in KEYWORDS else name


def snake(text: str) -> str:
    """A field name: ``createdAt`` -> ``created_at``, ``from`` -> ``from_``, ``1x`` -> ``_1x``.

    >>> snake("createdAt"), snake("from"), snake("cid-link")
    ('created_at', 'from_', 'cid_link')
    """
    lead = "field" if text.startswith("_") else ""
    body = "_".join(word.lower() for word in _words(text))
    if text == text.lower() and text.replace("_", "a").isalnum():
        body = text  # already snake case: keep its underscores as they are
    return _safe(lead + body, "field")


def pascal(text: str) -> str:
    """A class name: ``replyRef`` -> ``ReplyRef``.

    >>> pascal("replyRef"), pascal("9")
    ('ReplyRef', '_9')
    """
    return _safe("".join(word[0].upper() + word[1:] for word in _words(text)), "Def")


def constant(text: str) -> str:
    """A constant's name: ``com.example.defs#reasonSpam`` -> ``REASON_SPAM`` (the part after ``#``).

    >>> constant("com.example.defs#reasonSpam"), constant("!hide"), constant("")
    ('REASON_SPAM', 'HIDE', 'EMPTY')
    """
    tail = text.rpartition("#")[2][:64]
    name = "_".join(word.upper() for word in _words(tail)) or ("EMPTY" if not text else "VALUE")
    return _safe(name, "VALUE")


def module_segment(segment: str) -> str:
    """One NSID segment as a module name: snake case, hyphens as underscores, keywords with one behind.

    >>> module_segment("getPostThread"), module_segment("4-2"), module_segment("import")
    ('get_post_thread', '_4_2', 'import_')
    """
    if "-" in segment:
        body = segment.replace("-", "_").lower()
    else:
        body = "_".join(word.lower() for word in _words(segment)) or segment
    return _safe(body, "module")


class Namer:
    """Hands out names that are free, the first wish first: ``Post``, then ``Post2``, ``Post3``."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._numbers: dict[str, int] = {}

    def take(self, *wishes: str) -> str:
        """The first free one of ``wishes``; when all are taken, the last with a number behind."""
        for wish in wishes:
            if wish not in self._taken:
                self._taken.add(wish)
                return wish
        last = wishes[-1]
        number = self._numbers.get(last, 2)  # those below are taken: names are never given back
        while f"{last}{number}" in self._taken:
            number += 1
        self._numbers[last] = number + 1
        self._taken.add(f"{last}{number}")
        return f"{last}{number}"

    def __contains__(self, name: str) -> bool:
        return name in self._taken
