"""A whole run: settings in, files written, and an account of it out. No printing, no exit codes."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from atdata_codegen.config import Settings
from atdata_codegen.output import Changes, Existing, apply, compare, has_litter, refuse_foreign, refuse_links, scan
from atdata_codegen.problems import Problem
from atdata_codegen.remote.lock import addresses
from atdata_codegen.sources import Source, digest, read_sources
from atdata_codegen.state import State, fingerprint, load_state, state_bytes

__all__ = ["Result", "generate"]


@dataclass(slots=True)
class Result:
    """What a run found and did. ``failed`` when a document was refused, or ``check`` found differences."""

    problems: list[Problem] = field(default_factory=list)
    changes: Changes = field(default_factory=Changes)
    documents: int = 0
    seconds: float = 0.0
    wrote: bool = False
    checked: bool = False

    @property
    def errors(self) -> int:
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def failed(self) -> bool:
        return bool(self.errors) or (self.checked and bool(self.changes))


def generate(settings: Settings, *, check: bool = False, dry_run: bool = False, progress: object = None) -> Result:
    """Generate the output of ``settings``, changed files only.

    ``check`` renders everything anew, believes nothing that an earlier run remembered, and writes nothing;
    ``dry_run`` writes nothing either. Raises :class:`~atdata_codegen.problems.ProblemError` when the run as a
    whole cannot be done; documents that are refused are in ``Result.problems``, and the others are generated.
    """
    begun = time.perf_counter()
    sources = read_sources(settings.inputs)
    included = [(item.package, read_sources([item.folder])) for item in settings.include]
    if settings.package:
        refuse_links(settings.output, [settings.package.replace(".", "/") + "/__init__.py"])
    existing = scan(settings.root)
    published = addresses(settings.inputs)
    inputs = _inputs(sources, included, published)
    mark = _fingerprint(settings)
    last = None if check else load_state(settings.root)
    if last is not None and last.fingerprint != mark:
        last = None
    if last is not None and last.inputs == inputs:
        changes = compare(existing, last.files)
        if not changes and not has_litter(settings.root):
            return Result(last.problems, changes, last.documents, time.perf_counter() - begun)
    result = _build(
        settings, sources, included, existing, last, State(mark, inputs), check or dry_run, progress, published
    )
    result.checked = check
    result.seconds = time.perf_counter() - begun
    return result


def _build(
    settings: Settings,
    sources: list[Source],
    included: list[tuple[str, list[Source]]],
    existing: Existing,
    last: State | None,
    state: State,
    dry: bool,
    progress: object,
    published: Mapping[str, str],
) -> Result:
    from atdata_codegen.build import Progress, build  # jinja2 and the parser, which a run with nothing to do spares

    known = {
        name: unit
        for name, unit in (last.modules if last else {}).items()
        if last is not None and all(existing.hashes.get(file) == last.files.get(file, "") for file in unit[1])
    }
    shown = progress if isinstance(progress, Progress) else None
    tree = build(settings, sources, included, known, shown, published)
    texts: dict[str, bytes] = {}
    for name, unit in tree.units.items():
        if unit.files is None:
            names = unit.kept
            state.files.update({file: existing.hashes[file] for file in names})
        else:
            names = tuple(unit.files)
            for file, text in unit.files.items():
                texts[file] = text.encode("ascii")
                state.files[file] = digest(texts[file])
        if unit.key:
            state.modules[name] = (unit.key, names)
    state.problems, state.documents = tree.problems, tree.documents
    changes = compare(existing, state.files)
    result = Result(tree.problems, changes, tree.documents)
    if result.errors:
        # A document that was refused keeps what was generated from it while it was whole.
        changes.orphans = [name for name in changes.orphans if _hides(name, state.files)]
    if not dry:
        refuse_foreign(settings.root, existing, changes)
        apply(settings.root, changes, texts, state_bytes(state))
        result.wrote = True
    return result


def _hides(orphan: str, files: Mapping[str, str]) -> bool:
    """Whether a package that is no more would be imported in the place of a module that is new."""
    package, mark, _ = orphan.rpartition("/__init__.")
    return bool(mark) and f"{package}.py" in files


def _inputs(sources: list[Source], included: list[tuple[str, list[Source]]], published: Mapping[str, str]) -> str:
    parts = [f"{source.file}\0{source.sha}" for source in sources]
    parts += [f"{package}\0{source.file}\0{source.sha}" for package, files in included for source in files]
    parts += [f"{cid}\0{uri}" for cid, uri in sorted(published.items())]
    return digest("\n".join(parts).encode("utf-8", "surrogateescape"))


def _fingerprint(settings: Settings) -> str:
    here = os.path.dirname(os.path.abspath(__file__))
    import atdata_templates

    import atdata_lexicon

    folders = [here, *atdata_lexicon.__path__, *atdata_templates.__path__]
    if settings.templates:
        folders.append(settings.templates)
    return fingerprint([settings.package, str(settings.strict), settings.models], folders)
