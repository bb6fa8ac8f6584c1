"""Schemas that others publish as a side of a comparison: by address, or by the lock file that names them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from atdata_codegen.documents import documents_from_sources
from atdata_codegen.files import read_file
from atdata_codegen.inputs.limits import Gathered
from atdata_codegen.inputs.spec import refused
from atdata_codegen.load import load_json
from atdata_codegen.problems import ProblemError, clean
from atdata_codegen.remote.identity import account_of
from atdata_codegen.remote.lock import LOCK_FILES, is_lock, parse_lock
from atdata_codegen.remote.network import Network
from atdata_codegen.remote.records import RemoteRecord, list_records
from atdata_codegen.remote.targets import RecordAt, fetch_record, fetch_target, parse_target, repository_records
from atdata_codegen.samples.model import SchemaRef
from atdata_codegen.samples.refs import parse_ref
from atdata_codegen.sources import SAMPLE_SCHEMA, Source, read_sources
from atdata_lexicon.data import record_cid
from atdata_lexicon.errors import AtdataError
from atdata_lexicon.syntax import is_at_identifier

__all__ = ["read_address", "read_locked"]

_LARGEST: Final = 1 << 24
#: Reads an index, with the runtime, which this package never imports: it knows but the name, as it does of commands.
_INDEX: Final = "atdata._authoring.index_schemas"


def read_address(uri: str, network: Network) -> tuple[Gathered, dict[str, str]]:
    """The documents at an ``at://`` address (a record, or a whole repository) or an ``atdata://`` one, and their CIDs.

    Raises :class:`ProblemError` for what is not there. Addresses under ``atdata://local`` are those of the index that
    the environment variable ``ATDATA_INDEX`` names.
    """
    gathered = Gathered(uri)
    locked: dict[str, str] = {}
    ref = parse_ref(uri)
    if ref is not None and ref.origin == "local":
        for where, value in _index_documents(uri, ref):
            _add(gathered, where, value)
        return gathered, locked
    for record in _records(uri, network):
        if _add(gathered, record.uri, record.value):
            for key in documents_from_sources(record.uri, gathered.sources[-1:]).items:
                locked[key] = record.cid
    return gathered, locked


def _add(gathered: Gathered, where: str, value: Mapping[str, Any]) -> bool:
    raw = json.dumps(value, indent=2, ensure_ascii=True).encode("ascii")
    fits = gathered.room(where, len(raw))
    if fits:
        gathered.add(where, raw)
    return fits


def _index_documents(uri: str, ref: SchemaRef) -> list[tuple[str, dict[str, Any]]]:
    try:
        documents = import_module(_INDEX).schema_documents
        found = list(documents(ref.name, ref.version))
    except (
        ImportError,
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
    ) as error:  # what an index raises
        raise refused(uri, f"the index cannot be read: {clean(str(error), 300)}") from error
    if not found:
        raise refused(uri, "is not there: the index has no such sample schema")
    return found


def _records(uri: str, network: Network) -> list[RemoteRecord]:
    if uri.startswith("at://"):
        if is_at_identifier(uri[5:]):
            return list(repository_records(uri[5:], network))
        return list(fetch_target(parse_target(uri), network))
    ref = parse_ref(uri)
    if ref is None:
        raise refused(uri, "is no address of a schema", "write atdata://did:plc:abc/sampleSchema/Name@1.0.0")
    account = account_of(ref.origin, network)
    found = [
        record
        for record in list_records(account, SAMPLE_SCHEMA, network)
        if record.value.get("name") == ref.name and ref.version in ("", record.value.get("version"))
    ]
    if not found:
        raise refused(uri, f"is not there: {account.did} publishes no such sample schema")
    return found


def read_locked(path: str, network: Network) -> tuple[Gathered, dict[str, str]] | None:
    """The documents that a lock file names, as they were when it was written; None when the file is none.

    A document is taken from the folder beside the file where its CID is the locked one, and else from where it was
    published. Raises :class:`ProblemError` where neither has it any more.
    """
    value = load_json(read_file(path, _LARGEST + 1), what=path)
    if not is_lock(value):
        return None
    kind = os.path.basename(path).removesuffix(".json")
    lock = parse_lock(value, kind, path)
    here = _documents_beside(path)
    gathered = Gathered(path)
    for key, resolution in sorted(lock.resolutions.items()):
        source = here.get(resolution.cid)
        if source is None:
            repo, collection, rkey = resolution.uri.removeprefix("at://").split("/")
            record = fetch_record(RecordAt(repo, collection, rkey), network)
            if record.cid != resolution.cid:
                raise refused(path, f"{key} is {resolution.cid} here, and what is published is {record.cid}",
                              "restore the file beside the lock file, or pull with --update")  # fmt: skip
            source = Source(record.uri, json.dumps(record.value, indent=2, ensure_ascii=True).encode("ascii"))
        if gathered.room(source.file, len(source.raw)):
            gathered.add(source.file, source.raw)
    return gathered, {key: resolution.cid for key, resolution in lock.resolutions.items()}


def _documents_beside(path: str) -> dict[str, Source]:
    """Documents of the folder that the lock file belongs to, by CID."""
    folder = os.path.join(os.path.dirname(path), "lexicons")
    found: dict[str, Source] = {}
    if os.path.isdir(folder):
        for source in read_sources([folder]):
            if os.path.basename(source.file) in LOCK_FILES:
                continue
            try:
                found[record_cid(source.load())] = source
            except (ProblemError, AtdataError, RecursionError):
                continue  # not a record, and so not what was locked
    return found
