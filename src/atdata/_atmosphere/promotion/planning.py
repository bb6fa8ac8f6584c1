"""Deciding what a promotion has to do, by looking at the entry and at what is published already."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from atdata_generated.ac.foundation.dataset import record as record_module
from atdata_generated.ac.foundation.dataset import sample_schema
from atdata_generated.ac.foundation.dataset.record import RecordDef
from atdata_generated.ac.foundation.dataset.storage_blobs import StorageBlobs
from atdata_generated.ac.foundation.dataset.storage_external import StorageExternal

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.checks import sendable
from atdata._atmosphere.index.reading import RepoReader
from atdata._atmosphere.index.schemas import existing, schema_key
from atdata._atmosphere.promotion.errors import PromotionError
from atdata._atmosphere.promotion.plan import PromotionPlan, SchemaStep
from atdata._errors import shown
from atdata._index.entry import content_cid, tag_list
from atdata._index.registry import check_document
from atdata._samples.record_form import now, to_record_form
from atdata._sources.addresses import check_untrusted
from atdata._sources.errors import UrlError
from atdata._uris import AtdataUri, parse_schema_ref
from atdata_lexicon.data import record_cid

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient

__all__ = ["make_plan", "with_refs"]

NSID = record_module.NSID
_NESTING = 32
_OTHER = re.compile(r"[^A-Za-z0-9._~-]+")


def make_plan(
    entry: Any,
    index: Any,
    client: AtmosphereClient,
    *,
    store: Any | None,
    name: str | None,
    description: str | None,
    tags: Sequence[str] | None,
    license: str | None,
    metadata: Mapping[str, Any] | None,
) -> PromotionPlan:
    """The plan for one entry. Nothing is changed anywhere.

    ``KeyError`` when its schema is not in the index, ``ValueError`` when it has no shards or cannot be published.
    """
    urls = [str(url) for url in entry.data_urls]
    called: str = entry.name if name is None else name
    if not urls:
        raise PromotionError(f"the entry {shown(entry.name)} has no data URLs, so there is nothing to promote")
    did = client.did
    reader = RepoReader(client, home=did)
    schemas, schema_ref = _schemas(entry.schema_ref, index, reader, did)
    metadata = entry.metadata if metadata is None else metadata
    wished = RecordDef(
        name=called,
        schema_ref=schema_ref,
        storage=StorageExternal(urls=urls),
        description=getattr(entry, "description", None) if description is None else description,
        tags=tag_list((getattr(entry, "tags", None) if tags is None else tags) or None),
        license=getattr(entry, "license", None) if license is None else license,
        metadata=None if metadata is None else to_record_form(metadata),
        created_at=now(),
    )
    # Refused now rather than when all shards were copied; secrets of addresses that are not kept are no matter.
    plain = urls if store is None else [url.partition("?")[0].rpartition("@")[2] for url in urls]
    sendable(NSID, wished.replace(storage=StorageExternal(urls=plain)))
    key = _key(called, getattr(entry, "cid", None) or content_cid(entry.schema_ref, urls))
    there = next((found for found in reader.all(NSID) if found.uri.rkey == key), None)
    data: Literal["keep", "copy", "reuse"] = "keep" if store is None else "copy"
    action: Literal["create", "update", "reuse"] = "create"
    if there is not None:
        old = RecordDef.from_record(there.value)
        if store is not None and _was_copied(old, store, urls):
            data = "reuse"
            wished = wished.replace(storage=old.storage, size=old.size)
        wished = wished.replace(created_at=old.created_at)
        same = {**old.to_record(), **wished.to_record()} == old.to_record() and not _dropped(old, wished)
        action = "reuse" if same and data != "copy" else "update"
    return PromotionPlan(
        name=called,
        schemas=tuple(schemas),
        data=data,
        data_urls=tuple(urls),
        action=action,
        uri=str(AtUri(did, NSID, key)),
        record=wished,
        found_cid="" if there is None else there.cid or record_cid(there.value),
        notes=tuple(_notes(urls)) if data == "keep" else (),
    )


def _dropped(old: RecordDef, wished: RecordDef) -> bool:
    """Whether a field that the record has is none of what is wished; fields that we do not know stay."""
    known = ("description", "tags", "license", "metadata")
    return any(getattr(old, field) is not None and getattr(wished, field) is None for field in known)


def _key(name: str, cid: str) -> str:
    """The record key: the same entry under the same name has the same one, however often it is promoted."""
    digest = record_cid({"name": name, "entry": cid})[-16:]
    return f"{_OTHER.sub('-', name).strip('.-')[:60] or 'dataset'}-{digest}"


def _was_copied(old: RecordDef, store: Any, urls: list[str]) -> bool:
    """Whether a record's shards are those that an earlier promotion copied to ``store``."""
    if getattr(type(store), "blob_of", None) is not None:
        return isinstance(old.storage, StorageBlobs) and bool(old.storage.blobs)
    if not isinstance(old.storage, StorageExternal) or not old.storage.urls or list(old.storage.urls) == urls:
        return False
    bucket = getattr(store, "bucket", None)
    return not isinstance(bucket, str) or all(str(url).startswith(f"s3://{bucket}/") for url in old.storage.urls)


def _notes(urls: list[str]) -> list[str]:
    """What others will not be able to read."""
    for url in urls:
        try:
            check_untrusted(url.partition("{")[0])
        except UrlError:
            return [
                f"others may not be able to read {shown(url, 200)}: only public https:// addresses are followed "
                "without being asked; give a data_store to copy the shards"
            ]
    return []


# ---------------------------------------------------------------------- schemas


def _schemas(ref: str, index: Any, reader: RepoReader, did: str) -> tuple[list[SchemaStep], str]:
    """The schemas to publish or reuse, innermost first, and the address that the record will refer to."""
    uri = parse_schema_ref(ref)
    if not isinstance(uri, AtdataUri) or not uri.is_local:
        return [], ref  # it is on the network already
    steps: dict[str, SchemaStep] = {}
    address = _schema(ref, index, reader, did, steps, ())
    return list(steps.values()), address


def _schema(
    ref: str, index: Any, reader: RepoReader, did: str, steps: dict[str, SchemaStep], above: tuple[str, ...]
) -> str:
    """Plan the schema at ``ref``, and before it those that it holds; returns the address that it will have."""
    document = {key: value for key, value in index.get_schema(ref).items() if key != "$ref"}
    name, version = document.get("name"), document.get("version")
    place = f"{name}@{version}"
    if place in above or len(above) >= _NESTING:
        raise PromotionError(f"the schema {shown(ref, 300)} holds itself, or nests too deep")
    known = steps.get(place)
    if known is not None:
        return known.uri

    def moved(nested: str) -> str:
        uri = parse_schema_ref(nested)
        local = isinstance(uri, AtdataUri) and uri.is_local
        return _schema(nested, index, reader, did, steps, (*above, place)) if local else nested

    document = {**document, "$type": sample_schema.NSID, "fields": with_refs(document.get("fields"), moved)}
    check_document(document)
    found, _ = existing(reader, document, version)
    uri = str(AtUri(did, sample_schema.NSID, schema_key(document["name"], document["version"])))
    steps[place] = SchemaStep(
        "publish" if found is None else "reuse",
        document["name"],
        document["version"],
        uri if found is None else str(found.uri),
        document,
    )
    return steps[place].uri


def with_refs(value: Any, moved: Callable[[str], str]) -> Any:
    """The same JSON, with every reference to a schema as ``moved`` says."""
    if isinstance(value, list):
        return [with_refs(item, moved) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$type"), str) and value["$type"].endswith("#ref") and isinstance(value.get("ref"), str):
        return {**value, "ref": moved(value["ref"])}
    return {key: with_refs(item, moved) if key in ("fieldType", "items") else item for key, item in value.items()}
