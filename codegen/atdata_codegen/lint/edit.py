"""Small edits of JSON text that leave everything else as the author wrote it: indentation, order, line ends."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]  # public since Python 2.6, missing from typeshed
from typing import Any, Literal

from atdata_codegen.lexicon.fields import Path

__all__ = ["Op", "apply"]

_SPACE = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


@dataclass(frozen=True, slots=True)
class Op:
    """One edit: ``set`` gives the value at ``path`` (a new key comes last), ``remove`` takes a key away."""

    kind: Literal["set", "remove"]
    path: Path
    value: Any = None


@dataclass(slots=True)
class _Span:
    """Where a value stands; for containers also where each member begins (its key, in an object)."""

    start: int
    end: int = 0
    inner: dict[str | int, _Span] = field(default_factory=dict)
    begins: dict[str | int, int] = field(default_factory=dict)


def apply(text: str, value: Any, ops: Sequence[Op]) -> tuple[str, Any]:
    """Text and JSON value after ``ops``, one after the other; ``value`` is changed in place.

    Raises ValueError when text and value would not say the same afterwards, so that no edit can lose anything.
    """
    for op in ops:
        text = _edited(text, op)
        _change(value, op)
    if json.loads(text) != value:
        raise ValueError("an edit would have changed more than it should")
    return text, value


def _change(value: Any, op: Op) -> None:
    for part in op.path[:-1]:
        value = value[part]
    if op.kind == "set":
        value[op.path[-1]] = op.value
    else:
        del value[op.path[-1]]


def _edited(text: str, op: Op) -> str:
    root, _ = _span(text, _skip(text, 0))
    holder = root
    for part in op.path[:-1]:
        holder = holder.inner[part]
    last = op.path[-1]
    if op.kind == "remove":
        return _without(text, holder, last)
    if last in holder.inner:
        span = holder.inner[last]
        return text[: span.start] + _written(text, op.value, holder.begins[last], span) + text[span.end :]
    return _with(text, holder, str(last), op.value, len(op.path) - 1)


def _without(text: str, holder: _Span, part: str | int) -> str:
    names = list(holder.begins)
    at = names.index(part)
    if len(names) == 1:
        return text[: holder.start + 1] + text[holder.end - 1 :]
    if at + 1 < len(names):  # up to the next member, with the comma
        return text[: holder.begins[part]] + text[holder.begins[names[at + 1]] :]
    return text[: holder.inner[names[at - 1]].end] + text[holder.inner[part].end :]


def _with(text: str, holder: _Span, key: str, value: Any, depth: int) -> str:
    """The text with a new member at the end of an object, laid out as its neighbours are."""
    if not holder.begins:
        unit = _unit(text)
        lead, tail = f"\n{unit * (depth + 1)}", f"\n{unit * depth}"
        member = f"{json.dumps(key, ensure_ascii=False)}: {_dumped(value, unit, unit * (depth + 1))}"
        return text[: holder.start + 1] + lead + member + tail + text[holder.end - 1 :]
    names = list(holder.begins)
    last = holder.inner[names[-1]]
    before = holder.start + 1 if len(names) == 1 else holder.inner[names[-2]].end
    gap = text[before : holder.begins[names[-1]]].lstrip(",")
    if len(names) > 1:
        gap = text[text.index(",", before) + 1 : holder.begins[names[-1]]]
    indent = gap.rpartition("\n")[2] if "\n" in gap else None
    shown = json.dumps(value, ensure_ascii=False) if indent is None else _dumped(value, _unit(text), indent)
    return f"{text[: last.end]},{gap or ' '}{json.dumps(key, ensure_ascii=False)}: {shown}{text[last.end :]}"


def _written(text: str, value: Any, begin: int, span: _Span) -> str:
    """``value`` in the style of what stands at ``span``: on one line where that was."""
    old = text[span.start : span.end]
    line = text[text.rfind("\n", 0, begin) + 1 : begin]
    if "\n" in old and isinstance(value, dict | list) and value:
        return _dumped(value, _unit(text), line[: len(line) - len(line.lstrip())])
    if isinstance(value, dict) and value and old[:2] == "{ ":
        return "{ " + json.dumps(value, ensure_ascii=False)[1:-1] + " }"
    return json.dumps(value, ensure_ascii=False)


def _dumped(value: Any, unit: str, indent: str) -> str:
    shown = json.dumps(value, ensure_ascii=False, indent=unit or 2)
    return shown.replace("\n", f"\n{indent}")


def _unit(text: str) -> str:
    """The indentation of the first line that has one."""
    found = re.search(r"\n([ \t]+)\S", text)
    return found[1] if found else "  "


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _span(text: str, position: int) -> tuple[_Span, int]:
    """The span of the value at ``position``, which is known to be JSON, and where it ends."""
    found = _Span(position)
    opening = text[position]
    if opening == '"':
        found.end = scanstring(text, position + 1)[1]
    elif opening not in "{[":
        match = _SCALAR.match(text, position)
        found.end = match.end() if match else position + 1
    else:
        position = _skip(text, position + 1)
        while text[position] not in "}]":
            begin, key = position, len(found.inner)
            part: str | int = key
            if opening == "{":
                part, position = scanstring(text, position + 1)
                position = _skip(text, _skip(text, position) + 1)
            found.begins[part] = begin
            found.inner[part], position = _span(text, position)
            position = _skip(text, position)
            if text[position] == ",":
                position = _skip(text, position + 1)
        found.end = position + 1
    return found, found.end
