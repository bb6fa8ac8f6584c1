"""A record becomes a document of ours: read by the generator's own parsers, and given the name of its file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from atdata_codegen.documents import Kind, identity
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.lexicon.model import Document
from atdata_codegen.lexicon.parse import parse_document
from atdata_codegen.problems import Problem, clean
from atdata_codegen.remote.errors import RemoteError
from atdata_codegen.remote.records import RemoteRecord
from atdata_codegen.samples.parse import parse_schema
from atdata_codegen.sources import LENS, SAMPLE_SCHEMA
from atdata_lexicon.syntax import is_nsid

__all__ = ["COLLECTIONS", "LEXICON", "Pulled", "checked_document", "references"]

#: The collection of Lexicon documents. It stands here by hand because the generator works before its own output exists.
LEXICON: Final = "com.atproto.lexicon.schema"
COLLECTIONS: Final[dict[str, Kind]] = {LEXICON: "lexicon", SAMPLE_SCHEMA: "sample", LENS: "lens"}

_MENTIONING: Final = ("knownValues", "lxm", "collection")


@dataclass(frozen=True, slots=True)
class Pulled:
    """A record that passed every check: its key in a lock file, and where below the folder it belongs.

    ``refs`` are the Lexicons that it cannot be read without, ``mentions`` those that it names besides.
    """

    key: str
    kind: Kind
    record: RemoteRecord
    file: str
    refs: tuple[str, ...] = field(default=())
    mentions: tuple[str, ...] = field(default=())

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
        refs, mentions = references(document)
        return Pulled(document.id, kind, record, document.id.replace(".", "/") + ".json", refs, mentions)
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


def references(document: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The Lexicons that a document refers to, and those that it mentions: tokens among known values, permissions.

    Other tools bring both, and a lock file holds both.
    """
    refs = dict.fromkeys(nsid for _, nsid, _ in document.refs)
    found: list[object] = []
    stack: list[object] = [document.raw]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, Mapping):
            stack.extend(node.values())
            for key in _MENTIONING:
                values = node.get(key)
                if isinstance(values, list):
                    found += [one for one in values if key != "knownValues" or (isinstance(one, str) and "#" in one)]
    names = {one.partition("#")[0] for one in found if isinstance(one, str)}
    mentions = sorted(name for name in names if is_nsid(name) and name != document.id and name not in refs)
    return tuple(refs), tuple(mentions)


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
