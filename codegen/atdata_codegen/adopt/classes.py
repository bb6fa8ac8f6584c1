"""One class as a schema document, and everything about it that no document can say."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from atdata_codegen.adopt.source import ClassSource, FieldSource, FileSource, expression
from atdata_codegen.adopt.types import AddressOf, Cannot, literal_text, read_annotation
from atdata_codegen.problems import Problem, Severity, clean
from atdata_codegen.samples import SCHEMA_TYPE, parse_schema
from atdata_codegen.samples.reserved import sample_name_problem

__all__ = ["Adopted", "adopt_class", "is_candidate"]

Json = dict[str, Any]

_SAMPLE = "PackableSample"
_HOLDERS = ("Attributes:", "Args:", "Arguments:", "Fields:", "Parameters:")


@dataclass(frozen=True, slots=True)
class Adopted:
    """What became of one class: its document, None where it was refused, and whether an import can take its place."""

    source: ClassSource
    document: Json | None
    problems: tuple[Problem, ...]

    @property
    def replaceable(self) -> bool:
        """Whether the generated class does all that the class does."""
        return self.document is not None and not self.problems


def _decorators(cls: ClassSource, file: FileSource) -> list[tuple[str, str]]:
    """The last name and the arguments of each decorator."""
    found: list[tuple[str, str]] = []
    for text in cls.decorators:
        try:
            node = expression(text)
        except ValueError:
            continue  # a yield, say, which stands nowhere in a class that can be made
        arguments = ""
        if isinstance(node, ast.Call):
            arguments = ", ".join(ast.unparse(x) for x in (*node.args, *(k.value for k in node.keywords)))
            arguments = ", ".join(k.arg or "" for k in node.keywords) or arguments
            node = node.func
        found.append((file.qualified(node).rpartition(".")[2], arguments))
    return found


def is_candidate(cls: ClassSource, file: FileSource) -> bool:
    """Whether a class is a sample or a dataclass."""
    decorators = {name for name, _ in _decorators(cls, file)}
    return bool(decorators & {"packable", "dataclass"}) or any(_SAMPLE in base for base in cls.bases)


class _Adopter:
    def __init__(self, cls: ClassSource, file: FileSource, address_of: AddressOf, dtype: str) -> None:
        self._cls, self._file, self._dtype = cls, file, dtype
        self._address_of = address_of
        self.problems: list[Problem] = []

    def say(self, line: int, message: str, hint: str, severity: Severity) -> None:
        text = f"{self._cls.name}{message}"
        self.problems.append(Problem((), text, hint, severity, "adopt", self._file.file, line))

    def refuse(self, line: int, message: str, hint: str = "") -> None:
        self.say(line, message, hint, "error")

    def warn(self, line: int, message: str, hint: str = "the class stays where it is") -> None:
        self.say(line, message, hint, "warning")

    def field(self, source: FieldSource, described: Mapping[str, str]) -> Json | None:
        """The field as a document writes it; None where it is none, or was refused."""
        where = f".{source.name}"
        if "ClassVar" in source.annotation:
            self.warn(source.line, f"{where} belongs to the class, which a schema knows nothing of")
            return None
        if "KW_ONLY" in source.annotation:
            return None
        try:
            read = read_annotation(source.annotation, self._file, self._address_of, self._dtype)
            found: Json = {"name": source.name, "fieldType": read.kind, "optional": read.optional}
            text = source.comment or described.get(source.name, "")
            if text:
                found["description"] = text
            if source.default is not None:
                self._default(source, found)
        except Cannot as error:
            self.refuse(source.line, f"{where}: {error}", error.hint)
            return None
        for note in read.notes:
            self.warn(source.line, f"{where}: {note}")
        return found | read.more

    def _default(self, source: FieldSource, found: Json) -> None:
        where = f".{source.name}"
        try:
            node: ast.expr | None = self._file.resolved(expression(source.default or ""))
        except ValueError:
            self.warn(source.line, f"{where}: its default is no expression, and is not kept")
            return
        if isinstance(node, ast.Call) and self._file.qualified(node.func).rpartition(".")[2] == "field":
            node = self._of_field(node, source)
        if node is None:
            return
        try:
            value = ast.literal_eval(self._file.resolved(node))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            shown = clean(ast.unparse(node), 60)
            self.warn(source.line, f"{where}: its default {shown} is known only when the code runs, and is not kept")
            return
        primitive = found["fieldType"].get("primitive")
        if value is None:
            found["optional"] = True
        elif type(value).__name__ == primitive and primitive != "bytes":
            found["default"] = literal_text(value)
        elif type(value) is int and primitive == "float":
            found["default"] = repr(float(value))
            self.warn(source.line, f"{where}: its default {value} becomes {float(value)!r}", "write it as a float")
        else:
            self.warn(source.line, f"{where}: its default {clean(value, 60)} cannot be said, and is not kept")

    def _of_field(self, node: ast.Call, source: FieldSource) -> ast.expr | None:
        """The default that ``field(...)`` gives."""
        default: ast.expr | None = None
        for keyword in node.keywords:
            if keyword.arg == "default":
                default = keyword.value
            elif keyword.arg == "default_factory":
                shown = clean(ast.unparse(keyword.value), 60)
                what = f".{source.name}: it is made by {shown} where it is left out, which cannot be said"
                self.warn(source.line, what, "the field becomes required, and the class stays where it is")
            elif keyword.arg == "init" and ast.unparse(keyword.value) == "False":
                raise Cannot("is no argument of its class", "make it a property")
            elif keyword.arg != "kw_only":
                self.warn(source.line, f".{source.name}: {keyword.arg} of field() is not kept")
        return default

    def surroundings(self, bases: set[str]) -> None:
        """Whatever the class is besides its fields."""
        cls = self._cls
        for name, arguments in _decorators(cls, self._file):
            if name not in ("packable", "dataclass"):
                self.warn(cls.line, f" is decorated with {clean(name, 60)}, which is not kept")
            elif arguments and set(arguments.split(", ")) - {"kw_only", "eq", "init", "repr", "slots"}:
                self.warn(cls.line, f" is a {name} with {clean(arguments, 60)}, which generated classes are not")
        for base in cls.bases:
            if base in bases:
                self.warn(cls.line, f" inherits from {clean(base, 60)}, and its document repeats those fields")
            elif base.partition("[")[0].rpartition(".")[2] not in (_SAMPLE, "object"):
                what = f" inherits from {clean(base, 60)}, whose fields are not known here"
                self.refuse(cls.line, what, "let it stand in the same file, or repeat its fields")
        for line, what in cls.others:
            self.warn(line, f": {what} is no field, and is not kept")


def adopt_class(
    cls: ClassSource,
    file: FileSource,
    address_of: AddressOf,
    *,
    bases: Mapping[str, ClassSource],
    version: str = "1.0.0",
    default_dtype: str = "",
) -> Adopted:
    """The document of one class. ``bases`` are the classes of its file, whose fields it may inherit."""
    adopter = _Adopter(cls, file, address_of, default_dtype)
    problem = sample_name_problem(cls.name)
    if problem:
        adopter.refuse(cls.line, f" {problem[0]}", problem[1])
    adopter.surroundings(set(bases))
    text, described = _docstring(cls.doc, {field.name for field in cls.fields})
    lines: list[int] = []
    fields: list[Json] = []
    for source in _inherited(cls, bases):
        found = adopter.field(source, described)
        if found is not None:
            fields.append(found)
            lines.append(source.line)
    document: Json = {"$type": SCHEMA_TYPE, "name": cls.name, "version": version}
    if text:
        document["description"] = text
    document["fields"] = fields
    if not any(p.severity == "error" for p in adopter.problems):
        for found_problem in parse_schema(document)[1]:
            path = found_problem.path
            place = path[1] if len(path) > 1 and path[0] == "fields" else None
            line = lines[place] if isinstance(place, int) and place < len(lines) else cls.line
            adopter.problems.append(replace(found_problem, file=file.file, line=line, path=()))
    refused = any(p.severity == "error" for p in adopter.problems)
    return Adopted(cls, None if refused else document, tuple(adopter.problems))


def _inherited(cls: ClassSource, bases: Mapping[str, ClassSource], depth: int = 0) -> list[FieldSource]:
    """The fields of a class and its bases, as dataclasses order them: a name stays where it first stood."""
    found: dict[str, FieldSource] = {}
    if depth < 16:
        for base in reversed(cls.bases):
            if base in bases and bases[base] is not cls:
                found |= {field.name: field for field in _inherited(bases[base], bases, depth + 1)}
    return list((found | {field.name: field for field in cls.fields}).values())


def _docstring(text: str, names: set[str]) -> tuple[str, dict[str, str]]:
    """A docstring without its list of attributes, and that list."""
    kept: list[str] = []
    described: dict[str, str] = {}
    current = ""
    inside = False
    for line in text.split("\n"):
        if line.strip() in _HOLDERS:
            inside, current = True, ""
            continue
        if inside and line.strip() and not line.startswith((" ", "\t")):
            inside = False
        if not inside:
            kept.append(line)
            continue
        name, colon, rest = line.strip().partition(":")
        word = name.partition("(")[0].strip()
        if colon and word in names:
            current = word
            described[word] = rest.strip()
        elif current and line.strip():
            described[current] = f"{described[current]} {line.strip()}".strip()
    return "\n".join(kept).strip(), described
