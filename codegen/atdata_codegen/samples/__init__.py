"""Sample schema documents in, packable classes out."""

from __future__ import annotations

from atdata_codegen.samples.known import Known, resolve_refs, unknown
from atdata_codegen.samples.model import SCHEMA_TYPE, SampleField, SampleSchema, SchemaRef
from atdata_codegen.samples.parse import is_version, parse_schema
from atdata_codegen.samples.render import render_module, render_samples_init, render_schema

__all__ = [
    "SCHEMA_TYPE",
    "Known",
    "SampleField",
    "SampleSchema",
    "SchemaRef",
    "is_version",
    "parse_schema",
    "render_module",
    "render_samples_init",
    "render_schema",
    "resolve_refs",
    "unknown",
]
