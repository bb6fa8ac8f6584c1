"""Rules about lens documents."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.lenses.model import MAPPING_TYPE
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lenses.plan import plan_lens
from atdata_codegen.lint.documents import Doc
from atdata_codegen.lint.rule import Hit, document_rule
from atdata_codegen.problems import ProblemError, clean
from atdata_codegen.samples.refs import parse_ref

_ONE, _TWO = (f"atdata://local/sampleSchema/LintSample@{version}" for version in ("1.0.0", "2.0.0"))


@document_rule(
    "lens-document", "error", "lens",
    "A lens document that the generator refuses.",
    "lens", {"name": "one_to_two", "sourceSchema": _ONE, "description": "One."},
    {"name": "one_to_two", "sourceSchema": _ONE, "targetSchema": _ONE, "description": "One."},
)  # fmt: skip
def _lens_document(doc: Doc) -> Iterator[Hit]:
    for problem in parse_lens(doc.value)[1]:
        yield Hit(problem.path, problem.message, problem.hint)


@document_rule(
    "lens-unknown-schema", "warning", "lens",
    "A lens from or to a sample schema that is neither in the folder nor included.",
    "lens", {"name": "one", "sourceSchema": _ONE, "targetSchema": _TWO, "description": "One."},
    {"name": "one", "sourceSchema": _ONE, "targetSchema": _ONE, "description": "One."},
)  # fmt: skip
def _lens_unknown_schema(doc: Doc) -> Iterator[Hit]:
    for key in ("sourceSchema", "targetSchema"):
        ref = parse_ref(doc.value.get(key))
        if ref is not None and ref.origin == "local" and doc.folder.known.find(ref) is None:
            yield Hit((key,), f"{clean(ref.uri, 200)} is not here", "add the schema, or correct the address")


@document_rule(
    "lens-mapping", "error", "lens",
    "A mapping that names a field which one of its schemas does not have, casts to a type that does not hold every "
    "value, or leaves a required field without one.",
    "lens", {"name": "one", "sourceSchema": _ONE, "targetSchema": _ONE, "description": "One.", "mapping": {
        "$type": MAPPING_TYPE, "rules": [{"target": "n", "source": "nobody"}]}},
    {"name": "one", "sourceSchema": _ONE, "targetSchema": _ONE, "description": "One.", "mapping": {
        "$type": MAPPING_TYPE, "rules": [{"target": "n", "source": "n"}]}},
)  # fmt: skip
def _lens_mapping(doc: Doc) -> Iterator[Hit]:
    lens, _ = parse_lens(doc.value)
    if lens is None or any(doc.folder.known.find(ref) is None for ref in (lens.source, lens.target)):
        return  # other rules say so
    try:
        plan_lens(lens, doc.folder.known, "samples")
    except ProblemError as error:
        for problem in error.problems:
            yield Hit(problem.path, problem.message, problem.hint)


@document_rule(
    "lens-missing-description", "info", "lens",
    "A lens without a description leaves its users to read the mapping.",
    "lens", {"name": "one", "sourceSchema": _ONE, "targetSchema": _ONE},
    {"name": "one", "sourceSchema": _ONE, "targetSchema": _ONE, "description": "One as one."},
)  # fmt: skip
def _lens_missing_description(doc: Doc) -> Iterator[Hit]:
    if not doc.value.get("description"):
        yield Hit((), "has no description", "say what it changes, and what it loses")
