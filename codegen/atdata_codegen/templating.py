"""The one door to jinja2: templates by name, undefined variables as errors, no decisions inside.

Compiled templates are kept in the user's cache directory, because compiling them costs more than
rendering a module. The cache lies outside every project, so that no repository can bring its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2

__all__ = ["Renderer", "cache_dir", "default_renderer", "template_sources"]


def cache_dir() -> Path | None:
    """The user's own cache directory for atdata, made on first use; None where there can be none."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(base) / "atdata"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        stat = path.stat()
    except (OSError, RuntimeError):
        return None
    if hasattr(os, "getuid") and (stat.st_uid != os.getuid() or stat.st_mode & 0o022):
        return None  # somebody else could put compiled code there
    return path


def template_sources(overrides: Path | None = None) -> dict[str, str]:
    """Template texts by name; a file of the same name in ``overrides`` takes precedence."""
    found: dict[str, str] = {}
    for entry in resources.files("atdata_templates").iterdir():
        if entry.name.endswith(".jinja"):
            found[entry.name] = entry.read_text(encoding="utf-8")
    if overrides is not None:
        for file in sorted(overrides.glob("*.jinja")):
            found[file.name] = file.read_text(encoding="utf-8")
    return found


class Renderer:
    """Renders templates of ``atdata_templates``, or of ``overrides`` where a file of that name is there."""

    def __init__(self, overrides: Path | None = None) -> None:
        self._overrides = overrides
        self._environment: jinja2.Environment | None = None
        self._templates: dict[str, jinja2.Template] = {}

    def render(self, template: str, context: Mapping[str, Any]) -> str:
        """The text of ``template`` with the names of ``context``."""
        try:
            loaded = self._templates.get(template)
            if loaded is None:
                loaded = self._templates[template] = self._load(template)
            return loaded.render(context)
        except Exception as error:  # a template of the user's may raise anything
            if self._overrides is None:
                raise
            raise _refuse(self._overrides, template, error) from error

    def _load(self, template: str) -> jinja2.Template:
        if self._environment is None:
            import jinja2

            cache = cache_dir()
            self._environment = jinja2.Environment(
                loader=jinja2.DictLoader(template_sources(self._overrides)),
                undefined=jinja2.StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=True,
                autoescape=False,
                auto_reload=False,
                bytecode_cache=jinja2.FileSystemBytecodeCache(str(cache)) if cache else None,
            )
        return self._environment.get_template(template)


def _refuse(overrides: Path, template: str, error: Exception) -> Exception:
    from atdata_codegen.problems import Problem, ProblemError, clean

    message = f"cannot be rendered: {type(error).__name__}: {clean(str(error), 300)}"
    line = getattr(error, "lineno", None) or 1
    hint = f"mend the template, or one it uses, in {overrides}"
    return ProblemError([Problem((), message, hint, code="template", file=template, line=line)], template)


@lru_cache(maxsize=1)
def default_renderer() -> Renderer:
    """The renderer of our own templates, one for the process."""
    return Renderer()
