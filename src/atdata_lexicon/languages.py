"""Language tags (BCP 47): well-formed by the grammar of RFC 5646, without repeated variants or extensions."""

from __future__ import annotations

__all__ = ["is_language"]

# whole tags, registered before the grammar, that it does not cover
_GRANDFATHERED = frozenset(
    {
        *("art-lojban", "cel-gaulish", "en-gb-oed", "i-ami", "i-bnn", "i-default", "i-enochian", "i-hak", "i-klingon"),
        *("i-lux", "i-mingo", "i-navajo", "i-pwn", "i-tao", "i-tay", "i-tsu", "no-bok", "no-nyn", "sgn-be-fr"),
        *("sgn-be-nl", "sgn-ch-de", "zh-guoyu", "zh-hakka", "zh-min", "zh-min-nan", "zh-xiang"),
    }
)

_MAX_LENGTH = 128


def is_language(text: object) -> bool:
    """Whether a text is a language tag as the string format `language` wants it.

    The first part is lower case and has two or three letters, unless the whole tag is private use (`x-...`) or one of
    the old registered tags (`i-klingon`).

    >>> is_language("pt-BR"), is_language("english"), is_language("de-1901-1901")
    (True, False, False)
    """
    if not isinstance(text, str) or not text or len(text) > _MAX_LENGTH or not text.isascii():
        return False
    parts = text.lower().split("-")
    if not all(part.isalnum() and len(part) <= 8 for part in parts):
        return False
    if parts[0] == "x":
        return len(parts) > 1
    if not text.startswith(parts[0]):
        return False
    return "-".join(parts) in _GRANDFATHERED or _is_regular(parts)


def _is_regular(parts: list[str]) -> bool:
    if not (parts[0].isalpha() and 2 <= len(parts[0]) <= 3):
        return False
    at = 1
    for _ in range(3):  # extended language subtags
        if at < len(parts) and len(parts[at]) == 3 and parts[at].isalpha():
            at += 1
    if at < len(parts) and len(parts[at]) == 4 and parts[at].isalpha():  # script
        at += 1
    if at < len(parts) and _is_region(parts[at]):
        at += 1
    seen: set[str] = set()
    while at < len(parts) and _is_variant(parts[at]):
        if parts[at] in seen:
            return False
        seen.add(parts[at])
        at += 1
    while at < len(parts) and len(parts[at]) == 1 and parts[at] != "x":  # extensions
        singleton = parts[at]
        start = at = at + 1
        while at < len(parts) and len(parts[at]) >= 2:
            at += 1
        if at == start or singleton in seen:
            return False
        seen.add(singleton)
    return at == len(parts) or (parts[at] == "x" and at + 1 < len(parts))


def _is_region(part: str) -> bool:
    return (len(part) == 2 and part.isalpha()) or (len(part) == 3 and part.isdigit())


def _is_variant(part: str) -> bool:
    return len(part) >= 5 or (len(part) == 4 and part[0].isdigit())
