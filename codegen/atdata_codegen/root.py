"""The root package of the generated tree: its modules and sample classes, each loaded on first use."""

from __future__ import annotations

from collections.abc import Mapping

from atdata_codegen.lexicon.render import HEADER
from atdata_codegen.literals import docstring
from atdata_codegen.templating import Renderer

__all__ = ["render_root"]


def render_root(
    packages: tuple[str, ...], names: Mapping[str, str], has_lenses: bool, renderer: Renderer
) -> dict[str, str]:
    """``__init__.py``, its stub and ``py.typed`` of the root.

    ``names`` maps each sample class to the module below the root that defines it.
    """
    modules = sorted({*packages, *(["samples"] if names else []), *(["lenses"] if has_lenses else [])})
    context = {
        "header": HEADER,
        "doc": docstring("Everything that the schemas describe: record models by NSID, sample classes by name."),
        "modules": modules,
        "names": sorted((name, home) for name, home in names.items() if name not in modules),
        "exported": sorted({*modules, *names}),
    }
    return {
        "__init__.py": renderer.render("root_init.py.jinja", context),
        "__init__.pyi": renderer.render("root_init.pyi.jinja", context),
        "py.typed": "",
    }
