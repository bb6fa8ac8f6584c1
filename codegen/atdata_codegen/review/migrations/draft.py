"""What becomes of each field, and the lens document that says so where data can say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from atdata_codegen.lenses.model import ARRAY_CASTS, LENS_TYPE, MAPPING_TYPE
from atdata_codegen.names import snake
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_codegen.review.changes import Change
from atdata_codegen.review.samples import SampleWalk
from atdata_codegen.review.samples.checks import SamplePair
from atdata_codegen.review.samples.view import FieldView, SampleSide, SchemaView, dtype_of
from atdata_codegen.samples.fields import scalar_literal
from atdata_codegen.samples.parse import parse_schema

__all__ = ["Draft", "Step", "StepKind", "draft_lens"]

StepKind = Literal["same", "renamed", "cast", "default", "empty", "dropped", "code"]

#: Casts whose every value comes back unchanged; a value beyond them is an error when it is met, never another value.
_CASTS: Final = frozenset(
    {("int", "float"), ("bool", "int"), ("bool", "float"), ("int", "str"), ("float", "str"), ("bool", "str")}
)
#: Changes that a field may be copied through: stored values stay what they are.
_COPIED: Final = frozenset({"SMP13", "SMP14", "SMP15", "SMP16", "SMP17", "SMP32", "SMP35", "SMP42"})
#: Changes after which a value is of another class or dtype, though nothing of it is lost.
_RETYPED: Final = frozenset({"SMP20", "SMP33", "SMP34"})
#: Of these, the ones after which a stored value may be refused by ``validate()``.
_TIGHTER: Final = frozenset({"SMP13", "SMP32", "SMP35"})


@dataclass(frozen=True, slots=True)
class Step:
    """One field of the target (or, dropped, of the source): where its value comes from, and what to say of it."""

    kind: StepKind
    target: str
    source: str = ""
    default: str | None = None
    cast: str = ""
    note: str = ""
    expression: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A lens document, and the steps it was made from; ``whole`` when no step asks for code."""

    name: str
    source: SchemaView
    target: SchemaView
    steps: tuple[Step, ...]
    document: Mapping[str, Any]

    @property
    def whole(self) -> bool:
        """Whether the document's mapping says everything."""
        return not self.open

    @property
    def open(self) -> tuple[Step, ...]:
        """The steps that only a person can decide."""
        return tuple(step for step in self.steps if step.kind == "code")


def draft_lens(
    old: SchemaView,
    new: SchemaView,
    sides: tuple[SampleSide, SampleSide],
    *,
    renames: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    name: str = "",
) -> Draft:
    """The draft of a lens that reads samples of ``old`` as ``new``.

    ``renames`` (old name to new) and ``defaults`` (new name to a literal as text) say what the documents cannot.
    Raises :class:`ProblemError` for names that neither version has.
    """
    renames, defaults = dict(renames or {}), dict(defaults or {})
    _check(old, new, renames, defaults)
    came = _came(old, new, sides, renames)
    changes = _by_field(SampleWalk(sides), old, new, came)
    steps: list[Step] = []
    for field in new.fields.values():
        source = came.get(field.name, field.name)
        if source in old.fields and (field.name in came or source not in renames):
            steps.append(_carried(old.fields[source], field, changes.get(field.name, []), defaults))
        else:
            steps.append(_new(field, defaults))
    used = {step.source for step in steps}
    steps += [
        Step("dropped", "", gone, note=f"{gone} is left out; writing back keeps it as it was")
        for gone in old.fields
        if gone not in used
    ]
    other = "" if old.name == new.name else f"{snake(new.name)}_"
    name = name or f"{snake(old.name)}_{_number(old)}_to_{other}{_number(new)}"
    return Draft(name, old, new, tuple(steps), _document(name, old, new, steps))


def _came(
    old: SchemaView, new: SchemaView, sides: tuple[SampleSide, SampleSide], renames: Mapping[str, str]
) -> dict[str, str]:
    """The old name of each field that is called otherwise; what was said by hand comes first."""
    names = SamplePair(old, new, sides).names
    found = {
        after: before
        for before, after in {**names.renamed, **names.alias}.items()
        if before not in renames and after not in renames.values()
    }
    return {**found, **{after: before for before, after in renames.items()}}


def _number(view: SchemaView) -> str:
    return view.document.version.replace(".", "_")


def _check(old: SchemaView, new: SchemaView, renames: Mapping[str, str], defaults: Mapping[str, str]) -> None:
    for side in (old, new):
        refused = [one for one in parse_schema(side.value)[1] if one.severity == "error"]
        if refused:
            raise ProblemError(refused, side.document.source.file)
    problems = [
        Problem((), f"{view.name} {view.document.version} has no field {clean(field, 60)}", "correct the name")
        for view, fields in ((old, [*renames]), (new, [*renames.values(), *defaults]))
        for field in fields
        if field not in view.fields
    ]
    for field, text in defaults.items():
        wanted = new.fields.get(field)
        kind = _primitive(wanted) if wanted is not None else ""
        if wanted is not None and (kind in ("", "bytes") or scalar_literal(text, kind) is None):
            problems.append(Problem((), f"{clean(text, 60)} is no value of {field}", "write a literal, such as 0.5"))
    if problems:
        raise ProblemError(problems, "migration")


def _by_field(walk: SampleWalk, old: SchemaView, new: SchemaView, came: Mapping[str, str]) -> dict[str, list[Change]]:
    """What changed of each field that goes on, by its new name."""
    found: dict[str, list[Change]] = {}
    for name, field in new.fields.items():
        before = old.fields.get(came.get(name, name))
        if before is not None:
            found[name] = [place.change for place in walk.field(old, new, before, field)]
    return found


def _carried(old: FieldView, new: FieldView, changes: list[Change], defaults: Mapping[str, str]) -> Step:
    kind: StepKind = "same" if old.name == new.name else "renamed"
    note = "" if kind == "same" else f"{old.name} is called {new.name}"
    expression = f"source.{old.name}"
    primitives = _primitive(old), _primitive(new)
    default = _default(old, new, defaults)
    casting = all(primitives) and primitives[0] != primitives[1]
    blocking = [one for one in changes if _blocks(one) and not (casting and one.rule in _CAST_RULES)]
    if casting and primitives not in _CASTS:
        what = f"not every {primitives[0]} is a valid {primitives[1]}"
        return Step("code", new.name, old.name, note=f"{_said(changes)}: {what}", expression=expression)
    dtype = _widened(old, new, blocking)
    if blocking and not dtype:
        return Step("code", new.name, old.name, note=_said(blocking), expression=expression)
    if old.optional and not new.optional and default is None:
        note = f"{old.name} may be absent and {new.name} may not: what is its value then?"
        return Step("code", new.name, old.name, note=note, expression=expression)
    cast = dtype or (primitives[1] if casting else "")
    if cast:
        before = dtype_of(old.type) if dtype else primitives[0]
        kind, note = "cast", f"{note + ', ' if note else ''}{before} becomes {cast}"
    tighter = [one.message for one in changes if one.rule in _TIGHTER and one.tight]
    if tighter:
        note = f"{note + '; ' if note else ''}values are kept, and validate() may refuse them: {tighter[0]}"
    return Step(kind, new.name, old.name, default, cast, note, expression)


def _widened(old: FieldView, new: FieldView, blocking: list[Change]) -> str:
    """The dtype to cast to, where that is all that keeps an array from being taken over; else empty."""
    if not blocking or old.kind != "ndarray" or any(one.rule != "SMP20" for one in blocking):
        return ""
    dtype = dtype_of(new.type)
    return dtype if dtype in ARRAY_CASTS else ""


def _blocks(change: Change) -> bool:
    """Whether a value cannot be taken over as it is."""
    lost = change.tight or (change.silent and change.loose)
    return change.rule in _RETYPED or (change.rule not in _COPIED and lost)


_CAST_RULES: Final = frozenset({"SMP10", "SMP11", "SMP12"})


def _said(changes: list[Change]) -> str:
    return "; ".join(dict.fromkeys(change.message for change in changes)) or "the type changed"


def _primitive(field: FieldView) -> str:
    return str(field.type.get("primitive")) if field.kind == "primitive" else ""


def _default(old: FieldView, new: FieldView, defaults: Mapping[str, str]) -> str | None:
    """The value for samples without one, as text; only asked where the old field may be absent."""
    if not old.optional:
        return None
    if new.name in defaults:
        return defaults[new.name]
    default = new.raw.get("default")
    return None if default is None or new.optional else _text(default)


def _text(value: object) -> str:
    return "true" if value is True else "false" if value is False else str(value)


def _new(field: FieldView, defaults: Mapping[str, str]) -> Step:
    default = field.raw.get("default")
    if field.name in defaults or default is not None:
        text = defaults.get(field.name, "" if default is None else _text(default))
        note = f"{field.name} is new, and {clean(text, 60)} for old samples"
        return Step("default", field.name, default=text, note=note)
    if field.optional:
        return Step("empty", field.name, note=f"{field.name} is new, and absent from old samples", expression="None")
    hint = f", or say --default {field.name}=VALUE" if _primitive(field) not in ("", "bytes") else ""
    note = f"{field.name} is new and required: what is its value for old samples? Write it in code{hint}"
    return Step("code", field.name, note=note)


def _document(name: str, old: SchemaView, new: SchemaView, steps: list[Step]) -> dict[str, Any]:
    what = f"Views {old.name} {old.document.version} as {new.name} {new.document.version}"
    notes = [step.note for step in steps if step.note and step.kind != "code"]
    asked = [f"{step.target}: {step.note}" for step in steps if step.kind == "code"]
    text = f"{what}: {'; '.join(notes)}." if notes else f"{what}."
    document: dict[str, Any] = {
        "$type": LENS_TYPE,
        "name": name,
        "sourceSchema": f"atdata://local/sampleSchema/{old.name}@{old.document.version}",
        "targetSchema": f"atdata://local/sampleSchema/{new.name}@{new.document.version}",
        "description": clean_text(text + (f" Asks for code: {'; '.join(asked)}." if asked else "")),
    }
    if not asked:
        rules = [_rule(step) for step in steps if step.kind not in ("dropped", "empty")]
        document["mapping"] = {"$type": MAPPING_TYPE, "rules": rules}
    return document


def clean_text(text: str) -> str:
    """A description of the length that a lens record may hold."""
    return clean(text, 4500)


def _rule(step: Step) -> dict[str, str]:
    rule = {"target": step.target}
    if step.source:
        rule["source"] = step.source
    if step.default is not None:
        rule["default"] = step.default
    if step.cast:
        rule["cast"] = step.cast
    return rule
