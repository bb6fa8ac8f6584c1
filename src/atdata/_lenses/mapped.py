"""Lenses that a document describes as data, made while the program runs: no code need be trusted."""

from __future__ import annotations

import json
import linecache
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from atdata_codegen.audit import compile_checked
from atdata_codegen.lenses.functions import render_functions
from atdata_codegen.lenses.parse import parse_lens
from atdata_codegen.problems import ProblemError
from atdata_codegen.samples.model import SampleSchema
from atdata_codegen.samples.parse import parse_schema
from atdata_codegen.templating import default_renderer

from atdata._errors import LensError, type_name
from atdata._lenses import values
from atdata._lenses.lens import Lens

__all__ = ["mapped_lens"]


def mapped_lens(
    document: Mapping[str, Any], source_type: type[Any], view_type: type[Any], *, origin: str = "local"
) -> Lens[Any, Any]:
    """The lens from ``source_type`` to ``view_type`` that the mapping of a lens document describes.

    The classes are taken for those of the schemas that the document names. The lens is not registered.
    :class:`LensError` says which rule does not fit them.

    >>> import atdata
    >>> @atdata.packable
    ... class Full:
    ...     name: str
    ...     age: int
    >>> @atdata.packable
    ... class Name:
    ...     called: str
    >>> schemas = {"sourceSchema": "at://did:plc:a/b.c.d/1", "targetSchema": "at://did:plc:a/b.c.d/2"}
    >>> rules = [{"target": "called", "source": "name"}]
    >>> mapping = {"$type": "ac.foundation.dataset.lens#fieldMapping", "rules": rules}
    >>> found = mapped_lens(
    ...     {"$type": "ac.foundation.dataset.lens", "name": "name_of", **schemas, "mapping": mapping}, Full, Name
    ... )
    >>> found.get(Full(name="a", age=3)), found.put(Name(called="b"), Full(name="a", age=3))
    (Name(called='a'), Full(name='b', age=3))
    """
    made = _Mapped(json.dumps(document), source_type, view_type, origin)
    lens: Lens[Any, Any] = Lens(made.get, made.put, source_type=source_type, view_type=view_type)
    lens.__name__ = made.name
    return lens


class _Mapped:
    """The two functions of a document. A class, so that it pickles as the document."""

    def __init__(self, text: str, source_type: type[Any], view_type: type[Any], origin: str) -> None:
        self._given = (text, source_type, view_type, origin)
        try:
            functions = self._functions()
        except ProblemError as error:
            raise LensError(str(error)[:1800]) from error
        self._get = functions["get"]
        self._put = functions["put"]

    @property
    def columns(self) -> Any:
        """The getter on whole columns, where it takes fields as they are."""
        from atdata._lenses.columns import field_wise

        _, source_type, view_type, _ = self._given
        return field_wise(self._get, source_type, view_type)

    def get(self, source: Any) -> Any:
        return self._get(source)

    def put(self, target: Any, source: Any) -> Any:
        return self._put(target, source)

    def _functions(self) -> dict[str, Any]:
        text, source_type, view_type, origin = self._given
        lens, problems = parse_lens(json.loads(text), origin=origin)
        if lens is None:
            raise ProblemError(problems, "lens")
        self.name = lens.module
        source, target = _schema_of(source_type), _schema_of(view_type)
        nested = [*_nested_in(source_type), *_nested_in(view_type)]
        made = render_functions(lens, source, target, nested, default_renderer())
        names: dict[str, Any] = {name: getattr(values, name) for name in made.helpers}
        names |= {made.source: source_type, made.target: view_type}
        file = f"<atdata lens {lens.module} {sha256(made.text.encode()).hexdigest()[:16]}>"
        code = compile_checked(made.text, file, names=names)
        linecache.cache[file] = (len(made.text), None, made.text.splitlines(keepends=True), file)
        exec(code, names)
        return names

    def __reduce__(self) -> tuple[Any, ...]:
        return _Mapped, self._given


def _schema_of(cls: type[Any]) -> SampleSchema:
    """The schema of a class: that of its document, or else of its fields."""
    document = cls.__dict__.get("_document")
    if document is not None:
        found, problems = parse_schema(json.loads(document[0]), origin=document[1])
    else:
        from atdata._samples.schemas import schema_from_class

        found, problems = parse_schema(schema_from_class(cls))
    if found is None:
        raise ProblemError(problems, f"sample class {type_name(cls)}")
    return found


def _nested_in(cls: type[Any]) -> list[SampleSchema]:
    """The schemas of the classes that a class holds, at any depth."""
    document = cls.__dict__.get("_document")
    if document is not None:
        parsed = [(address, parse_schema(json.loads(text), origin=origin)[0]) for address, text, origin in document[2]]
        return [replace(schema, uri=address) for address, schema in parsed if schema is not None]
    from atdata._samples.schemas import nested_types

    found: list[SampleSchema] = []
    for inner in nested_types(cls):
        found += [_schema_of(inner), *_nested_in(inner)]
    return found
