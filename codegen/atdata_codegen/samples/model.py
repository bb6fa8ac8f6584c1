"""A sample schema as frozen values: what is left when a document has passed every check."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from atdata_codegen.samples.shapes import Dim

__all__ = ["KINDS", "SCHEMA_TYPE", "TYPE_PREFIX", "ArrayOf", "FieldType", "NdArray", "Primitive", "RefType",
           "SampleField", "SampleSchema", "SchemaRef"]  # fmt: skip

SCHEMA_TYPE = "ac.foundation.dataset.sampleSchema"
TYPE_PREFIX = "ac.foundation.dataset.schemaType#"

PrimitiveName = Literal["str", "int", "float", "bool", "bytes"]


@dataclass(frozen=True, slots=True)
class Primitive:
    """One scalar."""

    name: PrimitiveName


@dataclass(frozen=True, slots=True)
class NdArray:
    """An array; ``shape`` is None when any will do."""

    dtype: str
    shape: tuple[Dim, ...] | None = None


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """A list; ``max_length`` is None when it may be of any length."""

    items: FieldType
    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class SchemaRef:
    """The address of another schema, taken apart. ``version`` is empty for the newest one."""

    uri: str
    origin: str
    name: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class RefType:
    """A nested sample."""

    ref: SchemaRef


FieldType = Primitive | NdArray | ArrayOf | RefType
KINDS = ("primitive", "ndarray", "array", "ref")

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class SampleField:
    """One field. ``default`` is None when there is none."""

    name: str
    type: FieldType
    optional: bool = False
    description: str = ""
    default: Scalar | None = None
    unit: str = ""
    labels: tuple[str, ...] = ()
    enum: tuple[Scalar, ...] = ()
    minimum: int | float | None = None
    maximum: int | float | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class SampleSchema:
    """A whole schema. ``origin`` is where it was found: ``local``, or a DID."""

    name: str
    version: str
    fields: tuple[SampleField, ...]
    cid: str
    description: str = ""
    origin: str = "local"
    uri: str = ""
    refs: tuple[SchemaRef, ...] = field(default=())

    @property
    def number(self) -> tuple[int, int, int]:
        """The version as numbers, for sorting."""
        major, minor, patch = self.version.split(".")
        return int(major), int(minor), int(patch)

    @property
    def module(self) -> str:
        """The name of the module: ``ImageSample_1_0_0``."""
        return f"{self.name}_{self.version.replace('.', '_')}"
