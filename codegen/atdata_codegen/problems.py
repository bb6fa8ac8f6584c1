"""What can be wrong with a document: where, what, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from reprlib import Repr
from typing import Literal

from atdata_lexicon.errors import AtdataError

__all__ = ["Problem", "ProblemError", "Severity", "clean", "counted", "json_path", "shown_json", "shown_path"]

Severity = Literal["error", "warning"]

#: Longest message that is shown; a document may hold megabytes in one string.
_MAX = 500
_MAX_PATH = 600
_MAX_MESSAGE = 1000


class _Shape(Repr):
    """A short text for values of any depth and length."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxother = 120

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if x.bit_length() <= 256 else f"<an integer of {x.bit_length()} bits>"


_shape = _Shape()


def clean(text: object, limit: int = 120) -> str:
    """Text of a stranger made fit for a terminal: printable ASCII, bounded in length.

    >>> clean("a\\x1b[31m")
    'a\\\\x1b[31m'
    """
    raw = text if isinstance(text, str) else _shape.repr(text)
    cut = raw[: limit + 1]
    shown = cut.encode("unicode_escape").decode("ascii")
    return shown[:limit] + "..." if len(raw) > limit or len(shown) > limit else shown


def shown_path(file: str) -> str:
    """A file's name fit for a terminal: whatever does not print is escaped.

    >>> shown_path("a\\x1b[31m.json") == "a\\\\x1b[31m.json"
    True
    """
    if file.isprintable():
        return file
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in file)


def shown_json(text: str) -> str:
    """JSON fit for a terminal, and still the same JSON: what does not print, such as marks of direction, is escaped.

    >>> print(shown_json('["a\u202eb"]'))
    ["a\\u202eb"]
    """
    lines = text.split("\n")
    if all(line.isprintable() for line in lines):
        return text
    return "\n".join("".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in line) for line in lines)


def json_path(path: Sequence[str | int]) -> str:
    """``$.defs.main.properties["a b"][0]`` for a sequence of keys and positions."""
    out = ["$"]
    for part in path:
        if isinstance(part, int):
            out.append(f"[{part}]")
        elif part.isascii() and part.isidentifier() and len(part) <= 128:
            out.append("." + part)
        else:
            out.append('["' + clean(part).replace('"', '\\"') + '"]')
    text = "".join(out)
    return text if len(text) <= _MAX_PATH else f"{text[: _MAX_PATH // 2]}...{text[-_MAX_PATH // 2 :]}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in one document.

    ``path`` leads from the document's root to the value; ``message`` says what is wrong, ``hint`` what to do.
    ``file`` and ``line`` are filled in by the loader, which knows them.
    """

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    severity: Severity = "error"
    code: str = "invalid"
    file: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """``file:line json-path``; the file alone where the whole of it is meant."""
        if not self.file:
            return json_path(self.path)
        file = shown_path(self.file)
        return f"{file}:{self.line} {json_path(self.path)}" if self.line or self.path else file

    @property
    def text(self) -> str:
        """Message and hint, fit for a terminal: a message may name a file, or come from an earlier run."""
        text = self.message[:_MAX_MESSAGE] + (f"; {self.hint[:_MAX_MESSAGE]}" if self.hint else "")
        return shown_path(text)

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


class ProblemError(AtdataError, ValueError):
    """A document was refused. ``problems`` holds every reason; the message shows the first ones.

    Its text stays under 2,000 characters whatever the document holds.
    """

    def __init__(self, problems: Iterable[Problem], what: str = "document") -> None:
        self.problems = tuple(problems)
        self.what = what
        shown = [str(p)[:_MAX] for p in self.problems[:3]]
        more = len(self.problems) - len(shown)
        if more:
            shown.append(f"... and {more} more")
        super().__init__(f"{clean(what)} refused: " + "\n".join(shown))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.problems, self.what)


def counted(number: int, word: str, many: str = "") -> str:
    """``1 error``, ``2 errors``."""
    return f"{number} {word}" if number == 1 else f"{number} {many or f'{word}s'}"
