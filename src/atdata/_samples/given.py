"""What a user gives for a sample class: the class itself, or the document that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atdata._errors import shown, type_name

__all__ = ["as_sample_type"]


def as_sample_type(schema: Any) -> type[Any]:
    """The class of ``schema``: a sample class, or a document as a dictionary or as JSON."""
    if isinstance(schema, type):
        if not hasattr(schema, "from_data"):
            raise TypeError(f"{type_name(schema)} is no sample class: decorate it with @atdata.packable")
        return schema
    if isinstance(schema, Mapping | str | bytes):
        from atdata._samples.decode import decode_schema

        return decode_schema(schema)
    raise TypeError(f"a schema is a sample class or a schema document, not {shown(schema)}")
