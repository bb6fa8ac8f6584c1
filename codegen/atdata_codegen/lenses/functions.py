"""A lens that is data, as two functions without a module around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from atdata_codegen.lenses.model import LensDocument
from atdata_codegen.lenses.plan import plan_lens
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.samples.known import Known
from atdata_codegen.samples.model import SampleSchema, SchemaRef
from atdata_codegen.templating import Renderer

__all__ = ["LensFunctions", "render_functions"]

#: What stands for the two schemas, wherever they were found.
_SOURCE, _TARGET = "lens:source", "lens:target"


@dataclass(frozen=True, slots=True)
class LensFunctions:
    """The text of ``get`` and ``put``, and the names that they use: the two classes and the helpers."""

    text: str
    source: str
    target: str
    helpers: tuple[str, ...]


def render_functions(
    lens: LensDocument,
    source: SampleSchema,
    target: SampleSchema,
    nested: Iterable[SampleSchema],
    renderer: Renderer,
) -> LensFunctions:
    """The functions of ``lens`` between two schemas, which are taken for those that the document names.

    ``nested`` are the schemas that they refer to. Raises :class:`ProblemError` when the document's mapping is no data
    that we know, or a rule does not fit.
    """
    if lens.rules is None:
        raise ProblemError([Problem(("mapping",), "is no data that is known here")], f"lens {lens.name}")
    home = lens.origin
    siblings = Known([replace(source, uri=_SOURCE), replace(target, uri=_TARGET), *nested])
    named = replace(lens, source=SchemaRef(_SOURCE, home), target=SchemaRef(_TARGET, home))
    plan = plan_lens(named, siblings, "..samples")
    text = renderer.render("lens_functions.py.jinja", {"plan": plan})
    return LensFunctions(text, plan.source, plan.target, plan.helpers)
