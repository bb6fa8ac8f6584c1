"""A lens document as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from atdata_codegen.names import snake
from atdata_codegen.samples.dtypes import DTYPES, NUMBERS
from atdata_codegen.samples.model import SchemaRef

__all__ = [
    "ARRAY_CASTS", "CASTS", "LENS_TYPE", "MAPPING_TYPE", "CodeReference", "FieldRule", "LensDocument", "cast_call",
]  # fmt: skip

LENS_TYPE = "ac.foundation.dataset.lens"
MAPPING_TYPE = "ac.foundation.dataset.lens#fieldMapping"
CASTS = ("str", "int", "float", "bool")
#: What an array may be cast to; nothing but itself becomes an array of any other dtype without loss.
ARRAY_CASTS = tuple(name for name in DTYPES if name in NUMBERS or name.startswith("complex"))


@dataclass(frozen=True, slots=True)
class CodeReference:
    """Where code is said to be. It is shown to people and used for nothing else."""

    repository: str
    commit: str
    path: str

    def __str__(self) -> str:
        return f"{self.path} in {self.repository} at {self.commit}"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of the target gets its value. ``default`` is still the document's text."""

    target: str
    source: str = ""
    default: str | None = None
    cast: str = ""


@dataclass(frozen=True, slots=True)
class LensDocument:
    """A whole document. ``rules`` is None when the mapping is not data that we know."""

    name: str
    source: SchemaRef
    target: SchemaRef
    description: str = ""
    rules: tuple[FieldRule, ...] | None = None
    getter: CodeReference | None = None
    putter: CodeReference | None = None
    origin: str = "local"

    @property
    def module(self) -> str:
        """The name of the module."""
        return snake(self.name)


def cast_call(kind: str, value: str, like: str = "") -> str:
    """The call of the helper that casts ``value``: to a primitive, or to a dtype (in the byte order of ``like``).

    >>> cast_call("float", "source.rate"), cast_call("uint8", "target.image", "source.image")
    ('to_float(source.rate)', 'to_array(target.image, "uint8", source.image)')
    """
    if not kind:
        return value
    if kind not in ARRAY_CASTS:
        return f"to_{kind}({value})"
    return f'to_array({value}, "{kind}"{", " if like else ""}{like})'
