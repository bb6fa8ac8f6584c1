"""Rules about whole sample schema documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from atdata_codegen.lexicon.fields import LINT_KEY
from atdata_codegen.lint.documents import Doc
from atdata_codegen.lint.rule import Hit, document_rule
from atdata_codegen.problems import clean
from atdata_codegen.samples import is_version, parse_schema
from atdata_codegen.samples.model import TYPE_PREFIX, ArrayOf, RefType, SchemaRef
from atdata_codegen.samples.reserved import sample_name_problem

_KEYS = frozenset({"$type", "name", "version", "description", "fields", "metadata", "createdAt", LINT_KEY, "$ref"})
_INT = {"$type": f"{TYPE_PREFIX}primitive", "primitive": "int"}
_FIELDS = [{"name": "n", "fieldType": _INT, "description": "How many."}]
_GOOD = {"name": "LintSample", "version": "1.0.0", "description": "A sample.", "fields": _FIELDS}


def fields_of(doc: Doc) -> Iterator[tuple[int, dict[str, Any]]]:
    """The fields that are objects, with their place in the list."""
    fields = doc.value.get("fields")
    for i, field in enumerate(fields if isinstance(fields, list) else []):
        if isinstance(field, dict):
            yield i, field


@document_rule(
    "sample-schema", "error", "sample",
    "What the generator refuses in a sample schema and no other rule names.",
    "sample", {**_GOOD, "fields": []}, _GOOD,
)  # fmt: skip
def _sample_schema(doc: Doc) -> Iterator[Hit]:
    for problem in parse_schema(doc.value)[1]:
        yield Hit(problem.path, problem.message, problem.hint)


@document_rule(
    "sample-name", "error", "sample",
    "The name of a schema becomes the name of a class.",
    "sample", {**_GOOD, "name": "list"}, _GOOD,
)  # fmt: skip
def _sample_name(doc: Doc) -> Iterator[Hit]:
    found = sample_name_problem(doc.value.get("name"))
    if found:
        yield Hit(("name",), f"{clean(doc.value.get('name'), 80)} {found[0]}", found[1])


@document_rule(
    "sample-name-style", "warning", "sample",
    "Classes are written in PascalCase.",
    "sample", {**_GOOD, "name": "lint_sample"}, _GOOD,
)  # fmt: skip
def _sample_name_style(doc: Doc) -> Iterator[Hit]:
    name = doc.value.get("name")
    if isinstance(name, str) and not sample_name_problem(name) and (not name[:1].isupper() or "_" in name):
        better = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        yield Hit(("name",), f"{clean(name, 80)} is not PascalCase", f"such as {clean(better, 80)}")


@document_rule(
    "sample-version", "error", "sample",
    "A version is MAJOR.MINOR.PATCH of digits.",
    "sample", {**_GOOD, "version": "1.0"}, _GOOD,
)  # fmt: skip
def _sample_version(doc: Doc) -> Iterator[Hit]:
    version = doc.value.get("version")
    if not is_version(version):
        yield Hit(("version",), f"{clean(version, 40)} is no version", "such as 1.0.0")


@document_rule(
    "sample-missing-description", "warning", "sample",
    "A sample schema without a description leaves its readers to guess.",
    "sample", {"name": "LintSample", "version": "1.0.0", "fields": _FIELDS}, _GOOD,
)  # fmt: skip
def _sample_missing_description(doc: Doc) -> Iterator[Hit]:
    text = doc.value.get("description", "")
    if isinstance(text, str) and not text.strip():
        yield Hit((), "has no description", "say what a sample of this type holds")


@document_rule(
    "sample-unexpected-key", "warning", "sample",
    "A key of a sample schema that nobody reads.",
    "sample", {**_GOOD, "descripton": "A sample."}, _GOOD,
)  # fmt: skip
def _sample_unexpected_key(doc: Doc) -> Iterator[Hit]:
    for key in doc.value:
        if key not in _KEYS:
            near = get_close_matches(key[:40], _KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else "put it into metadata, or remove it"
            yield Hit((key,), f"{clean(key, 40)!r} means nothing here", hint)


@document_rule(
    "sample-duplicate", "error", "sample",
    "Two documents of one name and version with other contents.",
    "sample", [_GOOD, {**_GOOD, "description": "Another."}], [_GOOD],
)  # fmt: skip
def _sample_duplicate(doc: Doc) -> Iterator[Hit]:
    first = doc.folder.samples.get((doc.subject, doc.version))
    if first is not None and first is not doc and first.value != doc.value:
        what = f"{doc.subject} {clean(doc.version, 40)}"
        yield Hit((), f"{what} is also in {clean(first.source.file, 200)}", "raise the version, or remove one")


@document_rule(
    "sample-holds-itself", "error", "sample",
    "A sample that holds itself, directly or through others, would have no end.",
    "sample", {**_GOOD, "fields": [{"name": "next", "description": "Next.", "fieldType": {
        "$type": f"{TYPE_PREFIX}ref", "ref": "atdata://local/sampleSchema/LintSample@1.0.0"}}]}, _GOOD,
)  # fmt: skip
def _sample_holds_itself(doc: Doc) -> Iterator[Hit]:
    schema, _ = parse_schema(doc.value)
    known = doc.folder.known
    mine = known.find(SchemaRef("", "local", schema.name, schema.version)) if schema is not None else None
    if schema is None or mine is None or mine.cid != schema.cid:
        return
    for i, field in enumerate(schema.fields):
        kind = field.type
        while isinstance(kind, ArrayOf):
            kind = kind.items
        target = known.find(kind.ref) if isinstance(kind, RefType) else None
        if target is not None and known.leads_back(mine, target):
            what = f"{clean(target.name, 80)} leads back to {clean(schema.name, 80)}"
            yield Hit(("fields", i), what, "refer by a number into a list of them")


@document_rule(
    "sample-dim-used-once", "info", "sample",
    "A named dimension that stands once ties nothing together; `_` says that any size will do.",
    "sample", {**_GOOD, "fields": [{"name": "x", "description": "X.", "fieldType": {
        "$type": f"{TYPE_PREFIX}ndarray", "dtype": "uint8", "shape": ["h"]}}]},
    {**_GOOD, "fields": [{"name": "x", "description": "X.", "fieldType": {
        "$type": f"{TYPE_PREFIX}ndarray", "dtype": "uint8", "shape": ["h", "h"]}}]},
)  # fmt: skip
def _sample_dim_used_once(doc: Doc) -> Iterator[Hit]:
    places: dict[str, tuple[str | int, ...]] = {}
    counts: Counter[str] = Counter()
    for i, field in fields_of(doc):
        kind = field.get("fieldType")
        shape = kind.get("shape") if isinstance(kind, dict) else None
        for at, dim in enumerate(shape if isinstance(shape, list) else []):
            if isinstance(dim, str) and dim.isidentifier() and dim != "_":
                counts[dim] += 1
                places[dim] = ("fields", i, "fieldType", "shape", at)
    for dim, count in counts.items():
        if count == 1:
            yield Hit(places[dim], f"the dimension {clean(dim, 60)!r} stands once", 'write "_", or keep it as a label')


@document_rule(
    "sample-duplicate-field", "error", "sample",
    "Two fields of one name.",
    "sample", {**_GOOD, "fields": [*_FIELDS, *_FIELDS]}, _GOOD,
)  # fmt: skip
def _sample_duplicate_field(doc: Doc) -> Iterator[Hit]:
    seen: set[str] = set()
    for i, field in fields_of(doc):
        name = field.get("name")
        if isinstance(name, str):
            if name in seen:
                yield Hit(("fields", i, "name"), f"{clean(name, 80)} stands twice", "rename one")
            seen.add(name)
