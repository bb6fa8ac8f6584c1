"""Rules about whole Lexicon files: what they are, where they lie, whether the language accepts them."""

from __future__ import annotations

from collections.abc import Iterator

from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.lint.documents import Doc
from atdata_codegen.lint.rule import Hit, document_rule
from atdata_codegen.problems import clean
from atdata_lexicon.syntax import is_nsid

_THING = {"type": "token", "description": "A thing."}
_GOOD = {"lexicon": 1, "id": "com.example.thing", "defs": {"main": _THING}}


@document_rule(
    "schema-json-parse", "error", "broken",
    "The file is not strict JSON: syntax, encoding, a key that stands twice, a number that is none.",
    "text", '{"lexicon": 1, "lexicon": 1}', '{"lexicon": 1, "id": "com.example.thing", "defs": {"main": '
    '{"type": "token", "description": "A thing."}}}',
)  # fmt: skip
def _schema_json_parse(doc: Doc) -> Iterator[Hit]:
    for problem in doc.refusal:
        yield Hit((), problem.message, problem.hint)


@document_rule(
    "no-schema", "warning", "other",
    "JSON that is neither a Lexicon nor a sample schema nor a lens.",
    "document", {"title": "Notes"}, _GOOD,
)  # fmt: skip
def _no_schema(doc: Doc) -> Iterator[Hit]:
    yield Hit((), "is neither a Lexicon nor a sample schema nor a lens", "move it elsewhere, or give it its $type")


@document_rule(
    "lexicon-version", "error", "lexicon",
    "`lexicon` is 1, the only version of the language.",
    "document", {"lexicon": 2, "id": "com.example.thing", "defs": {"main": _THING}}, _GOOD,
)  # fmt: skip
def _lexicon_version(doc: Doc) -> Iterator[Hit]:
    version = doc.value.get("lexicon")
    if version != 1 or isinstance(version, bool):
        yield Hit(("lexicon",), f"is {clean(version, 40)}", 'write "lexicon": 1')


@document_rule(
    "lexicon-schema", "error", "lexicon",
    "What the language refuses and no other rule names: a missing key, a value of the wrong type, bounds that cross.",
    "field", {"type": "integer", "minimum": 3, "maximum": 2}, {"type": "integer", "minimum": 2, "maximum": 3},
)  # fmt: skip
def _lexicon_schema(doc: Doc) -> Iterator[Hit]:
    _, problems = parse_document(doc.value)
    for problem in problems:
        if problem.severity == "error":
            yield Hit(problem.path, problem.message, problem.hint)


@document_rule(
    "duplicate-document", "error", "lexicon",
    "Two files with one id and other contents.",
    "document", [_GOOD, {**_GOOD, "description": "Another."}], [_GOOD],
)  # fmt: skip
def _duplicate_document(doc: Doc) -> Iterator[Hit]:
    first = doc.folder.lexicons.get(doc.nsid)
    if first is not None and first is not doc and first.value != doc.value:
        file = clean(first.source.file, 200)
        yield Hit(("id",), f"{clean(doc.nsid, 120)} is also the id of {file}, with other contents", "remove one")


@document_rule(
    "file-name", "info", "lexicon",
    "Tools look for `com.example.thing` in `com/example/thing.json`.",
    "text", '{"lexicon": 1, "id": "com.example.thingy", "defs": {"main": {"type": "token", "description": "A."}}}',
    '{"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "token", "description": "A."}}}',
)  # fmt: skip
def _file_name(doc: Doc) -> Iterator[Hit]:
    wanted = doc.nsid.replace(".", "/") + ".json"
    file = doc.source.file
    if is_nsid(doc.nsid) and not f"/{file}".endswith((f"/{wanted}", f"/{doc.nsid}.json")):
        yield Hit(("id",), f"lies in {clean(file, 200)}", f"move it to {clean(wanted, 200)}")
