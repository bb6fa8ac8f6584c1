"""Rules for what surrounds the fields: the Python class, and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from atdata_codegen.findings import ABSENT
from atdata_codegen.problems import clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples.checks import SAMPLE_CHECKS, SamplePair

__all__: list[str] = []

rule = SAMPLE_CHECKS.rule

_MEANING: Final = frozenset({"unit", "colorSpace", "colourSpace", "normalization", "normalisation", "sampleRate"})
#: Keys of a field that other rules look at.
_RULED: Final = frozenset(
    {"name", "fieldType", "optional", "default", "labels", "enum", "minimum", "maximum", "aliases"}
)
_POLICY: Final = frozenset({"python", "stability", "previousVersion"})


@rule("SMP41", "schema")
def class_changed(pair: SamplePair) -> Iterator[Change]:
    """Name, module, and options of a hand-written class that the document speaks of."""
    old, new = pair.old.python, pair.new.python
    for key in {**old, **new}:
        before, after = old.get(key, ABSENT), new.get(key, ABSENT)
        if before != after:
            message = f"the class's {clean(key, 40)} was {clean(before, 80)} and is {clean(after, 80)}"
            yield Change("SMP41", message, ("metadata", "python", key), before, after, source=True)


@rule("SMP42", "schema")
def texts_changed(pair: SamplePair) -> Iterator[Change]:
    """Of the schema as a whole."""
    old, new = pair.old.value, pair.new.value
    skipped = {"name", "version", "fields", "metadata", "$type", "createdAt", "$ref", *_POLICY}
    yield from _texts(old, new, skipped, ())
    yield from _texts(pair.old.metadata, pair.new.metadata, {*_POLICY, *_MEANING}, ("metadata",))


@rule("SMP42", "field")
def field_texts_changed(pair: SamplePair) -> Iterator[Change]:
    """Of one field; a meaning that was not given before is a text as well."""
    old, new = pair.field
    given = {key for key in ("mediaType", *_MEANING) if old.raw.get(key) and new.raw.get(key)}
    yield from _texts(old.raw, new.raw, _RULED | given, ())


def _texts(
    old: Mapping[str, Any], new: Mapping[str, Any], skipped: set[str] | frozenset[str], at: tuple[str, ...]
) -> Iterator[Change]:
    for key in {**old, **new}:
        before, after = old.get(key, ABSENT), new.get(key, ABSENT)
        if key not in skipped and before != after:
            yield Change("SMP42", f"{clean(key, 40)} changed", (*at, key), before, after)
