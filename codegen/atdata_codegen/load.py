"""Bytes of a stranger as JSON: size, encoding, depth, duplicate keys and numbers checked before anything is built."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from atdata_codegen.problems import Problem, ProblemError

__all__ = ["DEFAULT_LIMITS", "Limits", "load_json"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be at most."""

    size: int = 1 << 20
    depth: int = 256


DEFAULT_LIMITS = Limits()


class _Refused(Exception):
    pass


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"the key {ascii(key)[:80]} stands twice in one object")
            seen.add(key)
    return found


def _constant(name: str) -> None:
    raise _Refused(f"{name} is not JSON")


def _integer(text: str) -> int:
    if len(text) > 20:
        raise _Refused(f"a number of {len(text)} digits; integers have at most 64 bits")
    return int(text)


def _decoder() -> Callable[[str], Any]:
    return json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant, parse_int=_integer).decode


_decode = _decoder()


def load_json(raw: bytes, limits: Limits = DEFAULT_LIMITS, what: str = "document") -> Any:
    """The JSON value of ``raw``; raises :class:`ProblemError` for whatever is not strict, bounded UTF-8 JSON."""

    def refuse(message: str, hint: str = "", line: int = 0) -> ProblemError:
        return ProblemError([Problem((), message, hint, code="json", line=line)], what)

    if len(raw) > limits.size:
        raise refuse(f"{len(raw):,} bytes, and the limit is {limits.size:,}", "keep large data in a blob")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"not UTF-8 (byte {error.start})", "save the file as UTF-8 without a byte order mark") from error
    if text.startswith("\ufeff"):
        raise refuse("begins with a byte order mark", "save the file as UTF-8 without one")
    if text.count("[") + text.count("{") > limits.depth and _depth(text, limits.depth) > limits.depth:
        raise refuse(f"nested more than {limits.depth} levels deep")
    try:
        return _decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise refuse(f"not JSON: {error.msg} ({place})", line=error.lineno) from error
    except (_Refused, RecursionError, ValueError) as error:
        raise refuse(f"not acceptable JSON: {error}") from error


def _depth(text: str, limit: int) -> int:
    """How deep brackets nest outside strings; stops counting once it is beyond ``limit``."""
    import re

    depth = deepest = 0
    # A string that never ends matches up to the end of the text, so that no position is scanned twice.
    for match in re.finditer(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[{]|[\]}]', text, re.DOTALL):
        char = text[match.start()]
        if char in "[{":
            depth += 1
            if depth > deepest:
                deepest = depth
                if depth > limit:
                    return depth
        elif char in "]}":
            depth -= 1
    return deepest
