"""One run of the generator in memory: sources in, the text of every file out, nothing written.

A unit is what is rendered together: the module of one Lexicon document, or all sample schemas. Its key is
a hash of everything that its text depends on, so an unchanged key means an unchanged text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from atdata_codegen.audit import AuditError, compile_checked
from atdata_codegen.config import Settings
from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.catalog import Catalog
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.lexicon.plan import plan_module
from atdata_codegen.lexicon.references import missing_references
from atdata_codegen.lexicon.render import children, package_inits, render_module
from atdata_codegen.positions import locate
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.root import render_root
from atdata_codegen.sample_stage import SampleStage
from atdata_codegen.sources import Source, digest, kind_of
from atdata_codegen.templating import Renderer

__all__ = ["Progress", "Tree", "Unit", "build"]


@dataclass(slots=True)
class Unit:
    """Files made together, by path below the root; ``texts`` is None when they stand from the last run."""

    key: str
    files: dict[str, str] | None
    kept: tuple[str, ...] = ()


@dataclass(slots=True)
class Tree:
    """Everything one run made."""

    units: dict[str, Unit] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    documents: int = 0


class Progress:
    """Told how far a run is; the command draws it on a terminal, everybody else stays silent."""

    def step(self, what: str, done: int, total: int) -> None:
        """``done`` of ``total`` documents went through the step ``what``."""


@dataclass(slots=True)
class _Read:
    lexicons: dict[str, tuple[m.Document, Source]] = field(default_factory=dict)
    samples: list[tuple[object, Source]] = field(default_factory=list)
    lenses: list[tuple[object, Source]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)


def build(
    settings: Settings,
    sources: list[Source],
    included: list[tuple[str, list[Source]]],
    known: Mapping[str, tuple[str, tuple[str, ...]]],
    progress: Progress | None = None,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> Tree:
    """Render what changed since ``known`` (keys and files of the last run; empty renders all of it).

    ``addresses`` are those of published sample schemas, by CID.
    """
    progress = progress or Progress()
    tree = Tree(documents=len(sources))
    if not sources:
        hint = "give the folder of your schemas"
        where = ", ".join(settings.inputs)
        tree.problems.append(Problem((), "holds no .json file", hint, "warning", "empty", where))
    read = _read(sources, tree.problems, progress)
    others: dict[str, tuple[m.Document, str]] = {}
    shas: dict[str, str] = {nsid: source.sha for nsid, (_, source) in read.lexicons.items()}
    for package, files in included:
        ignored: list[Problem] = []
        for nsid, (document, source) in _read(files, ignored, Progress()).lexicons.items():
            others[nsid] = (document, package)
            shas.setdefault(nsid, source.sha)
        tree.problems.extend(p for p in ignored if p.severity == "error")
    catalog = Catalog({nsid: document for nsid, (document, _) in read.lexicons.items()}, others, read.refused)
    renderer = Renderer(Path(settings.templates) if settings.templates else None)
    allowed = None if settings.templates else frozenset(package.partition(".")[0] for package, _ in included if package)
    places = digest("\n".join(f"{n}={m.path}={m.root}" for n, m in sorted(catalog.modules.items())).encode())
    below = children(catalog.modules.values())
    total = len(read.lexicons)
    styled = settings.models != "dataclass"
    for done, (nsid, (document, source)) in enumerate(read.lexicons.items()):
        module = catalog.modules[nsid]
        tree.problems.extend(locate(missing_references(document, catalog, settings.strict), source.file, source.raw))
        if styled:
            continue  # the documents of the other styles share a module
        refs = sorted({nsid for _, nsid, _ in document.refs})
        key = digest("\n".join([places, source.sha, *(f"{r}={shas.get(r, '')}" for r in refs)]).encode())
        last = known.get(nsid)
        if last is not None and last == (key, (module.path,)):
            tree.units[nsid] = Unit(key, None, last[1])
            continue
        submodules = below.get(module.parts, ()) if module.is_package else ()
        plan = plan_module(document, catalog, submodules)
        texts = {module.path: render_module(plan, renderer)}
        good = _checked(texts, source, allowed, tree.problems)
        # A module that was refused is rendered, and reported, again by every run.
        tree.units[nsid] = Unit(key if len(good) == len(texts) else "", good)
        progress.step("rendered", done + 1, total)
    inits, top = package_inits(catalog.modules.values(), renderer), below.get((), ())
    if styled:
        from atdata_codegen.styles import STYLE_MODULES, render_style, style_key

        inits, top = {}, STYLE_MODULES[settings.models]
        key = style_key(settings.models, {nsid: shas[nsid] for nsid in catalog.documents})
        last = known.get("models")
        if last is not None and last[0] == key:
            tree.units["models"] = Unit(key, None, last[1])
        else:
            texts = render_style(catalog.documents, settings.models, renderer)
            good = _checked(texts, None, allowed, tree.problems)
            tree.units["models"] = Unit(key if len(good) == len(texts) else "", good)
    stage = SampleStage(read.samples, read.lenses, renderer, addresses)
    tree.problems.extend(stage.problems)
    last = known.get("samples")
    if last is not None and last[0] == stage.key:
        tree.units["samples"] = Unit(stage.key, None, last[1])
    else:
        tree.units["samples"] = Unit(stage.key, _checked(stage.render(), None, allowed, tree.problems))
    inits.update(render_root(top, stage.names, stage.has_lenses, renderer))
    tree.units["packages"] = Unit("", _checked(inits, None, allowed, tree.problems))
    return tree


def _read(sources: list[Source], problems: list[Problem], progress: Progress) -> _Read:
    read = _Read()
    for done, source in enumerate(sources):
        try:
            value = source.load()
        except ProblemError as error:
            problems.extend(replace(p, file=source.file, line=p.line or 1) for p in error.problems)
            continue
        kind = kind_of(value)
        if kind == "lexicon":
            document, found = parse_document(value)
            problems.extend(locate(found, source.file, source.raw))
            if document is not None:
                _add(read, document, source, problems)
            elif isinstance(value, dict) and isinstance(value.get("id"), str):
                read.refused.add(value["id"])
        elif kind == "sample":
            read.samples.append((value, source))
        elif kind == "lens":
            read.lenses.append((value, source))
        else:
            hint = 'a Lexicon has "lexicon", "id" and "defs"; a sample schema has "$type"'
            message = "is neither a Lexicon nor a sample schema nor a lens, and was left out"
            problems.append(Problem((), message, hint, "warning", "other", source.file, 1))
        progress.step("read", done + 1, len(sources))
    return read


def _add(read: _Read, document: m.Document, source: Source, problems: list[Problem]) -> None:
    first = read.lexicons.get(document.id)
    if first is None:
        read.lexicons[document.id] = (document, source)
    elif first[1].sha != source.sha:
        message = f"has the id {document.id}, which {first[1].file} has too, with other contents"
        problems.append(Problem(("id",), message, "remove one of them", "error", "duplicate", source.file, 1))


def _checked(
    files: dict[str, str], source: Source | None, modules: frozenset[str] | None, problems: list[Problem]
) -> dict[str, str]:
    """The files whose text passes the audit and compiles; the others become problems.

    ``modules`` is None when the user brought templates: what these write is the user's own affair, so their
    text is only compiled.
    """
    good: dict[str, str] = {}
    for name, text in files.items():
        try:
            if modules is None:
                compile(text, name, "exec", dont_inherit=True)
                text.encode("ascii")
            elif text:
                compile_checked(text, name, modules)
        except (AuditError, SyntaxError, ValueError) as error:
            problems.append(Problem((), str(error), file=source.file if source else name, line=1, code="audit"))
        else:
            good[name] = text
    return good
