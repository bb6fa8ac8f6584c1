"""Schemas in repositories: found by address or by name and version, and published once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset.sample_schema import NSID, SampleSchema

from atdata._atmosphere.at_uri import AtUri
from atdata._atmosphere.checks import model_of
from atdata._atmosphere.errors import ConflictError, WrongRecordError
from atdata._atmosphere.index.reading import RepoReader
from atdata._atmosphere.record_reads import RepoRecord
from atdata._errors import AtdataError, UnsupportedTypeError, shown
from atdata._index.errors import SchemaConflictError, SchemaNotFoundError
from atdata._index.registry import check_document, fields_digest
from atdata._samples.schemas import schema_from_class
from atdata._uris import AtdataUri, AtdataUriError, RecordUri, check_version, parse_schema_ref, version_key

if TYPE_CHECKING:
    from atdata._atmosphere.client import AtmosphereClient

__all__ = ["existing", "find_schema", "publish_document", "publish_type", "same_name", "schema_key"]


def find_schema(reader: RepoReader, ref: str) -> RepoRecord:
    """The schema record at ``at://who/collection/rkey`` or ``atdata://who/sampleSchema/Name@version``.

    Without a version it is the highest one. ``KeyError`` when there is none, ``ValueError`` for what is no such
    address, or leads to a record of another kind, or to two schemas of one name and version that differ.
    """
    uri = parse_schema_ref(ref)
    if isinstance(uri, RecordUri):
        return reader.get(AtUri(uri.authority, uri.collection, uri.rkey), NSID)
    if uri.is_local:
        raise SchemaNotFoundError(f"{uri} is in a local index, and not in a repository of the AT Protocol")
    found = list(same_name(reader, uri.name, uri.authority))
    versions = sorted({version for _, version in found}, key=version_key)
    wanted = uri.version or (versions[-1] if versions else "")
    matching = [record for record, version in found if version == wanted]
    if not matching:
        there = f"; there are {', '.join(versions[-8:])}" if versions else ""
        raise SchemaNotFoundError(f"there is no schema {uri.name} {uri.version} in {shown(uri.authority, 200)}{there}")
    return _only_one(uri, matching)


def _only_one(uri: AtdataUri, records: list[RepoRecord]) -> RepoRecord:
    """The oldest of several records, which must not differ in their fields."""
    records = sorted(records, key=lambda record: (str(record.value.get("createdAt")), record.uri.rkey))
    first = fields_digest(records[0].value)
    for other in records[1:]:
        if fields_digest(other.value) != first:
            raise SchemaConflictError(
                f"{uri}: {records[0].uri} and {other.uri} both call themselves so and have other fields; "
                "name one of them by its at:// address"
            )
    return records[0]


def same_name(reader: RepoReader, name: str, who: str | None = None) -> Iterator[tuple[RepoRecord, str]]:
    """The schemas of a repository that are called ``name``, each with its version; others are passed over."""
    for record in reader.all(NSID, who):
        version = record.value.get("version")
        if record.value.get("name") != name or not isinstance(version, str):
            continue
        try:
            check_version(version)
        except AtdataUriError:
            continue
        yield record, version


def existing(reader: RepoReader, document: Mapping[str, Any], version: str | None) -> tuple[RepoRecord | None, str]:
    """One's own record with the fields of ``document``, if there is one, and the version that it has or will get.

    With a version, a record of that version and other fields is a ``ValueError``: a published version never changes.
    """
    digest = fields_digest(document)
    highest = ""
    same: tuple[RepoRecord, str] | None = None
    for record, its in same_name(reader, document["name"]):
        try:
            alike = fields_digest(record.value) == digest
        except AtdataError:
            alike = False
        if its == version and not alike:
            raise SchemaConflictError(
                f"{document['name']} {version} is published with other fields ({record.uri}), and a published version "
                "never changes; publish under a higher version, or with version=None for the next one"
            )
        better = same is None or version_key(its) >= version_key(same[1])
        if alike and (its == version if version else better):
            same = record, its
        if not highest or version_key(its) > version_key(highest):
            highest = its
    if same is not None:
        return same
    if version or not highest:
        return None, version or "1.0.0"
    major, minor, patch = version_key(highest)
    return None, check_version(f"{major}.{minor}.{patch + 1}")


def schema_key(name: str, version: str) -> str:
    """The record key of a schema: whoever publishes it again meets what is there.

    >>> schema_key("Point", "1.0.0")
    'Point:1.0.0'
    """
    return f"{name}:{version}"


def publish_document(client: AtmosphereClient, document: Mapping[str, Any], version: str | None) -> str:
    """The address of one's own schema record with these fields, which is made unless it is there.

    Without a version it is the highest one with these fields, or else the one after the highest.
    """
    reader = RepoReader(client, home=client.did)
    check_document(document)
    try:
        record, version = existing(reader, document, version)
    except WrongRecordError:
        # A stand-in for a client that cannot list: the record's key keeps a second one away all the same.
        record, version = None, version or "1.0.0"
    if record is not None:
        return str(record.uri)
    made = {**document, "version": version}
    key = schema_key(document["name"], version)
    try:
        return str(client.create_record(NSID, made, rkey=key))
    except ConflictError:
        there = reader.get(AtUri(client.did, NSID, key), NSID)  # somebody published it at the same moment
        if fields_digest(there.value) != fields_digest(made):
            raise SchemaConflictError(
                f"{document['name']} {version} was published with other fields meanwhile ({there.uri}); "
                "publish under a higher version"
            ) from None
        return str(there.uri)


def publish_type(
    client: AtmosphereClient,
    cls: type[Any],
    *,
    version: str | None = None,
    description: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    _above: tuple[type[Any], ...] = (),
) -> str:
    """Publish the schema of a sample class, and those of the classes that it holds; returns its address."""
    if cls in _above:
        raise UnsupportedTypeError(f"{cls.__name__}: Unsupported type: a sample cannot hold itself")
    if version is not None:
        check_version(version)

    def address_of(nested: type[Any]) -> str:
        return publish_type(client, nested, _above=(*_above, cls))

    document = schema_from_class(cls, description=description, metadata=metadata, address_of=address_of)
    return publish_document(client, document, version)


def check_record(record: RepoRecord) -> dict[str, Any]:
    """A schema that is going to be used: checked in full against its Lexicon."""
    model_of(SampleSchema, record.value, str(record.uri))
    return record.value
