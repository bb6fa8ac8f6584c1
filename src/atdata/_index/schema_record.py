"""A schema of an index as an object: a thin view of the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from atdata_generated.ac.foundation.dataset.sample_schema import SampleSchema

from atdata._errors import shown
from atdata._samples.record_form import metadata_of

if TYPE_CHECKING:
    from atdata_generated.ac.foundation.dataset.sample_schema import Field

__all__ = ["LocalSchemaRecord"]


class LocalSchemaRecord:
    """A published schema with typed properties; ``record`` is the model behind it.

    >>> found = LocalSchemaRecord({"name": "Point", "version": "1.0.0", "fields": [], "createdAt": ""})
    >>> found.name, found.version, found.ref
    ('Point', '1.0.0', 'atdata://local/sampleSchema/Point@1.0.0')
    """

    __slots__ = ("record", "ref")

    #: The schema record, a model generated from ``ac.foundation.dataset.sampleSchema``.
    record: SampleSchema
    #: Its address.
    ref: str

    def __init__(self, document: Mapping[str, Any]) -> None:
        plain = {key: value for key, value in document.items() if key != "$ref"}
        self.record = SampleSchema.from_record(plain)
        self.ref = document.get("$ref") or f"atdata://local/sampleSchema/{self.name}@{self.version}"

    @property
    def name(self) -> str:
        """Name of the sample class."""
        return self.record.name

    @property
    def version(self) -> str:
        """Its version, MAJOR.MINOR.PATCH."""
        return self.record.version

    @property
    def fields(self) -> list[Field]:
        """The fields, in order."""
        return list(self.record.fields)

    @property
    def description(self) -> str | None:
        """What a sample holds."""
        return self.record.description

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What else was said about it."""
        return metadata_of(self.record.metadata)

    @property
    def created_at(self) -> str:
        """When it was published."""
        return self.record.created_at

    def to_dict(self) -> dict[str, Any]:
        """The record as a dictionary, with its address as ``$ref``."""
        return {**self.record.to_record(), "$ref": self.ref}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LocalSchemaRecord):
            return NotImplemented
        return self.ref == other.ref and self.record == other.record

    def __hash__(self) -> int:
        return hash(self.ref)

    def __repr__(self) -> str:
        return f"LocalSchemaRecord({shown(self.ref, 300)})"
