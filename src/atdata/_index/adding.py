"""Entering a dataset: its schema, its record and its label, together or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from atdata._errors import NotASampleTypeError, SchemaError, UnsupportedTypeError
from atdata._index.candidates import candidate_of
from atdata._index.entries import ENTRY, NAME, check_name, put_record
from atdata._index.entry import LocalDatasetEntry, content_cid, record_text
from atdata._index.labels import set_label
from atdata._index.registry import is_published, publish, publish_or_find, row_of_same, rows_of
from atdata._index.words import search_keys
from atdata._uris import AtdataUri, parse_schema_ref

if TYPE_CHECKING:
    from atdata._index.registry import Candidate
    from atdata._index.storage import Storage, Transaction

__all__ = ["add_entry"]

Document = Callable[["Transaction", type[Any]], "Candidate"]
"""Gives the schema document of a class whose nested classes are published in the same change."""


def add_entry(
    storage: Storage,
    entry: LocalDatasetEntry,
    cls: type[Any],
    ref: str | None,
    label: str | None,
    document: Document,
    *,
    strict: bool,
    rehearse: bool = False,
) -> LocalDatasetEntry:
    """Enter ``entry``, which has no schema yet, under the schema at ``ref`` or else that of ``cls``.

    ``strict`` raises for a class that cannot be published; ``rehearse`` for whatever is wrong, and changes nothing.
    """
    record = entry.record
    name = check_name(record.name)
    data = record.to_record()
    data["schemaRef"] = "x"
    if record.validate_data(data):
        record.replace(schema_ref="x").validate()  # which says what is wrong
    keys, urls = search_keys(entry), entry.data_urls

    def with_schema(address: str) -> tuple[str, str]:
        return content_cid(address, urls), record_text({**data, "schemaRef": address})

    known = None  # what is written, which depends on nothing but the schema
    wanted = [(NAME, name)]  # what will be asked for, in one question
    if ref is not None:
        known = with_schema(ref)
        wanted += [*rows_of(ref), (ENTRY, known[0])]
    elif isinstance(cls, type) and (candidate := candidate_of(cls)) is not None:
        wanted.append(row_of_same(candidate))

    def work(change: Transaction) -> LocalDatasetEntry:
        change.expect(*wanted)
        found = _schema_for(change, cls, ref, document, strict)
        cid, text = known or with_schema(found)
        put_record(change, name, cid, text, keys)
        if label is not None:
            set_label(change, label, cid)
        if rehearse:
            change.changes.clear()
        return LocalDatasetEntry._from_text(text, cid)

    return storage.transact(work)


def _schema_for(change: Transaction, cls: type[Any], ref: str | None, document: Document, strict: bool) -> str:
    """The address that an entry refers to; what can be published is."""
    if ref is None:
        try:
            return publish_or_find(change, document(change, cls))
        except (UnsupportedTypeError, NotASampleTypeError, SchemaError):
            address = AtdataUri("local", "sampleSchema", cls.__name__, "1.0.0")
            if strict or is_published(change, address):  # which is another one's
                raise
            return str(address)
    uri = parse_schema_ref(ref)
    if not isinstance(uri, AtdataUri) or not uri.is_local or uri.name != getattr(cls, "__name__", ""):
        return ref
    if not is_published(change, uri):
        try:
            publish(change, document(change, cls), uri.version or None)
        except (UnsupportedTypeError, NotASampleTypeError, SchemaError):
            if strict:
                raise
    return ref
