"""How the map of one sample lies in its bytes. Samples of one shard nearly always lie alike, so this is asked once.

A layout is a guess about other samples: whoever uses it compares every byte that it fixes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from atdata._decoding.fields import Field

__all__ = ["FIXED", "Layout", "Step", "learn"]

_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
#: First byte -> bytes behind it, for values of one size.
FIXED = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """The bytes in front of a value (key, and for the first one the map's head), and what the value is.

    A value of kind ``skip`` belongs to no field that anybody wants.
    """

    front: bytes
    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields in the order of the bytes, as far as each is columnar; ``rest`` pairs follow in any form.

    ``front`` stands before the rest when there are no steps at all. ``absent`` are fields without a key.
    """

    steps: tuple[Step, ...]
    rest: int
    front: bytes
    absent: tuple[str, ...]
    seen: frozenset[str]


def learn(raw: memoryview, fields: Mapping[str, Field], wanted: frozenset[str] | None) -> Layout | None:
    """The layout of the sample in ``raw``; None when it is not plain enough, or no sample at all."""
    try:
        return _learn(raw, fields, wanted)
    except (IndexError, UnicodeDecodeError):
        return None


def _learn(raw: memoryview, fields: Mapping[str, Field], wanted: frozenset[str] | None) -> Layout | None:
    first = raw[0]
    if first & 0xF0 == 0x80:
        count, at = first & 0x0F, 1
    elif first == 0xDE:
        count, at = int.from_bytes(raw[1:3], "big"), 3
    else:
        return None
    steps: list[Step] = []
    seen: set[str] = set()
    front = 0
    while count:
        key = _key(raw, at)
        if key is None or key[0] in seen or (key[0] not in fields and key[0].startswith("__")):
            return None
        name, value = key
        field = fields.get(name)
        end = _end(raw, value)
        if end is None or (field is not None and field.kind == "other"):
            break
        seen.add(name)
        kind = field.kind if field is not None and (wanted is None or name in wanted) else "skip"
        steps.append(Step(bytes(raw[front:value]), name, kind, kind != "skip" and field is not None and field.nullable))
        front = at = end
        count -= 1
    absent = () if count else tuple(name for name in fields if name not in seen)
    return Layout(tuple(steps), count, b"" if steps else bytes(raw[:at]), absent, frozenset(seen))


def _key(raw: memoryview, at: int) -> tuple[str, int] | None:
    first = raw[at]
    if 0xA0 <= first < 0xC0:
        start, size = at + 1, first & 0x1F
    elif first in (0xD9, 0xDA):
        width = _SIZED[first]
        start = at + 1 + width
        size = int.from_bytes(raw[at + 1 : start], "big")
    else:
        return None
    if size > 256 or start + size > len(raw):
        return None
    return str(raw[start : start + size], "utf-8"), start + size


def _end(raw: memoryview, at: int) -> int | None:
    """Where the value at ``at`` ends; None for values in values."""
    first = raw[at]
    if first < 0x80 or first >= 0xE0:
        return at + 1
    if 0xA0 <= first < 0xC0:
        return at + 1 + (first & 0x1F)
    if first in FIXED:
        return at + 1 + FIXED[first]
    if first in _SIZED:
        width = _SIZED[first]
        return at + 1 + width + int.from_bytes(raw[at + 1 : at + 1 + width], "big")
    return None
