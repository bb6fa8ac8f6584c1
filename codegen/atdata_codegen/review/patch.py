"""What a change of schemas does to the generated code, as a unified diff; both sides are generated in memory."""

from __future__ import annotations

from typing import Final

from atdata_codegen.build import Tree, build
from atdata_codegen.config import Settings
from atdata_codegen.documents import Documents
from atdata_codegen.line_diff import unified

__all__ = ["generated_patch"]

_MOST_LINES: Final = 20_000
#: Where a record model keeps its Lexicon, as JSON.
_HIDDEN: Final = "\n_LEXICON = "


def generated_patch(old: Documents, new: Documents, package: str = "generated") -> str:
    """The diff of what the generator would write: modules, or their stubs. Empty when nothing changes.

    A document that is refused changes nothing. A diff of more than 20,000 lines is cut, and says so.
    """
    before = _build(old, package, {})
    known = {name: (unit.key, tuple(unit.files or ())) for name, unit in before.units.items() if unit.key}
    after = _build(new, package, known)
    old_files, new_files = _files(before), _files(after)
    for unit in after.units.values():  # what stands as it was is not made again
        if unit.files is None:
            new_files.update({name: old_files[name] for name in unit.kept if name in old_files})
    if any(problem.severity == "error" for problem in after.problems):
        # A document that was refused keeps what was generated from it.
        new_files = {**old_files, **new_files}
    lines: list[str] = []
    for name in sorted({*old_files, *new_files}):
        was, now = old_files.get(name, ""), new_files.get(name, "")
        if was != now:
            ends = (f"a/{package}/{name}" if was else "/dev/null", f"b/{package}/{name}" if now else "/dev/null")
            lines.extend(unified(was.splitlines(), now.splitlines(), *ends))
        if len(lines) > _MOST_LINES:
            lines[_MOST_LINES:] = ["... and more, which was cut"]
            break
    return "".join(f"{line}\n" for line in lines)


def _build(documents: Documents, package: str, known: dict[str, tuple[str, tuple[str, ...]]]) -> Tree:
    settings = Settings((documents.name,), package)
    sources = {document.source.file: document.source for document in documents.items.values()}
    return build(settings, list(sources.values()), [], known)


def _files(tree: Tree) -> dict[str, str]:
    """What users see of the files: the stub of a module that has one, a record model without its definitions."""
    files = {name: text for unit in tree.units.values() for name, text in (unit.files or {}).items()}
    return {name: text.partition(_HIDDEN)[0] for name, text in files.items() if f"{name}i" not in files}
