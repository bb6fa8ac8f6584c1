"""A folder of documents in, the JSON Schema of each out, by file name; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from atdata_codegen.jsonschema.convert import Schema
from atdata_codegen.jsonschema.documents import export_document, file_name
from atdata_codegen.jsonschema.samples import export_sample, sample_file
from atdata_codegen.lexicon import model as m
from atdata_codegen.lexicon.catalog import Catalog
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.lexicon.references import missing_references
from atdata_codegen.positions import locate
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.samples import Known, SampleSchema, parse_schema, resolve_refs
from atdata_codegen.sources import Source, kind_of

__all__ = ["Export", "export"]

_T = TypeVar("_T")


@dataclass(slots=True)
class Export:
    """Schemas by file name, and what was wrong with the documents."""

    schemas: dict[str, Schema] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def export(sources: Iterable[Source]) -> Export:
    """The schemas of all documents of ``sources``; lens documents describe no data and have none."""
    found = Export()
    lexicons: dict[str, tuple[m.Document, Source]] = {}
    samples: dict[str, tuple[SampleSchema, Source]] = {}
    refused: set[str] = set()
    for source in sources:
        try:
            value = source.load()
        except ProblemError as error:
            found.problems.extend(replace(problem, file=source.file, line=1) for problem in error.problems)
            continue
        kind = kind_of(value)
        if kind == "lexicon":
            document, problems = parse_document(value)
            found.problems.extend(locate(problems, source.file, source.raw))
            if document is not None:
                _add(lexicons, document.id, document, source, ("id",), found)
            elif isinstance(value, dict) and isinstance(value.get("id"), str):
                refused.add(value["id"])
        elif kind == "sample":
            schema, problems = parse_schema(value)
            found.problems.extend(locate(problems, source.file, source.raw))
            if schema is not None:
                _add(samples, sample_file(schema), schema, source, ("version",), found)
    documents = {nsid: document for nsid, (document, _) in lexicons.items()}
    catalog = Catalog(documents, {}, refused)
    for nsid, (document, source) in lexicons.items():
        found.problems.extend(locate(missing_references(document, catalog, False), source.file, source.raw))
        found.schemas[file_name(nsid)] = export_document(document, documents)
    known = Known(schema for schema, _ in samples.values())
    for name, (schema, source) in samples.items():
        try:
            refs = resolve_refs(schema, known)
        except ProblemError as error:
            found.problems.extend(locate(error.problems, source.file, source.raw))
        else:
            found.schemas[name] = export_sample(schema, refs)
    return found


def _add(
    seen: dict[str, tuple[_T, Source]], name: str, value: _T, source: Source, path: tuple[str, ...], found: Export
) -> None:
    first = seen.setdefault(name, (value, source))
    if first[1].sha != source.sha:
        problem = Problem(path, f"is the same as that of {first[1].file}, with other contents", "remove one of them")
        found.problems.extend(locate([problem], source.file, source.raw))
