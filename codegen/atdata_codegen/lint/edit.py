"""Small edits of JSON text that leave everything else as the author wrote it: indentation, order, line ends."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
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


@dataclass(frozen=True, slots=True)
class _Edit:
    """Text that takes the place of what stands from ``start`` to ``end``; an insertion where these are one."""

    start: int
    end: int
    text: str


def apply(text: str, value: Any, groups: Iterable[Sequence[Op]]) -> tuple[str, int]:
    """The text after as many ``groups`` as do not touch each other, and how many that were; each is done whole.

    ``value`` is the JSON of the text, and is changed with it. Raises ValueError when the two would not say the same
    afterwards, so that no edit can lose anything.
    """
    root, _ = _span(text, _skip(text, 0))
    chosen: list[_Edit] = []
    ends: set[Path] = set()
    ways: set[Path] = set()
    count = 0
    for ops in groups:
        paths = [op.path for op in ops]
        if any(path in ways or not ends.isdisjoint(_ways(path, 1)) for path in paths):
            continue
        if not _inserted(chosen, [_edit(text, root, op) for op in ops]):
            continue
        ends.update(paths)
        ways.update(way for path in paths for way in _ways(path, 0))
        for op in ops:
            _change(value, op)
        count += 1
    pieces: list[str] = []
    at = 0
    for edit in chosen:
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    text = "".join([*pieces, text[at:]])
    if json.loads(text) != value:
        raise ValueError("an edit would have changed more than it should")
    return text, count


def _ways(path: Path, more: int) -> list[Path]:
    """The paths above ``path``, and with ``more`` itself."""
    return [path[:depth] for depth in range(1, len(path) + more)]


def _inserted(chosen: list[_Edit], edits: Sequence[_Edit]) -> bool:
    """Put ``edits`` among those that are chosen, in order of the text; none of them where one overlaps."""
    done: list[_Edit] = []
    for edit in edits:
        at = bisect_right(chosen, (edit.start, edit.end), key=lambda other: (other.start, other.end))
        if (at and chosen[at - 1].end > edit.start) or (at < len(chosen) and chosen[at].start < edit.end):
            for other in done:
                chosen.remove(other)
            return False
        chosen.insert(at, edit)
        done.append(edit)
    return True


def _change(value: Any, op: Op) -> None:
    for part in op.path[:-1]:
        value = value[part]
    if op.kind == "set":
        value[op.path[-1]] = op.value
    else:
        del value[op.path[-1]]


def _edit(text: str, root: _Span, op: Op) -> _Edit:
    holder = root
    for part in op.path[:-1]:
        holder = holder.inner[part]
    last = op.path[-1]
    if op.kind == "remove":
        return _Edit(*_without(holder, last), "")
    if last in holder.inner:
        span = holder.inner[last]
        return _Edit(span.start, span.end, _written(text, op.value, holder.begins[last], span))
    return _with(text, holder, str(last), op.value, len(op.path) - 1)


def _without(holder: _Span, part: str | int) -> tuple[int, int]:
    """What goes with a member: its comma, too."""
    names = list(holder.begins)
    at = names.index(part)
    if len(names) == 1:
        return holder.start + 1, holder.end - 1
    if at + 1 < len(names):  # up to the next member
        return holder.begins[part], holder.begins[names[at + 1]]
    return holder.inner[names[at - 1]].end, holder.inner[part].end


def _with(text: str, holder: _Span, key: str, value: Any, depth: int) -> _Edit:
    """A new member at the end of an object, laid out as its neighbours are."""
    name = json.dumps(key, ensure_ascii=False)
    if not holder.begins:
        unit = _unit(text)
        member = f"{name}: {_dumped(value, unit, unit * (depth + 1))}"
        return _Edit(holder.start, holder.end, f"{{\n{unit * (depth + 1)}{member}\n{unit * depth}}}")
    names = list(holder.begins)
    last = holder.inner[names[-1]]
    if len(names) > 1:
        gap = text[text.index(",", holder.inner[names[-2]].end) + 1 : holder.begins[names[-1]]]
    else:
        gap = text[holder.start + 1 : holder.begins[names[-1]]]
    indent = gap.rpartition("\n")[2] if "\n" in gap else None
    shown = json.dumps(value, ensure_ascii=False) if indent is None else _dumped(value, _unit(text), indent)
    return _Edit(last.end, last.end, f",{gap or ' '}{name}: {shown}")


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
