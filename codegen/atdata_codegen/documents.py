"""Sets of schema documents to compare: what every kind of input becomes, and all that a comparison asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from atdata_codegen.positions import locate
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_codegen.sources import Source, kind_of
from atdata_lexicon.cid import cid_for_cbor
from atdata_lexicon.data import encode_record
from atdata_lexicon.errors import AtdataError

__all__ = ["Documents", "Kind", "SchemaDocument", "document_cid", "documents_from_sources", "identity"]

Kind = Literal["lexicon", "sample", "lens"]
_KINDS: Final[Mapping[str, Kind]] = {"lexicon": "lexicon", "sample": "sample", "lens": "lens"}


@dataclass(frozen=True, slots=True)
class SchemaDocument:
    """One document: its JSON as it came, who it says it is, and where it was found.

    ``subject`` is the NSID of a Lexicon, the name of a sample schema or of a lens; ``version`` is a sample schema's.
    Nothing beyond that was checked: a document may be refused by its parser.
    """

    kind: Kind
    subject: str
    value: Mapping[str, Any] = field(repr=False)  # Any: JSON
    source: Source
    version: str = ""

    @property
    def key(self) -> str:
        """What no two documents of a set share: ``com.example.post``, ``sample:Image@1.0.0``, ``lens:old_to_new``."""
        return identity(self.kind, self.subject, self.version)


def identity(kind: Kind, subject: str, version: str = "") -> str:
    """The key of a document in :class:`Documents`, and in a lock file.

    >>> identity("lexicon", "com.example.post"), identity("sample", "Image", "1.0.0")
    ('com.example.post', 'sample:Image@1.0.0')
    """
    if kind == "lexicon":
        return subject
    return f"{kind}:{subject}@{version}" if version else f"{kind}:{subject}"


def document_cid(document: SchemaDocument) -> str:
    """The CID of a document as a record, which is how it is published; empty where it is no record.

    ``$ref``, which an index adds to say where a record came from, is no part of it.
    """
    record = {key: value for key, value in document.value.items() if key != "$ref"}
    if document.kind == "lexicon":
        record = {"$type": "com.atproto.lexicon.schema", **record}
    try:
        return cid_for_cbor(encode_record(record))
    except (AtdataError, TypeError, ValueError, RecursionError):
        return ""


@dataclass(frozen=True, slots=True)
class Documents:
    """One side of a comparison.

    ``name`` says in the user's words what it is. ``problems`` are files that could not be read as JSON, or that
    claim a key that another has. ``locked`` holds the CID of what was published under a key, where the side is
    or has a lock file.
    """

    name: str
    items: Mapping[str, SchemaDocument]
    problems: tuple[Problem, ...] = ()
    locked: Mapping[str, str] = field(default_factory=dict)

    def of(self, kind: Kind) -> dict[str, SchemaDocument]:
        """The documents of one kind, by key."""
        return {key: document for key, document in self.items.items() if document.kind == kind}


def documents_from_sources(name: str, sources: Iterable[Source], locked: Mapping[str, str] | None = None) -> Documents:
    """The set of documents in ``sources``; what is no schema is left out, what is no JSON is a problem.

    >>> found = documents_from_sources("x", [Source("a.json", b'{"lexicon": 1, "id": "com.example.a", "defs": {}}')])
    >>> list(found.items)
    ['com.example.a']
    """
    items: dict[str, SchemaDocument] = {}
    problems: list[Problem] = []
    for source in sources:
        try:
            value = source.load()
        except ProblemError as error:
            problems.extend(locate(error.problems, source.file, source.raw))
            continue
        kind = _KINDS.get(kind_of(value))
        if kind is None:
            continue
        subject = value.get("id" if kind == "lexicon" else "name")
        version = value.get("version") if kind == "sample" else ""
        if not isinstance(subject, str) or not isinstance(version, str):
            key = "version" if isinstance(subject, str) else "id" if kind == "lexicon" else "name"
            found = Problem((key,), "is missing, or no text", "without it nobody can refer to the document")
            problems.extend(locate([found], source.file, source.raw))
            continue
        document = SchemaDocument(kind, subject, value, source, version)
        first = items.setdefault(document.key, document)
        if first is not document and first.value != value:
            message = f"is {clean(document.key, 200)}, which {first.source.file} is too, with other contents"
            problems.extend(locate([Problem((), message, code="duplicate")], source.file, source.raw))
    return Documents(name, items, tuple(problems), dict(locked or {}))
