"""Rules for fields of samples: added, removed, renamed, optional, defaults, allowed values, labels, meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from atdata_codegen.findings import ABSENT, Bump
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples.checks import SAMPLE_CHECKS, SamplePair
from atdata_codegen.review.samples.view import FieldView

__all__ = ["shown"]

rule = SAMPLE_CHECKS.rule

_MEANING: Final = ("unit", "colorSpace", "colourSpace", "normalization", "normalisation", "sampleRate")


def _at(pair: SamplePair, name: str) -> tuple[str, int]:
    field = pair.new.fields.get(name) or pair.old.fields[name]
    return "fields", field.index


def _middle(pair: SamplePair, name: str) -> bool:
    """Whether a field of the old version comes behind the new one."""
    index = pair.new.fields[name].index
    return any(field.index > index for other, field in pair.new.fields.items() if other in pair.old.fields)


@rule("SMP01", "schema")
def optional_added(pair: SamplePair) -> Iterator[Change]:
    """Stored samples do without it."""
    for name in pair.names.fresh:
        field = pair.new.fields[name]
        if not field.required and not (pair.new.positional and _middle(pair, name)):
            what = "optional field" if field.optional else "field with a default"
            yield Change("SMP01", f"the {what} {clean(name, 60)} is new", _at(pair, name), new=field.raw)


@rule("SMP02", "schema")
def optional_inserted(pair: SamplePair) -> Iterator[Change]:
    """Only a positional class notices; generated ones take keyword arguments."""
    for name in pair.names.fresh:
        field = pair.new.fields[name]
        if not field.required and pair.new.positional and _middle(pair, name):
            message = f"the optional field {clean(name, 60)} was added before others"
            yield Change("SMP02", message, _at(pair, name), new=field.raw, source=True)


@rule("SMP03", "schema")
def required_added(pair: SamplePair) -> Iterator[Change]:
    """Stored samples lack it."""
    for name in pair.names.fresh:
        if pair.new.fields[name].required:
            yield Change(
                "SMP03", f"the required field {clean(name, 60)} is new", _at(pair, name),
                new=pair.new.fields[name].raw, tight=True, source=True, route=(name,),
            )  # fmt: skip


@rule("SMP04", "schema")
def required_removed(pair: SamplePair) -> Iterator[Change]:
    """Old readers require it."""
    for name in pair.names.gone:
        if pair.old.fields[name].required:
            yield Change(
                "SMP04", f"the required field {clean(name, 60)} is gone", _at(pair, name),
                old=pair.old.fields[name].raw, loose=True, source=True, route=(name,),
            )  # fmt: skip


@rule("SMP05", "schema")
def optional_removed(pair: SamplePair) -> Iterator[Change]:
    """Old readers do without it; code that names it does not."""
    for name in pair.names.gone:
        field = pair.old.fields[name]
        if not field.required:
            text = str(field.raw.get("description", "")).lstrip("*[( ").lower()
            bump: Bump | None = "minor" if text.startswith("deprecated") else None
            message = f"the optional field {clean(name, 60)} is gone"
            yield Change("SMP05", message, _at(pair, name), old=field.raw, source=True, bump=bump)


@rule("SMP06", "schema")
def renamed(pair: SamplePair) -> Iterator[Change]:
    """Stored samples have the old name."""
    for old, new in pair.names.renamed.items():
        message = f"{clean(old, 60)} is called {clean(new, 60)} now"
        yield Change("SMP06", message, _at(pair, new), old, new, tight=True, loose=True, source=True, route=(new,))


@rule("SMP07", "schema")
def renamed_with_alias(pair: SamplePair) -> Iterator[Change]:
    """The document says itself what it was called."""
    for old, new in pair.names.alias.items():
        message = f"{clean(old, 60)} is called {clean(new, 60)} now, and {clean(old, 60)} is among its aliases"
        yield Change("SMP07", message, _at(pair, new), old, new, loose=True, source=True, route=(old,))


@rule("SMP08", "schema")
def reordered(pair: SamplePair) -> Iterator[Change]:
    """Of the fields on both sides."""
    old, new = ([name for name in side.fields if name in pair.names.common] for side in (pair.old, pair.new))
    if old != new:
        yield Change("SMP08", "the order of the fields changed", ("fields",), old, new, source=pair.new.positional)


@rule("SMP14", "field")
def became_required(pair: SamplePair) -> Iterator[Change]:
    """Stored samples may lack it, or hold None."""
    old, new = pair.field
    if old.optional and not new.optional:
        default = "" if new.required else ", and its default does not take the place of a stored None"
        message = f"{clean(new.name, 60)} was optional and is required{default}"
        yield Change("SMP14", message, ("optional",), True, False, tight=True, source=True, route=(new.name,))


@rule("SMP15", "field")
def became_optional(pair: SamplePair) -> Iterator[Change]:
    """Old readers require it, and code must ask for None."""
    old, new = pair.field
    if not old.optional and new.optional:
        message = f"{clean(new.name, 60)} was required and is optional"
        yield Change("SMP15", message, ("optional",), False, True, loose=True, source=True, route=(new.name,))


def _defaults(pair: SamplePair) -> tuple[Any, Any]:
    old, new = pair.field
    return old.literal("default"), new.literal("default")


@rule("SMP16", "field")
def default_changed(pair: SamplePair) -> Iterator[Change]:
    """Stored samples that lack the field get another value."""
    old, new = _defaults(pair)
    if new is not None and (old != new or type(old) is not type(new)):
        how = f"was {clean(old, 60)}" if old is not None else "is new, and"
        message = f"the default {how} {'and ' if old is not None else ''}is {clean(new, 60)}"
        silent = old is not None or pair.field[0].optional
        yield Change("SMP16", message, ("default",), _given(old), _given(new), silent=silent)


@rule("SMP17", "field")
def default_removed(pair: SamplePair) -> Iterator[Change]:
    """Stored samples that lack the field are refused, unless it is optional."""
    old, new = _defaults(pair)
    if old is not None and new is None:
        field = pair.field[1]
        yield Change(
            "SMP17", f"the default {clean(old, 60)} was removed", ("default",), old, tight=field.required,
            source=True, silent=not field.required, route=(field.name,),
        )  # fmt: skip


@rule("SMP18", "schema")
def mutable_default(pair: SamplePair) -> Iterator[Change]:
    """A list or an object as a default, which the generator refuses too."""
    for name, field in pair.new.fields.items():
        default = field.raw.get("default")
        before = pair.old.fields[name].raw.get("default") if name in pair.old.fields else None
        if isinstance(default, (list, dict)) and default != before:
            message = f"the default of {clean(name, 60)} is a list or an object"
            yield Change("SMP18", message, (*_at(pair, name), "default"), new=default, silent=True)


def _given(value: Any) -> Any:
    return ABSENT if value is None else value


def shown(value: Any) -> str:
    """A value that may be missing, for a message."""
    return "not given" if value is None else clean(value, 60)


@rule("SMP13", "field")
def range_changed(pair: SamplePair) -> Iterator[Change]:
    """Of a number, or of each element of an array."""
    old, new = pair.field
    for key in ("minimum", "maximum"):
        before, after = old.literal(key), new.literal(key)
        if before == after or old.kind != new.kind or not {old.scalar, new.scalar} <= {"int", "float"}:
            continue
        tight, loose = _beyond(after, old, key), _beyond(before, new, key)
        word = "tightened" if tight else "loosened" if loose else "as wide as before"
        message = f"{key} was {shown(before)} and is {shown(after)}"
        yield Change(
            "SMP13", f"{message}: the range {'is' if word.startswith('as') else 'was'} {word}", (key,), _given(before),
            _given(after), tight=tight, loose=loose, bump="major" if tight else "minor" if loose else "patch",
            route=(new.name,),
        )  # fmt: skip


def _beyond(bound: Any, other: FieldView, key: str) -> bool:
    """Whether ``bound`` refuses values that ``other`` allows, by its own bound, dtype, labels or enum."""
    if not isinstance(bound, int | float):
        return False
    least = key == "minimum"
    given = other.literal(key)
    limits = [one for one in (given if isinstance(given, int | float) else None, other.span[0 if least else 1])
              if one is not None]  # fmt: skip
    if not limits:
        return True
    return bound > max(limits) if least else bound < min(limits)


@rule("SMP35", "field")
def values_changed(pair: SamplePair) -> Iterator[Change]:
    """Of an enum, or the number of class labels."""
    old, new = pair.field
    before, after = old.listed("enum"), new.listed("enum")
    if before != after and (before is None or after is None or set(before) != set(after)):
        lost = after is not None and (before is None or any(value not in after for value in before))
        gained = before is not None and (after is None or any(value not in before for value in after))
        message = "the allowed values changed: " + _difference(before, after)
        yield Change(
            "SMP35", message, ("enum",), _given(before), _given(after), tight=lost, loose=gained, source=True,
            bump="major" if lost else "minor", route=(new.name,),
        )  # fmt: skip
    names, others = old.listed("labels"), new.listed("labels")
    if names != others and _same_start(names, others):
        fewer = others is not None and (names is None or len(others) < len(names))
        counts = " and ".join("any number" if one is None else str(len(one)) for one in (names, others))
        message = f"the number of labels changed: {counts}"
        yield Change(
            "SMP35", message, ("labels",), _given(names), _given(others), tight=fewer, loose=not fewer,
            bump="major" if fewer else "minor", route=(new.name,),
        )  # fmt: skip


def _same_start(old: list[Any] | None, new: list[Any] | None) -> bool:
    return old is None or new is None or all(one == other for one, other in zip(old, new, strict=False))


def _difference(old: list[Any] | None, new: list[Any] | None) -> str:
    if old is None or new is None:
        return "only listed ones are allowed now" if old is None else "all are allowed now"
    lost, gained = [v for v in old if v not in new], [v for v in new if v not in old]
    parts = [f"{word} {', '.join(clean(v, 40) for v in values[:5])}"
             for word, values in (("lost", lost), ("gained", gained)) if values]  # fmt: skip
    return "; ".join(parts)


@rule("SMP36", "field")
def labels_changed(pair: SamplePair) -> Iterator[Change]:
    """Numbers that are stored get other names."""
    old, new = pair.field
    before, after = old.listed("labels"), new.listed("labels")
    if before is None or after is None or _same_start(before, after):
        return
    i = next(i for i, (one, other) in enumerate(zip(before, after, strict=False)) if one != other)
    message = f"the label {i} was {clean(before[i], 60)} and is {clean(after[i], 60)}"
    yield Change("SMP36", message, ("labels",), before, after, tight=True, loose=True, silent=True)


@rule("SMP37", "field", "schema")
def meaning_changed(pair: SamplePair) -> Iterator[Change]:
    """Numbers that are stored mean something else."""
    sources: list[tuple[Mapping[str, Any], Mapping[str, Any], tuple[str, ...]]]
    if pair.fields is not None:
        old_field, new_field = pair.fields
        sources = [(old_field.raw, new_field.raw, ()), (old_field.type, new_field.type, ("fieldType",))]
    else:
        sources = [(pair.old.metadata, pair.new.metadata, ("metadata",))]
    for old, new, at in sources:
        for key in _MEANING:
            before, after = old.get(key), new.get(key)
            if before and after and before != after:
                message = f"{key} was {clean(before, 60)} and is {clean(after, 60)}"
                yield Change("SMP37", message, (*at, key), before, after, tight=True, loose=True, silent=True)
