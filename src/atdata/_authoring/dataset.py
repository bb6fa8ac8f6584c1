"""A dataset as its Croissant document needs it: from a record, a manifest, shards, or an index."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from atdata_codegen.croissant import Shard
from atdata_codegen.load import Limits, load_json
from atdata_codegen.samples import SampleField, SampleSchema, parse_schema
from atdata_codegen.samples.known import Known
from atdata_codegen.samples.refs import parse_ref
from atdata_codegen.sources import kind_of, read_sources
from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_blobs import StorageBlobs

from atdata._errors import SchemaError, shown
from atdata._index.entry import LocalDatasetEntry
from atdata._loading.indexed import IndexLike, index_for
from atdata._loading.paths import find, local_path
from atdata._sources import named
from atdata._writing.manifest import read_manifest
from atdata_lexicon.cid import parse_cid

__all__ = ["Described", "SchemaFolder", "describe"]

_LARGEST = 1 << 24


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a dataset."""

    name: str
    schema: SampleSchema
    shards: tuple[Shard, ...]
    description: str = ""
    license: str = ""
    tags: tuple[str, ...] = ()
    created: str = ""
    members: Mapping[str, str] = field(default_factory=dict)
    nested: Mapping[str, tuple[SampleField, ...]] = field(default_factory=dict)


class SchemaFolder:
    """The schema documents below some folders, by address, by name, or the only one."""

    def __init__(self, folders: list[str]) -> None:
        found: list[tuple[SampleSchema, dict[str, Any]]] = []
        for source in read_sources([folder for folder in folders if os.path.exists(folder)]):
            value = source.load() if b"sampleSchema" in source.raw else None
            schema = parse_schema(value)[0] if kind_of(value) == "sample" else None
            if schema is not None and value is not None:
                found.append((schema, value))
        self._known = Known([schema for schema, _ in found])
        self._documents = {(schema.name, schema.version): value for schema, value in found}
        self._where = ", ".join(folders)

    def find(self, ref: str) -> dict[str, Any]:
        """The document at an address (``atdata://...``), or called ``Name`` or ``Name@1.0.0``.

        Raises :class:`SchemaError` when there is none.
        """
        address = ref if "://" in ref else f"atdata://local/sampleSchema/{ref}"
        parsed = parse_ref(address)
        schema = self._known.find(replace(parsed, origin="local")) if parsed else None
        if schema is None:
            raise SchemaError(f"the schema {shown(ref, 300)} is not in {shown(self._where, 200)}; give --schemas DIR")
        return self._documents[schema.name, schema.version]


def describe(
    what: str, schemas: SchemaFolder, *, schema: str = "", base_url: str = "", did: str = "", checksums: bool = False
) -> Described:
    """The dataset ``what``: the file of a record or manifest, shards, ``@handle/name``, an ``at://`` address of a
    record, or a name in the index of ``ATDATA_INDEX``.

    ``schema`` is for shards, which do not say what they hold. ``checksums`` has local shards read and hashed.
    Raises FileNotFoundError, ValueError or KeyError for what is no dataset.
    """
    if what.startswith(("@", "at://")):
        index, name = index_for(what)
        return _of_entry(index.get_dataset(name), schemas, index, did)
    path = local_path(what)
    if path.endswith(".json") and os.path.isfile(path):
        with open(path, "rb") as file:
            raw = file.read(_LARGEST + 1)
        value = load_json(raw, Limits(size=_LARGEST), path)
        if isinstance(value, dict) and value.get("manifest") is not None:
            return _of_manifest(path, schemas, schema, base_url)
        return _of_record(value, what, schemas, did)
    if os.path.exists(path) or "{" in path or "*" in path or named.is_remote(what):
        return _of_shards(what, schemas, schema, base_url, checksums)
    if not os.environ.get("ATDATA_INDEX") or path.endswith((".json", ".tar")):
        raise FileNotFoundError(f"there is no {shown(what, 300)}; to name a dataset of an index, set ATDATA_INDEX")
    index, name = index_for(f"@local/{what}")
    return _of_entry(index.get_dataset(name), schemas, index, did)


def _of_record(value: Any, what: str, schemas: SchemaFolder, did: str) -> Described:
    if not isinstance(value, dict) or value.get("$type", RecordDef.NSID) != RecordDef.NSID or "schemaRef" not in value:
        raise ValueError(f"{shown(what, 200)} is neither a dataset record ({RecordDef.NSID}) nor a manifest of shards")
    record = RecordDef.from_record(value)
    record.validate()
    return _of_entry(LocalDatasetEntry.from_record(record), schemas, None, did)


def _of_entry(entry: Any, schemas: SchemaFolder, index: IndexLike | None, did: str) -> Described:
    get: Callable[[str], Any] = getattr(index, "get_schema", schemas.find)
    schema, members = _parsed(get(entry.schema_ref))
    storage = getattr(getattr(entry, "record", None), "storage", None)
    blobs = getattr(entry, "blobs", None)
    if blobs:
        where = getattr(getattr(index, "client", None), "get_blob_url", None)
        shards = tuple(_blob(ref.did, ref.cid, ref.size, where) for ref in blobs)
    elif isinstance(storage, StorageBlobs):
        if not did:
            raise ValueError("the shards are blobs of a repository; say whose with --did")
        shards = tuple(_blob(did, blob.ref.cid, blob.size) for blob in storage.blobs)
    else:
        shards = tuple(Shard(url) for address in entry.data_urls for url in named.expand(str(address)))
    return Described(
        entry.name, schema, shards, entry.description or "", entry.license or "", tuple(entry.tags or ()),
        str(getattr(entry, "created_at", "") or ""), members, _nested(schema, get),
    )  # fmt: skip


def _blob(did: str, cid: str, size: int | None, where: Callable[[str, str], str] | None = None) -> Shard:
    """A blob, which is named by its SHA-256; ``where`` gives the address at which anybody can fetch it."""
    url = f"at://{did}/blob/{cid}" if where is None else where(did, cid)
    return Shard(url, size, parse_cid(cid).digest.hex())


def _of_manifest(path: str, schemas: SchemaFolder, schema: str, base_url: str) -> Described:
    manifest = read_manifest(path)
    wanted = schema or (manifest.sample_type or "").rpartition(".")[2]
    if not wanted:
        raise ValueError(f"{shown(path, 200)} does not say what its samples are; give --schema")
    parsed, members = _parsed(schemas.find(wanted))
    shards = tuple(Shard(_joined(base_url, entry.name), entry.size, entry.sha256 or "") for entry in manifest.shards)
    return Described(_name_of(path), parsed, shards, members=members, nested=_nested(parsed, schemas.find))


def _of_shards(what: str, schemas: SchemaFolder, schema: str, base_url: str, checksums: bool) -> Described:
    if not schema:
        raise ValueError("shards do not say what their samples are; give --schema")
    parsed, members = _parsed(schemas.find(schema))
    shards: list[Shard] = []
    for _, address in find(what):
        if named.is_remote(address):
            shards.append(Shard(address))
            continue
        size, digest = os.path.getsize(address), ""
        if checksums:
            with open(address, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        shards.append(Shard(_joined(base_url, os.path.basename(address)), size, digest))
    return Described(_name_of(what), parsed, tuple(shards), members=members, nested=_nested(parsed, schemas.find))


def _nested(schema: SampleSchema, get: Callable[[str], Any]) -> dict[str, tuple[SampleField, ...]]:
    """The fields of the schemas that one refers to, however indirectly; what cannot be found is left out."""
    found: dict[str, tuple[SampleField, ...]] = {}
    todo = [ref.uri for ref in schema.refs]
    while todo:
        uri = todo.pop()
        if uri in found:
            continue
        try:
            inner, _ = _parsed(get(uri))
        except (KeyError, ValueError):
            continue
        found[uri] = inner.fields
        todo += [ref.uri for ref in inner.refs]
    return found


def _joined(base_url: str, name: str) -> str:
    return f"{base_url.rstrip('/')}/{name}" if base_url else name


def _name_of(path: str) -> str:
    stem = os.path.basename(path.rstrip("/")).partition(".")[0].partition("{")[0].rstrip("-_")
    stem = stem.removesuffix("manifest").rstrip("-_")
    return stem or os.path.basename(os.path.dirname(os.path.abspath(path))) or "dataset"


def _parsed(document: Any) -> tuple[SampleSchema, dict[str, str]]:
    schema, problems = parse_schema(document)
    if schema is None:
        raise SchemaError("; ".join(str(problem) for problem in problems[:4])[:1800], problems)
    metadata = document.get("metadata")
    members = metadata.get("members") if isinstance(metadata, Mapping) else None
    known = members if isinstance(members, Mapping) else {}
    return schema, {str(key): str(value) for key, value in known.items()}
