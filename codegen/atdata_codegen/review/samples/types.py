"""Rules for the types of fields: primitives, lists, nested samples, unions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from atdata_codegen.findings import ABSENT, Bump, largest_bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples.checks import SAMPLE_CHECKS, SamplePair
from atdata_codegen.review.samples.fields import shown
from atdata_codegen.review.samples.view import TypeNode, dtype_of, kind_of_type
from atdata_codegen.review.table import RULES

__all__: list[str] = []

rule = SAMPLE_CHECKS.rule


def _primitives(pair: SamplePair) -> tuple[str, str] | None:
    """Both primitives, where they differ."""
    old, new = pair.type
    if kind_of_type(old) != "primitive" or kind_of_type(new) != "primitive":
        return None
    names = str(old.get("primitive")), str(new.get("primitive"))
    return names if names[0] != names[1] else None


def _shown(node: TypeNode) -> str:
    kind = kind_of_type(node)
    if kind == "primitive":
        return clean(node.get("primitive"), 40)
    if kind == "ndarray":
        return f"an array of {clean(dtype_of(node), 40)}"
    return {"array": "a list", "ref": "a nested sample"}.get(kind, f"a {clean(kind, 40)}")


def _changed(pair: SamplePair, rule_id: str, tight: bool, source: bool, bump: Bump | None = None) -> Change:
    old, new = pair.type
    message = f"{'items were' if pair.item else 'was'} {_shown(old)} and {'are' if pair.item else 'is'} {_shown(new)}"
    return Change(rule_id, message, (), dict(old), dict(new), tight=tight, loose=True, source=source, bump=bump)


@rule("SMP10", "type")
def int_to_float(pair: SamplePair) -> Iterator[Change]:
    """Readers take whole numbers for floats."""
    if not pair.item and _primitives(pair) == ("int", "float"):
        yield _changed(pair, "SMP10", False, True)


@rule("SMP12", "type")
def bool_to_int(pair: SamplePair) -> Iterator[Change]:
    """True is no number in msgpack."""
    if not pair.item and _primitives(pair) == ("bool", "int"):
        yield _changed(pair, "SMP12", True, False)


@rule("SMP11", "type")
def primitive_changed(pair: SamplePair) -> Iterator[Change]:
    """Any other change of a single value's type."""
    names = _primitives(pair)
    kinds = {kind_of_type(node) for node in pair.type}
    other = len(kinds) == 2 and not kinds & {"array", "union"}
    if not pair.item and (other or (names is not None and names not in (("int", "float"), ("bool", "int")))):
        yield _changed(pair, "SMP11", True, True)


@rule("SMP31", "type")
def items_changed(pair: SamplePair) -> Iterator[Change]:
    """A list of something else, or no list any more."""
    kinds = [kind_of_type(node) for node in pair.type]
    names = _primitives(pair)
    if (pair.item and (kinds[0] != kinds[1] or names is not None)) or (kinds[0] != kinds[1] and "array" in kinds):
        yield _changed(pair, "SMP31", names != ("int", "float"), True)


_COUNTS: Final = (("minItems", True), ("minLength", True), ("maxItems", False), ("maxLength", False))


@rule("SMP32", "type")
def item_count_changed(pair: SamplePair) -> Iterator[Change]:
    """Limits of a list's length."""
    old, new = pair.type
    if kind_of_type(old) != "array" or kind_of_type(new) != "array":
        return
    for key, least in _COUNTS:
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        numbers = isinstance(before, int | None) and isinstance(after, int | None)
        tighter = numbers and after is not None and (before is None or (after > before) == least)
        message = f"{key} was {shown(before)} and is {shown(after)}"
        yield Change(
            "SMP32", message, (key,), ABSENT if before is None else before, ABSENT if after is None else after,
            tight=bool(tighter), loose=not tighter, bump="major" if tighter else "minor",
        )  # fmt: skip


@rule("SMP33", "ref")
def nested_changed(pair: SamplePair) -> Iterator[Change]:
    """What the references lead to is compared as any two versions are."""
    old, new = (clean(node.get("ref"), 200) for node in pair.type)
    if pair.lost:
        message = f"{old} became {new}, and not both are among the documents"
        yield Change("SMP33", message, ("ref",), old, new, tight=True, loose=True, source=True)
    elif pair.inner:
        found = pair.inner
        bumps: list[Bump] = [change.bump or RULES[change.rule].bump for change in found]
        worst = next((one for one in found if one.tight or one.silent), found[0])
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield Change(
            "SMP33", f"{old} became {new}: {worst.message}{more}", ("ref",), old, new,
            tight=any(one.tight for one in found), loose=any(one.loose for one in found),
            source=any(one.source for one in found), silent=any(one.silent for one in found),
            bump=largest_bump([*bumps, "patch"]),
        )  # fmt: skip


@rule("SMP34", "ref")
def nested_moved(pair: SamplePair) -> Iterator[Change]:
    """The same shape under another address."""
    old, new = (clean(node.get("ref"), 200) for node in pair.type)
    if not pair.lost and not pair.inner and old != new:
        yield Change("SMP34", f"{old} became {new}, of the same shape", ("ref",), old, new)


@rule("SMP38", "type")
def union_changed(pair: SamplePair) -> Iterator[Change]:
    """Members of a union, and whether it allows others; or a union that is none any more."""
    old, new = pair.type
    kinds = [kind_of_type(node) for node in pair.type]
    if "union" not in kinds:
        return
    if kinds[0] != kinds[1]:
        yield _changed(pair, "SMP38", kinds[0] == "union", True)
        return
    before, after = (_members(node) for node in pair.type)
    lost, gained = [m for m in before if m not in after], [m for m in after if m not in before]
    closed = old.get("closed") is True, new.get("closed") is True
    if not lost and not gained and closed[0] == closed[1]:
        return
    parts = [f"lost {clean(m, 100)}" for m in lost[:3]] + [f"gained {clean(m, 100)}" for m in gained[:3]]
    if closed[0] != closed[1]:
        parts.append("is closed now" if closed[1] else "is open now")
    tight, loose = bool(lost) or closed[1] > closed[0], (bool(gained) and closed[0]) or closed[0] > closed[1]
    yield Change(
        "SMP38", f"the union {', '.join(parts)}", (), dict(old), dict(new), tight=tight, loose=loose,
        source=tight or loose, bump="major" if tight or loose else "minor",
    )  # fmt: skip


def _members(node: TypeNode) -> list[str]:
    for key in ("refs", "members", "variants"):
        found = node.get(key)
        if isinstance(found, list):
            return [str(one.get("ref") if isinstance(one, dict) else one) for one in found]
    return []
