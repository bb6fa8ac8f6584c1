"""The rules, a module a subject; importing this enters all of them in the table."""

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
from atdata_codegen.lint.rules.known import KEYS

__all__ = [
    "KEYS",
    "constraints",
    "documents",
    "endpoints",
    "lenses",
    "limits",
    "members",
    "names",
    "references",
    "sample_documents",
    "sample_fields",
]
