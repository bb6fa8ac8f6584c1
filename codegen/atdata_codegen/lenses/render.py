"""Lenses as text."""

from __future__ import annotations

from collections.abc import Iterable

from atdata_codegen.lenses.model import LensDocument
from atdata_codegen.lenses.plan import plan_lens
from atdata_codegen.samples.model import SampleSchema
from atdata_codegen.templating import Renderer

__all__ = ["render_lens"]


def render_lens(
    lens: LensDocument, siblings: Iterable[SampleSchema], renderer: Renderer, *, samples: str = "..samples"
) -> dict[str, str]:
    """The module of ``lens`` by file name.

    ``siblings`` are the schemas that it may name, ``samples`` the package of their classes as a relative
    module name. Raises :class:`ProblemError` when a schema is not there or a rule does not fit.
    """
    if not samples.startswith(".") or not all(part.isidentifier() for part in samples.lstrip(".").split(".") if part):
        raise ValueError(f"samples must be a relative module name, not {samples!r}")
    plan = plan_lens(lens, siblings, samples)
    return {f"{lens.module}.py": renderer.render("lens_module.py.jinja", {"plan": plan})}
