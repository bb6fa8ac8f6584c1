"""The half of the index that is about schemas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from atdata._errors import NotASampleTypeError, refuse_options, shown
from atdata._index.errors import SchemaNotFoundError
from atdata._index.namespace import SchemaNamespace
from atdata._index.storage import Storage, Transaction
from atdata._uris import AtdataUri, RecordUri, check_version, parse_schema_ref

if TYPE_CHECKING:
    from atdata._index.registry import Candidate
    from atdata._index.schema_record import LocalSchemaRecord
    from atdata._index.stubs import Stubs

__all__ = ["Resolver", "SchemaMethods"]

T = TypeVar("T")

#: Finds a schema that lies in somebody's repository: the document, and the DID of the repository; None if it cannot.
Resolver = Callable[[str], tuple[Mapping[str, Any], str] | None]


class SchemaMethods:
    """Publishing, finding and decoding schemas."""

    _auto_stubs: bool
    _resolver: Resolver | None

    def __init__(self, auto_stubs: bool, stub_dir: str | Path | None, resolver: Resolver | None) -> None:
        self._auto_stubs = auto_stubs or stub_dir is not None
        self._stub_folder = None if stub_dir is None else Path(stub_dir)
        self._resolver = resolver
        self._types = SchemaNamespace()
        self._classes: dict[str, type[Any]] = {}

    @property
    def _storage(self) -> Storage:
        raise NotImplementedError

    # Publishing ----------------------------------------------------------------------------------------------

    def publish_schema(
        self,
        sample_type: type[Any],
        *,
        version: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        **unknown: Any,
    ) -> str:
        """Publish the schema of a sample class; returns its address.

        Without a version it is the one after the highest, or 1.0.0. The same fields under the same version again
        change nothing; other fields are a ``ValueError``, for a published version never changes. The description is
        the class's docstring unless one is given. A field that no schema can express is a ``TypeError``.

        >>> import atdata
        >>> from atdata.local import Index
        >>> @atdata.packable
        ... class Point:
        ...     x: float
        >>> index = Index(path=":memory:")
        >>> index.publish_schema(Point), index.publish_schema(Point)
        ('atdata://local/sampleSchema/Point@1.0.0', 'atdata://local/sampleSchema/Point@1.0.1')
        """
        from atdata._index.registry import publish

        refuse_options("publish_schema", unknown, "version, description and metadata")
        if version is not None:
            check_version(version)
        self._check(sample_type, description, metadata)

        def work(change: Transaction) -> str:
            return publish(change, self._document(change, sample_type, description, metadata), version)

        return self._storage.transact(work)

    def _check(
        self, sample_type: type[Any], description: str | None = None, metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Raise for a class that cannot be published, before anything else is done."""
        from atdata._index.candidates import check_class

        if not isinstance(sample_type, type):
            raise NotASampleTypeError(f"the class of samples is published, not {shown(sample_type)}")
        check_class(sample_type, description, metadata)

    def _document(
        self,
        change: Transaction,
        cls: type[Any],
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Candidate:
        """The document of a class whose nested classes are published in the same change."""
        from atdata._index.candidates import candidate_of
        from atdata._index.registry import Candidate, publish_or_find
        from atdata._samples.schemas import schema_from_class

        known = candidate_of(cls) if description is None and metadata is None else None
        if known is not None:
            return known

        def address_of(nested: type[Any]) -> str:
            return publish_or_find(change, self._document(change, nested))

        made = schema_from_class(cls, description=description, metadata=metadata, address_of=address_of)
        return Candidate.of(made)

    # Finding -------------------------------------------------------------------------------------------------

    def get_schema(self, ref: str) -> dict[str, Any]:
        """The schema record at ``ref``, with its full address as ``$ref``.

        Without a version it is the highest one. ``KeyError`` when there is none, ``ValueError`` for what is no address.
        """
        document, _ = self._find(ref)
        if self._auto_stubs:
            self.decode_schema(document["$ref"])
        return document

    def get_schema_record(self, ref: str) -> LocalSchemaRecord:
        """The schema at ``ref`` as an object with typed properties."""
        from atdata._index.schema_record import LocalSchemaRecord

        return LocalSchemaRecord(self._find(ref)[0])

    def list_schemas(self, *, after: str = "", limit: int | None = None) -> list[dict[str, Any]]:
        """The schema records by name and version; ``after`` (an address) and ``limit`` give one page."""
        from atdata._index.registry import Registry

        return list(Registry(self._storage).all(after, limit))

    @property
    def schemas(self) -> Iterator[dict[str, Any]]:
        """Every schema record, fetched as it is asked for."""
        return self._schemas()

    def _schemas(self) -> Iterator[dict[str, Any]]:
        from atdata._index.registry import Registry

        yield from Registry(self._storage).all()

    def _find(self, ref: str) -> tuple[dict[str, Any], str]:
        """The document at ``ref`` with ``$ref``, and whose it is."""
        from atdata._index.registry import Registry

        uri = parse_schema_ref(ref)
        if isinstance(uri, AtdataUri) and uri.is_local:
            return Registry(self._storage).get(uri), "local"
        from atdata._remote import find_schema

        found = (self._resolver or find_schema)(ref)
        if found is None:
            raise SchemaNotFoundError(
                f"{shown(ref, 300)} lies in a repository of the AT Protocol and not in this index; "
                "use an AtmosphereIndex, or give the index a resolver"
            )
        document, origin = found
        return {**document, "$ref": _full_address(uri, document)}, origin

    # Decoding ------------------------------------------------------------------------------------------------

    def decode_schema(self, ref: str) -> type[Any]:
        """The sample class of the schema at ``ref``; the same address gives the same class.

        With stubs enabled, its module is written for editors, too. ``KeyError`` when there is no such schema,
        ``ValueError`` when it cannot be decoded.
        """
        known = self._classes.get(ref)
        if known is not None:
            return known
        from atdata._samples.decode import decode_schema

        document, origin = self._find(ref)
        full: str = document["$ref"]
        found = self._classes.get(full)
        if found is None:
            found = decode_schema(document, origin=origin, resolve=self._nested_in(origin))
            stubs = self._stubs
            if stubs is not None:
                found = stubs.write(found)
            self._classes[full] = found
        if "@" in ref.rpartition("/")[2]:  # a published version never changes; the highest one does
            self._classes[ref] = found
        return found

    def _nested_in(self, origin: str) -> Callable[[str], dict[str, Any]]:
        """Finds the schemas that a document refers to; ``local`` in it means the place it came from."""

        def find(address: str) -> dict[str, Any]:
            uri = parse_schema_ref(address)
            if origin != "local" and isinstance(uri, AtdataUri) and uri.is_local:
                address = str(replace(uri, authority=origin))
            return self._find(address)[0]

        return find

    def decode_schema_as(self, ref: str, type_hint: type[T]) -> type[T]:
        """The class at ``ref``, for checkers the class ``type_hint``, which is taken on trust."""
        return self.decode_schema(ref)

    def load_schema(self, ref: str) -> type[Any]:
        """Decode the schema at ``ref`` and offer it as ``index.types.Name``."""
        found = self.decode_schema(ref)
        self._types._add(found)
        return found

    @property
    def types(self) -> SchemaNamespace:
        """The classes that :meth:`load_schema` has loaded."""
        return self._types

    # Stubs ---------------------------------------------------------------------------------------------------

    @property
    def stub_dir(self) -> Path | None:
        """The folder of the stubs, which belongs in an editor's extra paths; None when there are no stubs."""
        stubs = self._stubs
        return None if stubs is None else stubs.folder

    @property
    def _stubs(self) -> Stubs | None:
        if not self._auto_stubs:
            return None
        from atdata._index.stubs import Stubs, default_folder

        return Stubs(self._stub_folder or default_folder())

    def get_import_path(self, ref: str) -> str | None:
        """What to import the class of ``ref`` from, such as ``local.Point_1_0_0``; None when there are no stubs."""
        stubs = self._stubs
        if stubs is None:
            return None
        document, origin = self._find(ref)
        from atdata_lexicon.data import record_cid

        cid = record_cid({key: value for key, value in document.items() if key != "$ref"})
        return stubs.module_of(document["name"], document["version"], origin, cid)

    def clear_stubs(self) -> int:
        """Remove all stubs; returns how many modules there were. A module and its ``.pyi`` count once."""
        stubs = self._stubs
        self._classes.clear()
        return 0 if stubs is None else stubs.clear()


def _full_address(uri: AtdataUri | RecordUri, document: Mapping[str, Any]) -> str:
    """The address of the very version that was found in somebody's repository."""
    if isinstance(uri, RecordUri):
        return str(uri)
    name, version = document.get("name"), document.get("version")
    if name != uri.name or version != (uri.version or version) or not isinstance(version, str):
        raise SchemaNotFoundError(f"{uri} led to another schema: {shown(name)} {shown(version)}")
    return str(replace(uri, version=version))
