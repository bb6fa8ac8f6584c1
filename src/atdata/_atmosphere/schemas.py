"""From sample classes to schema records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset import sample_schema

from atdata._atmosphere.checks import checked_client

if TYPE_CHECKING:
    from atdata._atmosphere.at_uri import AtUri
    from atdata._atmosphere.client import AtmosphereClient

__all__ = ["SchemaPublisher"]


class SchemaPublisher:
    """Publishes the schemas of sample classes in the account of ``client``."""

    def __init__(self, client: AtmosphereClient) -> None:
        self.client = checked_client(client, "SchemaPublisher")

    def publish(
        self,
        sample_type: type[Any],
        *,
        name: str | None = None,
        version: str = "1.0.0",
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        rkey: str | None = None,
    ) -> AtUri:
        """Publish the schema of a sample class; returns the address of its record.

        A record of that name, version and fields that is there already is taken; other fields under the version are a
        ``ValueError``, for a published version never changes. ``rkey`` names the key of a new record, which otherwise
        has a key of the time. ``name`` is the class's by default, ``description`` its docstring. Sample classes that
        it holds are published first, where they are not yet. ``TypeError`` ("Unsupported type") names a field that no
        schema can express.
        """
        self.client.did  # noqa: B018 - raises when nobody is logged in, before anything is done
        from atdata._atmosphere.errors import WrongRecordError
        from atdata._atmosphere.index.reading import RepoReader
        from atdata._atmosphere.index.schemas import existing, publish_type
        from atdata._index.registry import check_document
        from atdata._samples.schemas import schema_from_class

        def make(address_of: Callable[[type[Any]], str] | None) -> dict[str, Any]:
            made = schema_from_class(
                sample_type, version=version, description=description, metadata=metadata, address_of=address_of
            )
            made = made if name is None else {**made, "name": name}
            check_document(made)
            return made

        make(None)  # whatever can be refused is refused before anything is published
        document = make(lambda nested: publish_type(self.client, nested))
        try:
            record, _ = existing(RepoReader(self.client, home=self.client.did), document, version)
        except WrongRecordError:  # a stand-in for a client that cannot list
            record = None
        if record is not None and rkey in (None, record.uri.rkey):
            return record.uri
        return self.client.create_record(sample_schema.NSID, document, rkey=rkey)
