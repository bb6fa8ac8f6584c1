"""The line of a value in JSON text, found from its path; only asked when there is a problem to report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from json.decoder import scanstring  # type: ignore[attr-defined]  # public since Python 2.6, missing from typeshed

from atdata_codegen.problems import Problem

__all__ = ["line_of", "lines_of", "locate"]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, where the value at ``path`` begins; its nearest parent's where it is missing.

    >>> line_of('{\\n "a": [\\n 1,\\n 2]}', ("a", 1))
    4
    """
    return lines_of(text, [path])[0]


def lines_of(text: str, paths: Sequence[Sequence[str | int]]) -> list[int]:
    """The line of each of ``paths``; the text is walked once, however many there are."""
    root = _Wanted()
    for number, path in enumerate(paths):
        node = root
        for part in path:
            node = node.parts.setdefault(part, _Wanted())
        node.numbers.append(number)
    places = [0] * len(paths)
    with suppress(ValueError, IndexError, RecursionError):  # no JSON: what was found before is all there is
        start = _skip(text, 0)
        _walk(text, start, root, start, places)
    lines: dict[int, int] = {}
    line, position = 1, 0
    for place in sorted({*places}):
        line += text.count("\n", position, place)
        lines[place] = line
        position = place
    return [lines[place] for place in places]


@dataclass(slots=True)
class _Wanted:
    """What is asked for at one place: the paths that end here, and those that go on."""

    numbers: list[int] = field(default_factory=list)
    parts: dict[str | int, _Wanted] = field(default_factory=dict)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _walk(text: str, position: int, wanted: _Wanted, shown: int, places: list[int]) -> int:
    """Note ``shown`` for what is wanted of the value at ``position``, and its members'; the position behind it."""
    _note(wanted, shown, places)
    opening = text[position]
    if not wanted.parts or opening not in "{[":
        return _end(text, position)
    position = _skip(text, position + 1)
    index = 0
    while text[position] not in "}]":
        start = position
        key: str | int = index
        if opening == "{":
            key, position = scanstring(text, position + 1)
            position = _skip(text, _skip(text, position) + 1)
        inner = wanted.parts.get(key)
        # A member is pointed at by its key, in an object.
        end = _end(text, position) if inner is None else _walk(text, position, inner, start, places)
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return position + 1


def _note(wanted: _Wanted, shown: int, places: list[int]) -> None:
    """``shown`` for all paths from here on; those that lead on to something are corrected when it is met."""
    todo = [wanted]
    while todo:
        node = todo.pop()
        for number in node.numbers:
            places[number] = shown
        todo.extend(node.parts.values())


def _end(text: str, position: int) -> int:
    """Behind the value that begins at ``position``; brackets are counted, not recursed into."""
    depth = 0
    while True:
        char = text[position]
        if char == '"':
            position = scanstring(text, position + 1)[1]
        elif char in "{[":
            depth += 1
            position += 1
        elif char in "}]":
            depth -= 1
            position += 1
        elif char in ",: \t\r\n":
            position += 1
            continue
        else:
            match = _SCALAR.match(text, position)
            position = match.end() if match else position + 1
        if depth <= 0:
            return position


def locate(problems: Iterable[Problem], file: str, raw: bytes) -> list[Problem]:
    """The same problems with their file and line."""
    found = list(problems)
    if not found:
        return found
    paths = [() if problem.code == "json" else problem.path for problem in found]
    lines = lines_of(raw.decode("utf-8", "replace"), paths)
    return [
        replace(problem, file=file, line=1 if problem.code == "json" else line)
        for problem, line in zip(found, lines, strict=True)
    ]
