"""How the map of one sample lies in its bytes. Samples of one shard nearly always lie alike, so this is asked once.

A layout is a guess about other samples: whoever uses it compares every byte that it fixes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atdata._decoding.fields import Field
from atdata._errors import DecodeError
from atdata._samples.msgpack import unpack_front

__all__ = ["FIXED", "SIZED", "Layout", "Step", "learn"]

#: First byte -> bytes that say how many follow.
SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
#: First byte -> bytes behind it, for values of one size.
FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """The bytes in front of a value (key, and for the first one the map's head), and what the value is.

    ``kind`` is that of the field, where ``list`` is one of values of kind ``item``. Of a value that nobody wants
    only the end is looked for: it is of kind ``skip``, or a list of such, or ``other``.
    """

    front: bytes
    name: str
    kind: str
    item: str
    nullable: bool
    wanted: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields in the order of the bytes. ``absent`` are fields without a key."""

    steps: tuple[Step, ...]
    absent: tuple[str, ...]


def learn(raw: memoryview, fields: Mapping[str, Field], wanted: frozenset[str] | None) -> Layout | None:
    """The layout of the sample in ``raw``; None when it is not plain enough, or no sample at all."""
    try:
        return _learn(raw, fields, wanted)
    except (IndexError, UnicodeDecodeError, DecodeError):
        return None


def _learn(raw: memoryview, fields: Mapping[str, Field], wanted: frozenset[str] | None) -> Layout | None:
    first = raw[0]
    if first & 0xF0 == 0x80:
        count, at = first & 0x0F, 1
    elif first == 0xDE:
        count, at = int.from_bytes(raw[1:3], "big"), 3
    else:
        return None
    if not count:
        return None
    steps: list[Step] = []
    seen: set[str] = set()
    front = 0
    for _ in range(count):
        key = _key(raw, at)
        if key is None or key[0] in seen or (key[0] not in fields and key[0].startswith("__")):
            return None
        name, value = key
        seen.add(name)
        steps.append(_step(bytes(raw[front:value]), name, fields.get(name), wanted, raw[value]))
        front = at = _end(raw, value)
    return Layout(tuple(steps), tuple(name for name in fields if name not in seen))


def _step(front: bytes, name: str, field: Field | None, wanted: frozenset[str] | None, first: int) -> Step:
    if field is not None and (wanted is None or name in wanted):
        return Step(front, name, field.kind, field.item, field.nullable and field.kind != "other", True)
    if field is not None and field.kind in ("list", "other"):
        kind = field.kind
    else:
        kind = "list" if 0x90 <= first < 0xA0 or first in (0xDC, 0xDD) else "other" if _is_map(first) else "skip"
    return Step(front, name, kind, "skip" if kind == "list" else "", kind == "list", False)


def _is_map(first: int) -> bool:
    return 0x80 <= first < 0x90 or first in (0xDE, 0xDF)


def _key(raw: memoryview, at: int) -> tuple[str, int] | None:
    first = raw[at]
    if 0xA0 <= first < 0xC0:
        start, size = at + 1, first & 0x1F
    elif first in (0xD9, 0xDA):
        width = SIZED[first]
        start = at + 1 + width
        size = int.from_bytes(raw[at + 1 : start], "big")
    else:
        return None
    if size > 256 or start + size > len(raw):
        return None
    return str(raw[start : start + size], "utf-8"), start + size


def _end(raw: memoryview, at: int) -> int:
    """Where the value at ``at`` ends."""
    first = raw[at]
    if first < 0x80 or first >= 0xE0:
        return at + 1
    if 0xA0 <= first < 0xC0:
        return at + 1 + (first & 0x1F)
    if first in FIXED:
        return at + 1 + FIXED[first]
    if first in SIZED:
        width = SIZED[first]
        return at + 1 + width + int.from_bytes(raw[at + 1 : at + 1 + width], "big")
    return at + unpack_front(raw[at:])[1]
