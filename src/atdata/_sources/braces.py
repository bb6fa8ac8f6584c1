"""Brace notation: ``data-{000..009}.tar`` is ten names. How many is known before any is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import TypeAlias

from atdata._sources.errors import UrlError, url_text

__all__ = ["MAX_NAMES", "brace_notation", "expand"]

MAX_NAMES = 100_000
_MAX_LENGTH = 1 << 16
_MAX_TEXT = 1 << 28
_MAX_DEPTH = 16
_NUMBERS = re.compile(r"(-?[0-9]{1,18})\.\.(-?[0-9]{1,18})(?:\.\.(-?[0-9]{1,18}))?", re.ASCII)
_DIGITS = "0123456789"
_LETTERS = re.compile(r"([a-zA-Z])\.\.([a-zA-Z])(?:\.\.(-?[0-9]{1,4}))?", re.ASCII)

#: A sequence of parts: text, a range of names, or alternatives, each a sequence again.
_Sequence: TypeAlias = "list[str | _Range | list[_Sequence]]"
_Range: TypeAlias = "tuple[range, int, bool]"


def expand(pattern: str, *, most: int = MAX_NAMES, strict: bool = False) -> list[str]:
    """All names that ``pattern`` stands for, as bash would expand it: ``{a,b}``, ``{0..9}``, ``{00..99..10}``, nested.

    Braces that are no notation stay as they are, or are an error when ``strict``. More than ``most`` names are an
    error before the first is made.

    >>> expand("d-{08..10}.tar")
    ['d-08.tar', 'd-09.tar', 'd-10.tar']
    """
    if "{" not in pattern and not (strict and "}" in pattern):
        return [pattern]
    if len(pattern) > _MAX_LENGTH:
        raise UrlError(f"{url_text(pattern)}: longer than {_MAX_LENGTH} characters")
    sequence, end = _Parser(pattern, strict).sequence(0, 0, top=True)
    assert end == len(pattern)
    count = _count(sequence)
    if count > most or count * len(pattern) > _MAX_TEXT:
        raise UrlError(f"{url_text(pattern)}: more than {most} names")
    return list(_names(sequence))


class _Parser:
    def __init__(self, text: str, strict: bool) -> None:
        self.text = text
        self.strict = strict
        #: For each opening brace where it closes; -1 where it never does.
        self._closing = self._match()

    def _match(self) -> dict[int, int]:
        opened: list[int] = []
        found: dict[int, int] = {}
        for i, char in enumerate(self.text):
            if char == "{":
                opened.append(i)
            elif char == "}" and opened:
                found[opened.pop()] = i
            elif char == "}" and self.strict:
                raise UrlError(f"{url_text(self.text)}: a brace closes that was not opened")
        if opened and self.strict:
            raise UrlError(f"{url_text(self.text)}: a brace is not closed")
        return found

    def sequence(self, at: int, depth: int, *, top: bool = False, end: int = -1) -> tuple[_Sequence, int]:
        """What stands from ``at`` on, up to a comma or brace that ends it."""
        if depth > _MAX_DEPTH:
            raise UrlError(f"{url_text(self.text)}: braces nested deeper than {_MAX_DEPTH}")
        parts: _Sequence = []
        text = self.text
        stop = len(text) if top else end
        start = at
        while at < stop and not (text[at] == "," and not top):
            close = self._closing.get(at, -1) if text[at] == "{" else -1
            if close < 0:
                at += 1
                continue
            if start < at:
                parts.append(text[start:at])
            parts += self._braces(at, close, depth)
            at = start = close + 1
        if start < at:
            parts.append(text[start:at])
        return parts, at

    def _braces(self, at: int, close: int, depth: int) -> _Sequence:
        inside = self.text[at + 1 : close]
        found = _range(inside)
        if found is not None:
            return [found]
        alternatives: list[_Sequence] = []
        position = at + 1
        while True:
            one, position = self.sequence(position, depth + 1, end=close)
            alternatives.append(one)
            if position >= close:
                break
            position += 1
            if position == close:
                alternatives.append([])
                break
        if len(alternatives) > 1:
            return [alternatives]
        if self.strict:
            raise UrlError(f"{url_text(self.text)}: {{...}} holds neither a range nor alternatives")
        return ["{", *alternatives[0], "}"]


def _range(inside: str) -> _Range | None:
    letters = _LETTERS.fullmatch(inside)
    if letters:
        first, last = ord(letters[1]), ord(letters[2])
        return _steps(first, last, letters[3]), 0, True
    numbers = _NUMBERS.fullmatch(inside)
    if not numbers:
        return None
    padded = any(len(part.lstrip("-")) > 1 and part.lstrip("-").startswith("0") for part in numbers.group(1, 2))
    width = max(map(len, numbers.group(1, 2))) if padded else 0
    return _steps(int(numbers[1]), int(numbers[2]), numbers[3]), width, False


def _steps(first: int, last: int, step: str | None) -> range:
    by = abs(int(step)) if step else 1
    by = max(by, 1)
    return range(first, last + 1, by) if first <= last else range(first, last - 1, -by)


def _count(sequence: _Sequence) -> int:
    total = 1
    for part in sequence:
        if isinstance(part, tuple):
            total *= len(part[0])
        elif isinstance(part, list):
            total *= sum(_count(one) for one in part)
    return total


def _names(sequence: _Sequence) -> Iterator[str]:
    choices = [_choices(part) for part in sequence]
    for chosen in product(*choices):
        yield "".join(chosen)


def _choices(part: str | _Range | list[_Sequence]) -> list[str]:
    if isinstance(part, str):
        return [part]
    if isinstance(part, tuple):
        numbers, width, letters = part
        return [chr(n) if letters else f"{n:0{width}d}" for n in numbers]
    return [name for one in part for name in _names(one)]


def brace_notation(names: list[str]) -> str:
    """One text that stands for ``names`` in their order: what they share is written once, numbers as a range.

    Names that hold braces or commas are joined by ``::`` instead, as webdataset has it.

    >>> brace_notation(["d/a-0.tar", "d/a-1.tar"]), brace_notation(["a.tar", "c.tar"])
    ('d/a-{0..1}.tar', '{a,c}.tar')
    """
    if len(names) < 2:
        return names[0] if names else ""
    head = _shared(names)
    tail = _shared([name[head:][::-1] for name in names])
    middles = [name[head : len(name) - tail] for name in names]
    if any(set(name) & set("{}") for name in names) or any("," in middle for middle in middles):
        return "::".join(names)
    before, after = names[0][:head], names[0][len(names[0]) - tail :]
    return _as_range(names, before, after) or f"{before}{{{','.join(middles)}}}{after}"


def _shared(names: list[str]) -> int:
    """How many characters all begin with."""
    first, last = min(names), max(names)
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def _as_range(names: list[str], before: str, after: str) -> str | None:
    """``names`` as a range of numbers, if they are one; digits that all share belong to the numbers."""
    before, after = before.rstrip(_DIGITS), after.lstrip(_DIGITS)
    first, last = (name[len(before) : len(name) - len(after)] for name in (names[0], names[-1]))
    if not (_NUMBERS.fullmatch(f"{first}..{last}") and len(names) <= MAX_NAMES):
        return None
    text = f"{before}{{{first}..{last}}}{after}"
    return text if abs(int(last) - int(first)) + 1 == len(names) and expand(text) == names else None
