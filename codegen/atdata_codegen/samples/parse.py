"""The closed door: a schema document in, frozen values or the list of everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from atdata_codegen.problems import Problem, clean
from atdata_codegen.samples.fields import FieldParser
from atdata_codegen.samples.model import SCHEMA_TYPE, SampleField, SampleSchema, SchemaRef
from atdata_codegen.samples.reserved import sample_name_problem
from atdata_lexicon.cid import cid_for_cbor
from atdata_lexicon.data import encode_record
from atdata_lexicon.errors import AtdataError

__all__ = ["MAX_FIELDS", "MAX_SIZE", "is_version", "parse_schema"]

MAX_FIELDS = 4096
MAX_SIZE = 1 << 20
_MAX_PROBLEMS = 100

_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8})\.(?:0|[1-9][0-9]{0,8})")


def is_version(text: object) -> bool:
    """Whether ``text`` is MAJOR.MINOR.PATCH of ASCII digits without leading zeros.

    >>> is_version("1.0.0"), is_version("1.0"), is_version("01.0.0")
    (True, False, False)
    """
    return isinstance(text, str) and len(text) <= 29 and _VERSION.fullmatch(text) is not None


def parse_schema(
    document: object, *, origin: str = "local", uri: str = ""
) -> tuple[SampleSchema | None, list[Problem]]:
    """The schema of ``document``, or None with every problem that keeps it from being one.

    ``origin`` and ``uri`` say where the document was found; what it says about that itself is not believed.
    """
    if not isinstance(document, Mapping):
        return None, [Problem((), f"a schema is a JSON object, not {_kind(document)}")]
    parser = _SchemaParser(document)
    found = parser.parse(origin, uri)
    return (None if parser.problems else found), parser.problems[:_MAX_PROBLEMS]


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


class _SchemaParser:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def bad(self, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Problem(path, message, hint))

    def parse(self, origin: str, uri: str) -> SampleSchema | None:
        document = self.document
        kind = document.get("$type")
        if kind != SCHEMA_TYPE:
            shown = "missing" if kind is None else clean(kind)
            self.bad(("$type",), f"is {shown}", f"a sample schema has the $type {SCHEMA_TYPE}")
            return None
        name = document.get("name")
        problem = sample_name_problem(name)
        if problem:
            self.bad(("name",), f"{clean(name)} {problem[0]}", problem[1])
        version = document.get("version")
        if not is_version(version):
            self.bad(
                ("version",), f"{clean(version)} is no version", "write MAJOR.MINOR.PATCH in digits, such as 1.0.0"
            )
        description = document.get("description", "")
        if not isinstance(description, str):
            self.bad(("description",), "must be a string", "remove it or write a text")
            description = ""
        fields, refs = self._fields(document.get("fields"))
        if self.problems:
            return None
        cid = self._cid()
        if cid is None or not isinstance(name, str) or not isinstance(version, str):
            return None
        return SampleSchema(name, version, fields, cid, description, origin, uri, refs)

    def _cid(self) -> str | None:
        # $ref is what an index adds to say where a record came from; it is no part of the record.
        record = {key: value for key, value in self.document.items() if key != "$ref"}
        try:
            raw = encode_record(record)
        except AtdataError as error:
            self.bad(
                (), f"is no record: {clean(str(error), 300)}", "a record holds no floats, and text is valid Unicode"
            )
            return None
        except (TypeError, ValueError, RecursionError) as error:
            self.bad((), f"is no record: {clean(str(error), 300)}")
            return None
        if len(raw) > MAX_SIZE:
            self.bad((), f"has {len(raw):,} bytes; the limit is {MAX_SIZE:,}", "keep large data elsewhere")
            return None
        return cid_for_cbor(raw)

    def _fields(self, value: object) -> tuple[tuple[SampleField, ...], tuple[SchemaRef, ...]]:
        if not isinstance(value, list):
            self.bad(("fields",), "must be a list" if value is not None else "is missing", "list the fields")
            return (), ()
        if not value:
            self.bad(("fields",), "is empty", "a sample has at least one field")
        if len(value) > MAX_FIELDS:
            self.bad(("fields",), f"holds {len(value):,} fields; the limit is {MAX_FIELDS:,}", "split the schema")
            return (), ()
        parser = FieldParser(self.bad)
        done = [parser.parse(entry, ("fields", i)) for i, entry in enumerate(value)]
        return tuple(field for field in done if field is not None), tuple(parser.refs.values())
