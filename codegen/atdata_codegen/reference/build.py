"""All pages of a set of documents, and the files that they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from atdata_codegen.documents import Documents
from atdata_codegen.lenses.model import LensDocument
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.positions import locate
from atdata_codegen.problems import Problem, counted
from atdata_codegen.reference.lexicons import kind_of_document, lexicon_page
from atdata_codegen.reference.page import Entry, Page
from atdata_codegen.reference.samples import sample_page, stem_of
from atdata_codegen.reference.values import Examples
from atdata_codegen.reports.svg import graph_svg
from atdata_codegen.review.lexicons.side import Side
from atdata_codegen.review.picture import graph_of
from atdata_codegen.samples import Known, SampleSchema, parse_schema

__all__ = ["Reference", "reference"]

INDEX = "index"


@dataclass(slots=True)
class Reference:
    """Pages by the stem of their file, the index among them, and what was refused."""

    pages: list[Page] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(slots=True)
class _Read:
    lexicons: dict[str, m.Document] = field(default_factory=dict)
    samples: dict[str, list[SampleSchema]] = field(default_factory=dict)
    lenses: list[LensDocument] = field(default_factory=list)


def reference(documents: Documents, package: str = "generated") -> Reference:
    """A page for each Lexicon and each sample type, and an index; ``package`` is where examples import from.

    A document that its parser refuses has no page, and is a problem.
    """
    made = Reference(problems=list(documents.problems))
    read = _read(documents, made.problems)
    examples = Examples(Side(documents))
    pages = {nsid: nsid for nsid in read.lexicons}
    graph = graph_of(documents)
    known = Known(schema for versions in read.samples.values() for schema in versions)
    lexicons = [lexicon_page(document, pages, examples) for _, document in sorted(read.lexicons.items())]
    samples = [
        sample_page(versions, read.lenses, known, graph, package) for _, versions in sorted(read.samples.items())
    ]
    lists = (
        ("Sample types", tuple(Entry(page.title, page.stem, _first_line(page)) for page in samples)),
        ("Lenses", tuple(_lens_entry(lens) for lens in sorted(read.lenses, key=lambda lens: lens.module))),
        *_groups(read.lexicons),
    )
    lists = tuple((title, entries) for title, entries in lists if entries)
    svg = graph_svg(graph)
    words = (
        f"{counted(len(lexicons), 'Lexicon')}, {counted(len(samples), 'sample type')}, "
        f"{counted(len(read.lenses), 'lens', 'lenses')}."
    )
    made.pages = _with_live_links([Page(INDEX, "Schemas", "", words, (), lists, svg), *samples, *lexicons])
    return made


def _read(documents: Documents, problems: list[Problem]) -> _Read:
    read = _Read()
    for document in documents.items.values():
        found: list[Problem]
        if document.kind == "lexicon":
            lexicon, found = parse_document(document.value)
            if lexicon is not None:
                read.lexicons[lexicon.id] = lexicon
        elif document.kind == "sample":
            schema, found = parse_schema(document.value)
            if schema is not None:
                read.samples.setdefault(schema.name, []).append(schema)
        else:
            lens, found = parse_lens(document.value)
            if lens is not None:
                read.lenses.append(lens)
        problems.extend(locate(found, document.source.file, document.source.raw))
    return read


def _groups(lexicons: Mapping[str, m.Document]) -> list[tuple[str, tuple[Entry, ...]]]:
    """Lexicons by the group that their NSID is in."""
    groups: dict[str, list[Entry]] = {}
    for nsid, document in sorted(lexicons.items()):
        group, _, name = nsid.rpartition(".")
        kind = kind_of_document(document)
        words = _description(document)
        groups.setdefault(group, []).append(Entry(name, nsid, f"{kind}. {words}" if words else f"{kind}."))
    return [(group, tuple(entries)) for group, entries in groups.items()]


def _description(document: m.Document) -> str:
    main = document.defs.get("main")
    return (document.description or getattr(main, "description", "") or "").split("\n")[0]


def _first_line(page: Page) -> str:
    versions = ", ".join(section.title.removeprefix("Version ") for section in page.sections)
    words = page.description.split("\n")[0]
    return f"{words} ({versions})" if words else f"({versions})"


def _lens_entry(lens: LensDocument) -> Entry:
    source, target = (f"{ref.name} {ref.version}".strip() or ref.uri for ref in (lens.source, lens.target))
    return Entry(lens.module, stem_of(lens.source.name) if lens.source.name else "", f"{source} to {target}")


def _with_live_links(pages: list[Page]) -> list[Page]:
    """Links of lists to pages that were not made become text."""
    stems = {page.stem for page in pages}
    return [
        replace(
            page,
            lists=tuple(
                (title, tuple(replace(entry, page=entry.page if entry.page in stems else "") for entry in entries))
                for title, entries in page.lists
            ),
        )
        for page in pages
    ]
