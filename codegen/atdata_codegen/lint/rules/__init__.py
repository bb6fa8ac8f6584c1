"""The rules, a module a subject; importing this enters all of them in the table."""

from __future__ import annotations

from atdata_codegen.lint import ignores
from atdata_codegen.lint.rules import (
    constraints,
    documents,
    endpoints,
    lenses,
    limits,
    members,
    names,
    references,
    sample_documents,
    sample_fields,
)

__all__ = [
    "constraints",
    "documents",
    "endpoints",
    "ignores",
    "lenses",
    "limits",
    "members",
    "names",
    "references",
    "sample_documents",
    "sample_fields",
]
