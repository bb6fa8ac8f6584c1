"""The line of a value in JSON text, found from its path; only asked when there is a problem to report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]  # public since Python 2.6, missing from typeshed

from atdata_codegen.problems import Problem

__all__ = ["line_of", "locate"]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line, counted from 1, where the value at ``path`` begins; its nearest parent's where it is missing.

    >>> line_of('{\\n "a": [\\n 1,\\n 2]}', ("a", 1))
    4
    """
    try:
        position = _find(text, _skip(text, 0), path)
    except (ValueError, IndexError, RecursionError, JSONDecodeError):
        position = 0
    return text.count("\n", 0, position) + 1


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _find(text: str, position: int, path: Sequence[str | int]) -> int:
    shown = position
    for part in path:
        found = _child(text, position, part)
        if found is None:
            return shown
        shown, position = found
    return shown


def _child(text: str, position: int, part: str | int) -> tuple[int, int] | None:
    """Where to point at for the member ``part`` (its key, in an object), and where its value begins."""
    opening = text[position]
    if opening not in "{[":
        return None
    position = _skip(text, position + 1)
    index = 0
    while text[position] not in "}]":
        if opening == "{":
            start = position
            key, position = scanstring(text, position + 1)
            position = _skip(text, _skip(text, position) + 1)
            if key == part:
                return start, position
        elif index == part:
            return position, position
        position = _skip(text, _end(text, position))
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return None


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
    text = ""
    out = []
    for problem in problems:
        if not text:
            text = raw.decode("utf-8", "replace")
        out.append(replace(problem, file=file, line=1 if problem.code == "json" else line_of(text, problem.path)))
    return out
