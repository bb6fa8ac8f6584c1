"""Schemas in storage: published once, never changed, numbered without gaps."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from functools import lru_cache
from hashlib import sha256
from typing import Any

from atdata_codegen.problems import ProblemError
from atdata_codegen.samples.model import SampleSchema as ParsedSchema
from atdata_codegen.samples.parse import parse_schema
from atdata_generated.ac.foundation.dataset.sample_schema import SampleSchema

from atdata._errors import SchemaError, shown
from atdata._index.errors import (
    DamagedEntryError,
    DamagedEntryWarning,
    SchemaConflictError,
    SchemaNotFoundError,
)
from atdata._index.storage import Row, Storage, Transaction
from atdata._uris import AtdataUri, AtdataUriError, check_version, parse_schema_ref, schema_uri, version_key
from atdata._warnings import warn

__all__ = [
    "Candidate", "Registry", "check_document", "fields_digest", "is_published", "publish", "publish_or_find",
    "row_of_same", "rows_of",
]  # fmt: skip

SCHEMA = "schema"  # name@000000001.000000000.000000000, so that keys are in the order of versions
_TOP = "schema_top"  # name: its highest version
_SAME = "schema_same"  # name@digest of the fields: the highest version that has them
_PAGE = 500
_MOST_DIGESTS = 4096
#: Digests by name and fields: the same schema is looked for again with every dataset.
_digests: dict[str, str] = {}


@lru_cache(maxsize=256)
def _key(name: str, version: str) -> str:
    return f"{name}@" + ".".join(f"{number:09d}" for number in version_key(version))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that may be published, and the digest of its fields."""

    document: Mapping[str, Any]
    digest: str

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Candidate:
        """The candidate that a document is."""
        return cls(document, fields_digest(document))

    @property
    def name(self) -> str:
        """Name of the schema."""
        name: str = self.document["name"]
        return name


def check_document(document: Mapping[str, Any]) -> Candidate:
    """Raise :class:`SchemaError` or ``ValidationError`` with everything that is wrong with a document."""
    schema, problems = parse_schema(document)
    if schema is None:
        try:
            raise ProblemError(problems, "sample schema")
        except ProblemError as error:
            raise SchemaError(str(error)[:1800], problems) from error
    if SampleSchema.validate_data(document):
        SampleSchema.from_record(document).validate()  # which says what is wrong
    return Candidate(document, _digest_of(schema))


def fields_digest(document: Mapping[str, Any]) -> str:
    """Equal for documents whose samples are alike: the same fields, whatever their order and descriptions."""
    key = json.dumps([document.get("name"), document.get("fields")], sort_keys=True)
    found = _digests.get(key)
    if found is None:
        if len(_digests) >= _MOST_DIGESTS:
            _digests.clear()
        found = _digests[key] = _digest(document)
    return found


def _digest(document: Mapping[str, Any]) -> str:
    schema, _ = parse_schema(document)
    if schema is None:
        raise SchemaError(f"{shown(document.get('name'))} is no valid schema")
    return _digest_of(schema)


def _digest_of(schema: ParsedSchema) -> str:
    plain = sorted((_plain(field) for field in schema.fields), key=lambda field: str(field["name"]))
    for field in plain:
        field.pop("description", None)
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """A parsed field as JSON; what has its default is left out, so that later versions of the parser agree."""
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return value
    found: dict[str, Any] = {"kind": type(value).__name__}
    for name in _names_of(type(value)):
        item = getattr(value, name)
        if item is not None and item is not False and item != () and item != "":
            found[name] = _plain(item)
    return found


@lru_cache(maxsize=64)
def _names_of(kind: Hashable) -> tuple[str, ...]:
    return tuple(field.name for field in dataclass_fields(kind))  # type: ignore[arg-type]  # a class that is one


def publish(change: Transaction, candidate: Candidate, version: str | None) -> str:
    """Publish under ``version``, or under the one after the highest. Returns the address."""
    name, digest = candidate.name, candidate.digest
    change.expect((_TOP, name), row_of_same(candidate), *([(SCHEMA, _key(name, version))] if version else []))
    highest = _highest(name, change.get(_TOP, name))
    if version is None:
        version = "1.0.0"
        if highest:
            major, minor, patch = version_key(highest)
            version = check_version(f"{major}.{minor}.{patch + 1}")
    there = change.get(SCHEMA, _key(name, version))
    if there is not None:
        published = _document(schema_uri(name, version), there)
        if published["fields"] == candidate.document["fields"] or fields_digest(published) == digest:
            return schema_uri(name, version)
        raise SchemaConflictError(
            f"{name} {version} is published with other fields, and a published version never changes; "
            f"publish under a higher version, or with version=None for the next one"
        )
    record = {**candidate.document, "version": version}
    change.put(SCHEMA, _key(name, version), {"record": json.dumps(record, separators=(",", ":"))})
    if highest is None or version_key(version) > version_key(highest):
        change.put(_TOP, name, {"version": version})
    same = _same(change, name, digest)
    if same is None or version_key(version) > version_key(same):
        change.put(_SAME, f"{name}@{digest}", {"version": version})
    return schema_uri(name, version)


def _same(change: Transaction, name: str, digest: str) -> str | None:
    return _highest(name, change.get(_SAME, f"{name}@{digest}"))


def _highest(name: str, row: Row | None) -> str | None:
    """The version that a row names as the highest one; None without a row."""
    if row is None:
        return None
    try:
        return check_version(row.get("version", ""))
    except AtdataUriError as error:
        what = f"the row of the highest version of the schema {shown(name)} of the index is damaged: {error}"
        raise DamagedEntryError(what, name) from error


def publish_or_find(change: Transaction, candidate: Candidate) -> str:
    """The address of the highest version with these fields; published as 1.0.0 when the name is new."""
    name = candidate.name
    same = _same(change, name, candidate.digest)
    if same is not None:
        return schema_uri(name, same)
    highest = _highest(name, change.get(_TOP, name))
    if highest is not None:
        raise SchemaConflictError(
            f"{name} is published, and no version of it has these fields (the highest is {highest}); "
            f"publish yours first: index.publish_schema({name}, version=...)"
        )
    return publish(change, candidate, "1.0.0")


def is_published(change: Transaction, uri: AtdataUri) -> bool:
    """Whether there is a schema at an address."""
    if not uri.version:
        return change.get(_TOP, uri.name) is not None
    return change.get(SCHEMA, _key(uri.name, uri.version)) is not None


def rows_of(ref: str) -> list[tuple[str, str]]:
    """The rows that :func:`is_published` looks at for an address, none for one of another place."""
    uri = parse_schema_ref(ref)
    if not isinstance(uri, AtdataUri) or not uri.is_local:
        return []
    return [(SCHEMA, _key(uri.name, uri.version)) if uri.version else (_TOP, uri.name)]


def row_of_same(candidate: Candidate) -> tuple[str, str]:
    """The row that says which version has the fields of a candidate."""
    return _SAME, f"{candidate.name}@{candidate.digest}"


def _document(ref: str, row: Row) -> dict[str, Any]:
    try:
        found = json.loads(row["record"])
        if not (isinstance(found, dict) and isinstance(found.get("name"), str) and "fields" in found):
            raise ValueError("it is no sample schema")
        if ref != f"atdata://local/sampleSchema/{found['name']}@{found.get('version')}":
            raise ValueError("it is the record of another schema")
        return found
    except (KeyError, ValueError, RecursionError) as error:
        what = "it has no record" if isinstance(error, KeyError) else shown(str(error), 200)
        raise DamagedEntryError(f"the schema {shown(ref, 300)} of the index is damaged: {what}", ref) from error


class Registry:
    """Finding schemas."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def resolve(self, uri: AtdataUri) -> AtdataUri:
        """The same address with a version, which is the highest one where none was named."""
        if uri.version:
            return uri
        highest = _highest(uri.name, *self._storage.get(_TOP, [uri.name]))
        if highest is None:
            raise SchemaNotFoundError(f"there is no schema {shown(uri.name)} in the index")
        return AtdataUri(uri.authority, uri.resource, uri.name, highest)

    def get(self, uri: AtdataUri) -> dict[str, Any]:
        """The document at an address, with its full address as ``$ref``."""
        uri = self.resolve(uri)
        (row,) = self._storage.get(SCHEMA, [_key(uri.name, uri.version)])
        if row is None:
            highest = _highest(uri.name, *self._storage.get(_TOP, [uri.name]))
            hint = f"; the highest version is {highest}" if highest else ""
            raise SchemaNotFoundError(f"there is no schema {uri.name} {uri.version} in the index{hint}")
        return {**_document(str(uri), row), "$ref": str(uri)}

    def all(self, after: str = "", limit: int | None = None) -> Iterator[dict[str, Any]]:
        """Every document by name and version, behind the address ``after``, fetched page by page."""
        from atdata._uris import parse_uri

        start = parse_uri(after) if after else None
        last = "" if start is None else _key(start.name, start.version) if start.version else f"{start.name}A"
        left = limit
        while left is None or left > 0:
            rows = self._storage.page(SCHEMA, after=last, limit=_PAGE if left is None else min(left, _PAGE))
            for key, row in rows:
                ref = _ref_of(key)
                try:
                    yield {**_document(ref, row), "$ref": ref}
                except DamagedEntryError as error:
                    warn(f"left out: {error}", DamagedEntryWarning)
            if not rows:
                return
            last = rows[-1][0]
            left = None if left is None else left - len(rows)


def _ref_of(key: str) -> str:
    name, _, version = key.partition("@")
    numbers = [part.lstrip("0") or "0" for part in version.split(".")]
    return f"atdata://local/sampleSchema/{name}@{'.'.join(numbers)}"
