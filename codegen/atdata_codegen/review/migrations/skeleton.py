"""The code that a lens asks for, with everything filled in that the documents say, and a mark where they do not."""

from __future__ import annotations

from atdata_codegen.lenses.model import ARRAY_CASTS, cast_call
from atdata_codegen.literals import literal
from atdata_codegen.names import is_identifier
from atdata_codegen.problems import clean
from atdata_codegen.review.migrations.draft import Draft, Step
from atdata_codegen.review.samples.view import FieldView, dtype_of
from atdata_codegen.samples.fields import scalar_literal

__all__ = ["skeleton"]


def skeleton(draft: Draft, package: str) -> str:
    """A module of the user's that binds code to the generated lens in ``package``; what is open raises an error.

    It is text to go on from: nothing here runs or imports it.
    """
    old, new = draft.source, draft.target
    names = ("Old", "New") if old.name == new.name else (old.name, new.name)
    imports = [
        f"from {package}.lenses.{draft.name} import bind",
        f"from {package}.samples.{old.name}_{_number(old.document.version)} import {_as(old.name, names[0])}",
        f"from {package}.samples.{new.name}_{_number(new.document.version)} import {_as(new.name, names[1])}",
    ]
    kinds = {kind for step in draft.steps if step.cast for kind in (step.cast, _back(draft, step))}
    casts = sorted({"to_array" if kind in ARRAY_CASTS else f"to_{kind}" for kind in kinds})
    if casts:
        imports.insert(0, f"from atdata.lens import {', '.join(casts)}")
    lines = [
        f'"""{old.name} {old.document.version} as {new.name} {new.document.version}: write what is marked TODO."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import Any",
        "",
        *imports,
        "",
        "",
        "def todo(what: str) -> Any:",
        '    """Stands where a decision is missing."""',
        "    raise NotImplementedError(what)",
        "",
        "",
        f"def get(source: {names[0]}) -> {names[1]}:",
        f"    return {names[1]}(",
        *(line for step in draft.steps if step.target for line in _get(step, new.fields[step.target])),
        "    )",
        "",
        "",
        f"def put(target: {names[1]}, source: {names[0]}) -> {names[0]}:",
        f"    return {names[0]}(",
        *(line for field in old.fields.values() for line in _put(field, draft)),
        "    )",
        "",
        "",
        "lens = bind(get, put)",
        "",
    ]
    return "\n".join(lines)


def _number(version: str) -> str:
    return version.replace(".", "_")


def _as(name: str, wanted: str) -> str:
    return name if name == wanted else f"{name} as {wanted}"


def _primitive(field: FieldView | None) -> str:
    return str(field.type.get("primitive")) if field is not None and field.kind == "primitive" else ""


def _back(draft: Draft, step: Step) -> str:
    """What the value of a step is cast back to."""
    origin = draft.source.fields[step.source]
    return _primitive(origin) or dtype_of(origin.type)


def _get(step: Step, field: FieldView) -> list[str]:
    if not is_identifier(step.target):
        return []
    if step.kind == "code":
        note = clean(step.note, 300)
        hint = f"  # from {step.expression}" if step.expression else ""
        return [f"        # TODO: {note}", f"        {step.target}=todo({literal(step.target)}),{hint}"]
    value = cast_call(step.cast, step.expression)
    if step.default is not None:
        default = literal(scalar_literal(step.default, str(field.type.get("primitive"))))
        value = default if not step.source else f"{default} if {step.expression} is None else {value}"
    return [f"        {step.target}={value},"]


def _put(field: FieldView, draft: Draft) -> list[str]:
    step = next((one for one in draft.steps if one.source == field.name and one.target), None)
    if step is None:
        return [f"        {field.name}=source.{field.name},"]
    if step.kind == "code":
        return [f"        {field.name}=source.{field.name},  # TODO: write back {step.target}"]
    value = f"target.{step.target}"
    like = f"source.{field.name}" if step.cast in ARRAY_CASTS else ""
    back = cast_call(_back(draft, step), value, like) if step.cast else value
    if step.default is not None and field.optional:
        # An absent value was seen as the default, and unchanged it stays absent.
        default = literal(scalar_literal(step.default, _primitive(draft.target.fields[step.target])))
        back = f"None if source.{field.name} is None and {value} == {default} else {back}"
    return [f"        {field.name}={back},"]
