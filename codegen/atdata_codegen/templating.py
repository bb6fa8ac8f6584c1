"""The one door to jinja2: templates by name, undefined variables as errors, no decisions inside.

Compiled templates are kept in the user's cache directory, because compiling them costs more than
rendering a module. The cache lies outside every project, so that no repository can bring its own.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import resources
from pathlib import Path
from stat import S_ISVTX, S_IWOTH
from typing import TYPE_CHECKING, Any

from atdata_codegen.files import read_file

if TYPE_CHECKING:
    import jinja2

#: No template of anybody's comes near.
_LARGEST = 1 << 24

__all__ = ["Renderer", "cache_dir", "default_renderer", "template_sources"]


def cache_dir() -> Path | None:
    """The user's own cache directory for atdata, made on first use; None where there can be none."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    path = Path(base) / "atdata"
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = not hasattr(os, "getuid") or _only_ours(path)
    except (OSError, RuntimeError, ValueError):
        return None
    return path if own else None  # somebody else could put compiled code there


def _only_ours(path: Path) -> bool:
    """Whether nobody else can write to a folder, put another in its place, or has put a link there."""
    user = os.getuid()
    stat = path.stat()
    if path.lstat().st_uid != user or stat.st_uid != user or stat.st_mode & 0o022:
        return False
    above = (folder.stat().st_mode for folder in (*path.absolute().parents, *path.resolve().parents))
    return all(not mode & S_IWOTH or mode & S_ISVTX for mode in above)


def template_sources(overrides: Path | None = None) -> dict[str, str]:
    """Template texts by name; a file of the same name in ``overrides`` takes precedence."""
    found: dict[str, str] = {}
    for entry in resources.files("atdata_templates").iterdir():
        if entry.name.endswith(".jinja"):
            found[entry.name] = entry.read_text(encoding="utf-8")
    if overrides is not None:
        for file in sorted(overrides.glob("*.jinja")):
            found[file.name] = read_file(str(file), _LARGEST).decode("utf-8")
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

            if self._overrides is None:
                kind, cache = jinja2.Environment, cache_dir()
            else:
                # A folder may bring templates with its settings; they make text, and do nothing else. What is
                # compiled for the one kind of environment does not run in the other.
                from jinja2.sandbox import ImmutableSandboxedEnvironment

                kind, cache = ImmutableSandboxedEnvironment, None
            self._environment = kind(
                loader=jinja2.DictLoader(template_sources(self._overrides)),
                undefined=jinja2.StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                keep_trailing_newline=True,
                autoescape=_is_html,
                auto_reload=False,
                bytecode_cache=_kept(cache) if cache else None,
            )
        return self._environment.get_template(template)


def _kept(folder: Path) -> jinja2.BytecodeCache:
    """Compiled templates in ``folder``, as far as its disk takes them: without them a run takes longer, no more."""
    import jinja2

    class Kept(jinja2.FileSystemBytecodeCache):
        def dump_bytecode(self, bucket: Any) -> None:
            with suppress(OSError):
                super().dump_bytecode(bucket)

    return Kept(str(folder))


def _is_html(template: str | None) -> bool:
    """Pages are escaped by jinja2; source text is made of literals that are escaped already."""
    return template is not None and template.endswith(".html.jinja")


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
