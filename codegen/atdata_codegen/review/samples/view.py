"""A sample schema as the rules see it: its JSON, read leniently, because a document of a later tool may say more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from atdata_codegen.documents import Documents, SchemaDocument
from atdata_codegen.review.semver import Version, parse_version
from atdata_codegen.samples.dtypes import canonical_dtype
from atdata_codegen.samples.fields import scalar_literal
from atdata_codegen.samples.model import SchemaRef
from atdata_codegen.samples.refs import parse_ref
from atdata_codegen.samples.shapes import Dim, parse_dim

__all__ = [
    "FieldView",
    "SampleSide",
    "SchemaView",
    "TypeNode",
    "dtype_of",
    "kind_of_type",
    "mapping",
    "range_of",
    "ref_of",
    "shape_of_array",
]

TypeNode: TypeAlias = "Mapping[str, Any]"  # Any: JSON
_NONE: Mapping[str, Any] = {}


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else _NONE


def kind_of_type(node: TypeNode) -> str:
    """``primitive``, ``ndarray``, ``array``, ``ref``, ``union``, or whatever the type calls itself."""
    kind = node.get("$type")
    return kind.rpartition("#")[2] if isinstance(kind, str) else ""


def ref_of(node: TypeNode) -> SchemaRef | None:
    """The schema that a nested type refers to."""
    return parse_ref(node.get("ref"))


def shape_of_array(node: TypeNode) -> tuple[Dim, ...] | None:
    """The dimensions of an array; None where any shape is allowed."""
    shape = node.get("shape")
    if not isinstance(shape, list):
        return None
    dims = [parse_dim(one) for one in shape]
    return tuple("_" if dim is None else dim for dim in dims)


def dtype_of(node: TypeNode) -> str:
    """The canonical dtype of an array, or what the document says."""
    given = node.get("dtype")
    return (canonical_dtype(given) or given) if isinstance(given, str) else ""


def range_of(dtype: str) -> tuple[float | None, float | None]:
    """The smallest and largest value of a dtype of whole numbers.

    >>> range_of("int8"), range_of("bool"), range_of("float32")
    ((-128, 127), (0, 1), (None, None))
    """
    if dtype == "bool":
        return 0, 1
    stem = dtype.rstrip("0123456789")
    if stem not in ("int", "uint") or stem == dtype:
        return None, None
    bits = int(dtype[len(stem) :])
    return (0, (1 << bits) - 1) if stem == "uint" else (-(1 << bits - 1), (1 << bits - 1) - 1)


@dataclass(frozen=True)
class FieldView:
    """One field: ``index`` is its place in the document."""

    raw: Mapping[str, Any]
    index: int

    @property
    def name(self) -> str:
        return str(self.raw.get("name"))

    @property
    def type(self) -> TypeNode:
        return mapping(self.raw.get("fieldType"))

    @property
    def kind(self) -> str:
        return kind_of_type(self.type)

    @property
    def optional(self) -> bool:
        return self.raw.get("optional") is True

    @property
    def required(self) -> bool:
        """Whether stored samples must have it: there is no default either."""
        return not self.optional and self.raw.get("default") is None

    @property
    def scalar(self) -> str:
        """The kind of its literals: a primitive's name, or what an array holds."""
        if self.kind == "primitive":
            return str(self.type.get("primitive"))
        if self.kind == "ndarray":
            return "int" if "int" in dtype_of(self.type) else "float"
        return ""

    @property
    def span(self) -> tuple[float | None, float | None]:
        """The smallest and largest number that the field can hold whatever its bounds are; None for no limit."""
        numbers = [one for one in self.listed("enum") or [] if isinstance(one, int | float)]
        if numbers:
            return min(numbers), max(numbers)
        labels = self.listed("labels")
        if labels is not None:
            return 0, len(labels) - 1
        return range_of(dtype_of(self.type)) if self.kind == "ndarray" else (None, None)

    def literal(self, key: str) -> Any:
        """The value of a default or a bound, which stands as text in the document."""
        value = self.raw.get(key)
        found = scalar_literal(value, self.scalar) if value is not None else None
        if found is None and key in ("minimum", "maximum") and value is not None:
            found = scalar_literal(value, "float")
        return value if found is None else found

    def listed(self, key: str) -> list[Any] | None:
        """The values of ``labels``, ``enum`` or ``aliases``; None where there is no list."""
        found = self.raw.get(key)
        if not isinstance(found, list):
            return None
        if key != "enum":
            return [one for one in found if isinstance(one, str)]
        values = (scalar_literal(one, self.scalar) for one in found)
        return [one for one in values if one is not None]

    @property
    def shape(self) -> str:
        """A text that two fields share when one can stand for the other: type, unit, labels, values."""
        kept = {k: v for k, v in self.raw.items() if k not in ("name", "description", "optional", "default", "aliases")}
        return json.dumps(kept, sort_keys=True)


@dataclass(frozen=True)
class SchemaView:
    """One version of a schema."""

    document: SchemaDocument

    @property
    def value(self) -> Mapping[str, Any]:
        return self.document.value

    @property
    def name(self) -> str:
        return self.document.subject

    @property
    def number(self) -> Version:
        return parse_version(self.document.version) or (0, 0, 0)

    @cached_property
    def fields(self) -> dict[str, FieldView]:
        """The fields by name, in the document's order."""
        found = self.value.get("fields")
        listed = found if isinstance(found, list) else []
        views = [FieldView(one, i) for i, one in enumerate(listed) if isinstance(one, dict)]
        return {view.name: view for view in views}

    @property
    def metadata(self) -> Mapping[str, Any]:
        return mapping(self.value.get("metadata"))

    @property
    def python(self) -> Mapping[str, Any]:
        """What the document says of its Python class; generated ones take keyword arguments only."""
        return mapping(self.metadata.get("python"))

    @property
    def positional(self) -> bool:
        """Whether the class takes positional arguments."""
        return self.python.get("kw_only") is False or self.python.get("kwOnly") is False

    @property
    def follows_newest(self) -> bool:
        """Whether some field is a nested sample of whatever version is the newest."""
        todo = [field.type for field in self.fields.values()]
        while todo:
            node = todo.pop()
            ref = ref_of(node)
            if ref is not None and ref.name and not ref.version:
                return True
            if isinstance(node.get("items"), dict):
                todo.append(node["items"])
        return False

    @property
    def body(self) -> str:
        """A text that two schemas share when they have the same fields."""
        return json.dumps([[f.name, f.optional, f.raw.get("default"), f.shape] for f in self.fields.values()])


class SampleSide:
    """The sample schemas of one set of documents, by name and version; of later sets, only what it does not have."""

    def __init__(self, *sets: Documents) -> None:
        self.by_name: dict[str, dict[Version, SchemaView]] = {}
        self._newest: dict[str, SchemaView] = {}
        for documents in sets:
            for document in documents.of("sample").values():
                view = SchemaView(document)
                if parse_version(document.version) is not None:
                    self.by_name.setdefault(view.name, {}).setdefault(view.number, view)
            for name, versions in self.by_name.items():
                self._newest.setdefault(name, versions[max(versions)])

    def find(self, ref: SchemaRef | None) -> SchemaView | None:
        """The schema that an address means; without a version the newest one."""
        if ref is None or not ref.name:
            return None
        if not ref.version:
            return self._newest.get(ref.name)
        number = parse_version(ref.version)
        return self.by_name.get(ref.name, {}).get(number) if number is not None else None


def newest(versions: Iterable[Version]) -> Version:
    """The highest of some versions."""
    return max(versions)
