"""Schemas as text: the module, its stub, and the package that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.samples.model import ArrayOf, FieldType, RefType, SampleSchema
from atdata_codegen.samples.plan import plan_schema
from atdata_codegen.samples.refs import find_schema
from atdata_codegen.templating import Renderer

__all__ = ["render_module", "render_samples_init", "render_schema", "resolve_refs"]


def render_schema(schema: SampleSchema, siblings: Iterable[SampleSchema], renderer: Renderer) -> dict[str, str]:
    """The module and the stub of ``schema`` by file name: ``Name_1_0_0.py`` and ``Name_1_0_0.pyi``.

    ``siblings`` are the schemas that it may refer to. Raises :class:`ProblemError` when one is not there,
    or when references go in a circle.
    """
    context = {"plan": plan_schema(schema, resolve_refs(schema, siblings))}
    return {
        f"{schema.module}.py": renderer.render("sample_module.py.jinja", context),
        f"{schema.module}.pyi": renderer.render("sample_module.pyi.jinja", context),
    }


def render_module(schema: SampleSchema, siblings: Iterable[SampleSchema], renderer: Renderer) -> str:
    """The module alone, as run time needs it."""
    return renderer.render("sample_module.py.jinja", {"plan": plan_schema(schema, resolve_refs(schema, siblings))})


def resolve_refs(schema: SampleSchema, siblings: Iterable[SampleSchema]) -> dict[str, SampleSchema]:
    """The schema that each address in ``schema`` means."""
    known = [schema, *siblings]
    found: dict[str, SampleSchema] = {}
    problems: list[Problem] = []
    for ref in schema.refs:
        target = find_schema(ref, known, schema.origin)
        path = _path_of(schema, ref.uri)
        if target is None:
            hint = "add its document, or correct the address"
            problems.append(Problem(path, f"the schema {ref.uri} is not known", hint, code="ref"))
        elif _reaches(target, schema, known):
            what = f"{ref.uri} refers back to {schema.name}"
            problems.append(Problem(path, what, "a sample cannot hold itself", code="ref"))
        else:
            found[ref.uri] = target
    if problems:
        raise ProblemError(problems, f"sample schema {schema.name} {schema.version}")
    return found


def _reaches(start: SampleSchema, goal: SampleSchema, known: Sequence[SampleSchema]) -> bool:
    seen: set[tuple[str, str]] = set()
    todo = [start]
    while todo:
        schema = todo.pop()
        if schema is goal or (schema.origin, schema.cid) == (goal.origin, goal.cid):
            return True
        if (schema.origin, schema.cid) in seen:
            continue
        seen.add((schema.origin, schema.cid))
        targets = (find_schema(ref, known, schema.origin) for ref in schema.refs)
        todo.extend(target for target in targets if target is not None)
    return False


def _path_of(schema: SampleSchema, uri: str) -> tuple[str | int, ...]:
    for i, field in enumerate(schema.fields):
        path = _find(field.type, uri)
        if path is not None:
            return ("fields", i, "fieldType", *path)
    return ("fields",)


def _find(kind: FieldType, uri: str) -> tuple[str | int, ...] | None:
    if isinstance(kind, RefType) and kind.ref.uri == uri:
        return ("ref",)
    if isinstance(kind, ArrayOf):
        inner = _find(kind.items, uri)
        return ("items", *inner) if inner is not None else None
    return None


def render_samples_init(entries: Iterable[SampleSchema], renderer: Renderer) -> tuple[str, str]:
    """``__init__.py`` and ``__init__.pyi`` of the package: the newest version of each schema by its bare name.

    Every version is there as a module, ``Name_1_0_0``. Nothing is imported before it is used.
    """
    ordered = sorted(entries, key=lambda schema: (schema.name, schema.number))
    newest = {schema.name: schema for schema in ordered}
    modules = [schema.module for schema in ordered]
    taken = {*newest, *modules}
    classes = [(name, schema.module) for name, schema in newest.items()]
    # A batch class goes by its own name unless a schema is called the same.
    classes += [(f"{name}Batch", s.module) for name, s in newest.items() if f"{name}Batch" not in taken and _plain(s)]
    context = {"classes": sorted(classes), "modules": modules, "names": sorted([*modules, *(n for n, _ in classes)])}
    return (
        renderer.render("sample_init.py.jinja", context),
        renderer.render("sample_init.pyi.jinja", context),
    )


def _plain(schema: SampleSchema) -> bool:
    """Whether the batch class has the plain name, which a field of that name would have taken."""
    return all(field.name != f"{schema.name}Batch" for field in schema.fields)
