"""A record becomes a document of ours: read by the generator's own parsers, and given the name of its file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.problems import Problem, clean
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.records import RemoteRecord
from atdata_codegen.review.documents import Kind, identity
from atdata_codegen.samples.parse import parse_schema
from atdata_codegen.sources import LENS, SAMPLE_SCHEMA

__all__ = ["COLLECTIONS", "LEXICON", "Pulled", "checked_document"]

#: The collection of Lexicon documents. It stands here by hand because the generator works before its own output exists.
LEXICON: Final = "com.atproto.lexicon.schema"
COLLECTIONS: Final[dict[str, Kind]] = {LEXICON: "lexicon", SAMPLE_SCHEMA: "sample", LENS: "lens"}


@dataclass(frozen=True, slots=True)
class Pulled:
    """A record that passed every check: its key in a lock file, and where below the folder it belongs."""

    key: str
    kind: Kind
    record: RemoteRecord
    file: str
    refs: tuple[str, ...] = field(default=())

    @property
    def data(self) -> bytes:
        """The bytes of the file: the record itself, two spaces an indent."""
        return (json.dumps(self.record.value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def checked_document(record: RemoteRecord) -> Pulled:
    """The document of a record; raises :class:`RemoteError` with all that its parser has against it."""
    did, collection, rkey = record.uri.removeprefix("at://").split("/")
    kind = COLLECTIONS.get(collection)
    if kind is None:
        raise RemoteError(record.uri, f"is in {clean(collection, 100)}", f"pulled are {', '.join(COLLECTIONS)}")
    value = record.value
    if kind == "lexicon":
        document, problems = parse_document(value)
        if document is not None and (document.id != rkey or value.get("$type", LEXICON) != LEXICON):
            raise RemoteError(record.uri, f"is the document of {clean(document.id, 100)}, under the key of another")
        if document is None:
            raise _refused(record, problems)
        refs = tuple(dict.fromkeys(nsid for _, nsid, _ in document.refs))
        return Pulled(document.id, kind, record, document.id.replace(".", "/") + ".json", refs)
    if kind == "sample":
        schema, problems = parse_schema(value, origin=did, uri=record.uri)
        if schema is None:
            raise _refused(record, problems)
        key, name = identity(kind, schema.name, schema.version), schema.module
    else:
        lens, problems = parse_lens(value, origin=did)
        if lens is None:
            raise _refused(record, problems)
        key, name = identity(kind, lens.name), lens.module
    return Pulled(key, kind, record, f"{_folder(kind)}/{name}.{_mark(did, record.cid)}.json")


def _folder(kind: Kind) -> str:
    return {"sample": "samples", "lens": "lenses"}.get(kind, "")


def _mark(did: str, cid: str) -> str:
    """What tells a stranger's schema from every other one of its name: eight digits of its origin, eight of its CID."""
    return f"{sha256(did.encode()).hexdigest()[:8]}.{cid[-8:]}"


def _refused(record: RemoteRecord, problems: list[Problem]) -> RemoteError:
    errors = [problem for problem in problems if problem.severity == "error"]
    said = "; ".join(str(problem)[:200] for problem in errors[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return RemoteError(record.uri, f"is no document that can be generated from: {said}{more}")
