"""The one door to the package jsonschema, which holds documents against schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from atdata_codegen.jsonschema.convert import Schema
from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["schema_problems", "validator"]


def _package() -> Any:
    try:
        return import_module("jsonschema")
    except ImportError as error:
        hint = "run: pip install 'atdata[gen]'"
        raise ProblemError([Problem((), "needs the package jsonschema", hint, code="missing")], "jsonschema") from error


def schema_problems(schemas: Mapping[str, Schema]) -> Iterator[Problem]:
    """Where ``schemas``, by file, are no valid JSON Schemas of 2020-12.

    Raises :class:`ProblemError` when the package jsonschema is not installed.
    """
    dialect = _package().Draft202012Validator
    meta = dialect(dialect.META_SCHEMA)
    for name, schema in schemas.items():
        for error in meta.iter_errors(schema):
            yield Problem(tuple(error.absolute_path), clean(error.message, 300), code="metaschema", file=name)


def validator(schema: Schema, others: Mapping[str, Schema] | None = None) -> Any:
    """A validator of ``schema``; references lead to ``others``, by file name, and never to a network."""
    package = _package()
    referencing = import_module("referencing")
    specification = import_module("referencing.jsonschema").DRAFT202012
    resources = [(name, specification.create_resource(other)) for name, other in (others or {}).items()]
    registry = referencing.Registry().with_resources(resources)
    return package.Draft202012Validator(schema, registry=registry)
