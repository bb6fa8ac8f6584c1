"""The closed model of a Lexicon document: what every later step may rely on.

Source: the Lexicon specification of the AT Protocol (https://atproto.com/specs/lexicon).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = [
    "Array",
    "Blob",
    "Body",
    "Boolean",
    "Bytes",
    "CidLink",
    "Definition",
    "Document",
    "Endpoint",
    "ErrorName",
    "Integer",
    "Object",
    "Params",
    "PermissionSet",
    "Record",
    "Ref",
    "String",
    "Token",
    "Type",
    "Union",
    "Unknown",
    "UnknownPrimary",
]


@dataclass(slots=True)
class Boolean:
    description: str = ""
    default: bool | None = None
    const: bool | None = None


@dataclass(slots=True)
class Integer:
    description: str = ""
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[int, ...] | None = None
    default: int | None = None
    const: int | None = None


@dataclass(slots=True)
class String:
    """Lengths count UTF-8 bytes; graphemes are counted apart."""

    description: str = ""
    format: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_graphemes: int | None = None
    max_graphemes: int | None = None
    known_values: tuple[str, ...] | None = None
    enum: tuple[str, ...] | None = None
    default: str | None = None
    const: str | None = None


@dataclass(slots=True)
class Bytes:
    description: str = ""
    min_length: int | None = None
    max_length: int | None = None


@dataclass(slots=True)
class CidLink:
    description: str = ""


@dataclass(slots=True)
class Blob:
    description: str = ""
    accept: tuple[str, ...] | None = None
    max_size: int | None = None


@dataclass(slots=True)
class Array:
    items: Type
    description: str = ""
    min_length: int | None = None
    max_length: int | None = None


@dataclass(slots=True)
class Object:
    properties: Mapping[str, Type]
    description: str = ""
    required: frozenset[str] = frozenset()
    nullable: frozenset[str] = frozenset()


@dataclass(slots=True)
class Params:
    properties: Mapping[str, Type]
    description: str = ""
    required: frozenset[str] = frozenset()


@dataclass(slots=True)
class Token:
    description: str = ""


@dataclass(slots=True)
class Ref:
    """``nsid`` and ``name`` are absolute: a local reference carries the document's own id."""

    nsid: str
    name: str
    description: str = ""


@dataclass(slots=True)
class Union:
    refs: tuple[Ref, ...]
    description: str = ""
    closed: bool = False


@dataclass(slots=True)
class Unknown:
    description: str = ""


Type: TypeAlias = (
    "Boolean | Integer | String | Bytes | CidLink | Blob | Array | Object | Params | Token | Ref | Union | Unknown"
)


@dataclass(slots=True)
class Record:
    key: str
    record: Object
    description: str = ""


@dataclass(slots=True)
class Body:
    """What a query or procedure takes or gives; ``schema`` is absent for bodies that are not JSON."""

    encoding: str
    schema: Object | Ref | Union | None = None
    description: str = ""


@dataclass(slots=True)
class ErrorName:
    name: str
    description: str = ""


@dataclass(slots=True)
class Endpoint:
    """A query, a procedure or a subscription: ``kind`` says which."""

    kind: str
    description: str = ""
    parameters: Params | None = None
    input: Body | None = None
    output: Body | None = None
    message: Body | None = None
    errors: tuple[ErrorName, ...] = ()


@dataclass(slots=True)
class PermissionSet:
    title: str = ""
    description: str = ""
    permissions: tuple[Mapping[str, Any], ...] = ()


@dataclass(slots=True)
class UnknownPrimary:
    """A primary type that this version does not know; the document is kept, its data stays opaque."""

    type: str
    description: str = ""


Definition: TypeAlias = "Record | Endpoint | PermissionSet | UnknownPrimary | Type"


@dataclass(slots=True)
class Document:
    """One Lexicon document.

    ``raw`` is its ``defs`` as they came; ``refs`` are its references to other documents, each with the path
    where it stands, the document and the definition.
    """

    id: str
    defs: Mapping[str, Definition]
    description: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)
    refs: tuple[tuple[tuple[str | int, ...], str, str], ...] = field(default=(), repr=False)
