"""The page of a sample type: its versions, what changed between them, how to make a sample, and its lenses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from atdata_codegen.graph import Graph
from atdata_codegen.lenses.model import LensDocument
from atdata_codegen.reference.code import sample_code
from atdata_codegen.reference.page import Entry, Example, Page, Piece, Row, Section
from atdata_codegen.reports.svg import graph_svg
from atdata_codegen.samples import Known
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, SampleField, SampleSchema
from atdata_codegen.samples.shapes import shape_text

__all__ = ["sample_page", "stem_of"]

_MOST_LABELS = 40


def stem_of(name: str) -> str:
    """The page of a sample type; no NSID has two segments."""
    return f"samples.{name}"


def sample_page(
    versions: Sequence[SampleSchema], lenses: Sequence[LensDocument], known: Known, graph: Graph, package: str
) -> Page:
    """The page of all ``versions`` of one name, the newest first."""
    ordered = sorted(versions, key=lambda schema: schema.number, reverse=True)
    newest = ordered[0]
    sections = []
    for number, schema in enumerate(ordered):
        before = ordered[number + 1] if number + 1 < len(ordered) else None
        facts = [f"CID: {schema.cid}", *(_changes(before, schema) if before else ())]
        example = Example("python", sample_code(schema, known, package))
        rows = tuple(_row(field, known, schema) for field in schema.fields)
        anchor = f"v{schema.version}"
        text = schema.description if schema is not newest else ""
        sections.append(Section(f"Version {schema.version}", anchor, "", text, rows, tuple(facts), example))
    mine = [lens for lens in lenses if newest.name in (lens.source.name, lens.target.name)]
    entries = tuple(_lens(lens) for lens in mine)
    lists = (("Lenses", entries),) if entries else ()
    names = {newest.name, *(name for lens in mine for name in (lens.source.name, lens.target.name))}
    picture = Graph(
        tuple(version for version in graph.versions if version.name in names),
        tuple(lens for lens in graph.lenses if newest.name in (lens.source[0], lens.target[0])),
    )
    svg = graph_svg(picture) if len(ordered) > 1 or mine else ""
    title, words = newest.name, newest.description
    return Page(stem_of(title), title, "Sample type", words, tuple(sections), lists, svg)


def _lens(lens: LensDocument) -> Entry:
    source, target = (f"{ref.name} {ref.version}".strip() or ref.uri for ref in (lens.source, lens.target))
    note = f"{source} to {target}" + (f": {lens.description}" if lens.description else "")
    return Entry(lens.module, stem_of(lens.target.name) if lens.target.name else "", note)


def _row(field: SampleField, known: Known, schema: SampleSchema) -> Row:
    need = "optional" if field.optional else "required" if field.default is None else "has a default"
    return Row(field.name, _type(field.type, known, schema), need, tuple(_notes(field)), field.description)


def _type(kind: FieldType, known: Known, schema: SampleSchema) -> tuple[Piece, ...]:
    if isinstance(kind, Primitive):
        return (Piece(kind.name),)
    if isinstance(kind, NdArray):
        shape = "any shape" if kind.shape is None else f"[{shape_text(kind.shape)}]"
        return (Piece(f"array {kind.dtype} {shape}"),)
    if isinstance(kind, ArrayOf):
        least, most = kind.min_length, kind.max_length
        count = f"{least} to {most} " if most is not None else f"at least {least} " if least else ""
        return (Piece(f"list of {count}"), *_type(kind.items, known, schema))
    target = known.find(kind.ref, schema.origin)
    if target is None:
        return (Piece(kind.ref.uri),)
    return (Piece(f"{target.name} {target.version}", stem_of(target.name), f"v{target.version}"),)


def _notes(field: SampleField) -> list[str]:
    notes: list[str] = []
    for value, words in (
        (field.default, "default"),
        (field.minimum, "at least"),
        (field.maximum, "at most"),
    ):
        if value is not None:
            notes.append(f"{words} {value!r}")
    if field.unit:
        notes.append(f"in {field.unit}")
    if field.enum:
        notes.append("one of " + ", ".join(repr(value) for value in field.enum[:_MOST_LABELS]))
    if field.labels:
        named = ", ".join(f"{number} {label}" for number, label in enumerate(field.labels[:_MOST_LABELS]))
        more = f" and {len(field.labels) - _MOST_LABELS} more" if len(field.labels) > _MOST_LABELS else ""
        notes.append(f"labels: {named}{more}")
    if field.media_type:
        notes.append(field.media_type)
    return notes


def _changes(before: SampleSchema, after: SampleSchema) -> list[str]:
    """What a version has that the one before has not, in a few words."""
    old: Mapping[str, SampleField] = {field.name: field for field in before.fields}
    new: Mapping[str, SampleField] = {field.name: field for field in after.fields}
    parts = [
        ("added", [name for name in new if name not in old]),
        ("removed", [name for name in old if name not in new]),
        ("changed", [name for name in new if name in old and new[name] != old[name]]),
    ]
    words = "; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names)
    return [f"since {before.version} {words or 'nothing but words'}"]
