"""Schemas as text: the module, its stub, and the package that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from atdata_codegen.samples.known import resolve_refs
from atdata_codegen.samples.model import SampleSchema
from atdata_codegen.samples.plan import plan_schema
from atdata_codegen.templating import Renderer

__all__ = ["render_module", "render_samples_init", "render_schema"]


def render_schema(schema: SampleSchema, siblings: Iterable[SampleSchema], renderer: Renderer) -> dict[str, str]:
    """The module and the stub of ``schema`` by file name: ``Name_1_0_0.py`` and ``Name_1_0_0.pyi``.

    ``siblings`` are the schemas that it may refer to; as :class:`Known`, those and itself.
    Raises :class:`ProblemError` when one is not there, or when references go in a circle.
    """
    context = {"plan": plan_schema(schema, resolve_refs(schema, siblings))}
    return {
        f"{schema.module}.py": renderer.render("sample_module.py.jinja", context),
        f"{schema.module}.pyi": renderer.render("sample_module.pyi.jinja", context),
    }


def render_module(schema: SampleSchema, refs: Mapping[str, SampleSchema], renderer: Renderer) -> str:
    """The module alone, as run time needs it; ``refs`` holds the schema that each address in it means."""
    return renderer.render("sample_module.py.jinja", {"plan": plan_schema(schema, refs)})


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
