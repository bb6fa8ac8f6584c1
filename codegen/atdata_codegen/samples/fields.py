"""One field of a schema document: its type, and what else may be said about its values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from atdata_codegen.problems import clean
from atdata_codegen.samples import dtypes
from atdata_codegen.samples.model import (
    KINDS,
    TYPE_PREFIX,
    ArrayOf,
    FieldType,
    NdArray,
    Primitive,
    RefType,
    SampleField,
    Scalar,
    SchemaRef,
)
from atdata_codegen.samples.refs import parse_ref
from atdata_codegen.samples.reserved import field_name_problem
from atdata_codegen.samples.shapes import MAX_DIMS, parse_dim

__all__ = ["FieldParser", "scalar_literal"]

Path = tuple[str | int, ...]
Report = Callable[[Path, str, str], None]

_MAX_NESTING = 32
_MAX_LABELS = 65_536
_MAX_ENUM = 4096
_PRIMITIVES = ("str", "int", "float", "bool", "bytes")
_INT = re.compile(r"[+-]?[0-9]{1,19}")
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")


class FieldParser:
    """Parses the fields of one document; remembers their names and the schemas they refer to."""

    def __init__(self, bad: Report) -> None:
        self.bad = bad
        self.refs: dict[str, SchemaRef] = {}
        self._names: set[str] = set()

    def parse(self, entry: object, path: Path) -> SampleField | None:
        """The field of ``entry``, or None when it has problems, which are then reported."""
        if not isinstance(entry, Mapping):
            self.bad(path, "a field is an object", "write {name, fieldType}")
            return None
        name = entry.get("name")
        problem = field_name_problem(name)
        if problem:
            self.bad((*path, "name"), f"{clean(name)} {problem[0]}", problem[1])
        elif name in self._names:
            self.bad((*path, "name"), f"{clean(name)} stands twice", "field names are unique")
        if isinstance(name, str):
            self._names.add(name)
        optional = entry.get("optional", False)
        if not isinstance(optional, bool):
            self.bad((*path, "optional"), "must be true or false", "write true or false")
        kind = self._type(entry.get("fieldType"), (*path, "fieldType"), 0)
        if kind is None or problem or not isinstance(name, str):
            return None
        found = SampleField(
            name=name,
            type=kind,
            optional=optional is True,
            description=self._text(entry, path, "description"),
            default=self._default(entry, path, kind),
            unit=self._text(entry, path, "unit"),
            labels=self._labels(entry, path, kind),
            enum=self._enum(entry, path, kind),
            minimum=self._bound(entry, path, kind, "minimum"),
            maximum=self._bound(entry, path, kind, "maximum"),
            media_type=self._media_type(entry, path, kind),
        )
        self._check_default(found, path)
        return found

    def _check_default(self, field: SampleField, path: Path) -> None:
        value = field.default
        if value is None:
            return
        low, high = field.minimum, field.maximum
        outside = isinstance(value, int | float) and (
            (low is not None and value < low)
            or (high is not None and value > high)
            or (bool(field.labels) and not 0 <= value < len(field.labels))
        )
        if outside or (field.enum and value not in field.enum):
            self.bad((*path, "default"), f"{clean(value)} is no value that the field may have", "correct it")

    # The type ------------------------------------------------------------------------------------------------

    def _type(self, value: object, path: Path, depth: int) -> FieldType | None:
        if not isinstance(value, Mapping):
            self.bad(path, "is missing" if value is None else "must be an object", "write {$type, ...}")
            return None
        kind = value.get("$type")
        if not isinstance(kind, str) or not kind.startswith(TYPE_PREFIX) or kind[len(TYPE_PREFIX) :] not in KINDS:
            known = ", ".join(TYPE_PREFIX + name for name in KINDS)
            self.bad((*path, "$type"), f"{clean(kind)} is no kind of type known here", f"known are {known}")
            return None
        match kind[len(TYPE_PREFIX) :]:
            case "primitive":
                return self._primitive(value, path)
            case "ndarray":
                return self._ndarray(value, path)
            case "array":
                if depth >= _MAX_NESTING:
                    self.bad((*path, "items"), f"lists nest deeper than {_MAX_NESTING}", "use an ndarray")
                    return None
                items = self._type(value.get("items"), (*path, "items"), depth + 1)
                least, most = self._length(value, path)
                return ArrayOf(items, least, most) if items is not None else None
            case _:
                return self._ref(value, path)

    def _length(self, value: Mapping[str, Any], path: Path) -> tuple[int, int | None]:
        """The limits of a list's length; minItems and maxItems are JSON Schema's words for the same."""
        limits: dict[str, list[int]] = {"min": [0], "max": []}
        for key in ("minLength", "minItems", "maxLength", "maxItems"):
            given = value.get(key)
            if given is None:
                continue
            if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given < 1 << 63:
                self.bad((*path, key), f"{clean(given)} is no length", "write a number from 0 on")
            else:
                limits[key[:3]].append(given)
        least, most = max(limits["min"]), min(limits["max"], default=None)
        if most is not None and least > most:
            self.bad(path, f"no list has at least {least} and at most {most} values", "correct the limits")
        return least, most

    def _primitive(self, value: Mapping[str, Any], path: Path) -> FieldType | None:
        name = value.get("primitive")
        if not isinstance(name, str) or name not in _PRIMITIVES:
            self.bad((*path, "primitive"), f"{clean(name)} is no primitive", f"known are {', '.join(_PRIMITIVES)}")
            return None
        return Primitive(name)  # type: ignore[arg-type]  # the line above has checked it

    def _ndarray(self, value: Mapping[str, Any], path: Path) -> FieldType | None:
        given = value.get("dtype")
        dtype = dtypes.canonical_dtype(given) if isinstance(given, str) else None
        if dtype is None:
            self.bad((*path, "dtype"), f"{clean(given)} is no dtype", f"known are {', '.join(dtypes.DTYPES)}")
        shape = value.get("shape")
        if shape is None:
            return NdArray(dtype) if dtype else None
        if not isinstance(shape, list) or len(shape) > MAX_DIMS:
            self.bad((*path, "shape"), f"must be a list of at most {MAX_DIMS} dimensions", 'such as ["h", "w", "3"]')
            return None
        dims = [parse_dim(dim) for dim in shape]
        for i, dim in enumerate(dims):
            if dim is None:
                self.bad((*path, "shape", i), f"{clean(shape[i])} is no dimension", "write a size, a name or _")
        size = math.prod(dim for dim in dims if isinstance(dim, int) and dim)
        if size >= 1 << 60:
            self.bad((*path, "shape"), "describes more elements than memory can hold", "check the sizes")
            return None
        known = tuple(dim for dim in dims if dim is not None)
        return NdArray(dtype, known) if dtype and len(known) == len(dims) else None

    def _ref(self, value: Mapping[str, Any], path: Path) -> FieldType | None:
        ref = parse_ref(value.get("ref"))
        if ref is None:
            hint = "write atdata://local/sampleSchema/Name@1.0.0 or an at:// URI"
            self.bad((*path, "ref"), f"{clean(value.get('ref'))} is no address of a schema", hint)
            return None
        self.refs.setdefault(ref.uri, ref)
        return RefType(ref)

    # What else is said ---------------------------------------------------------------------------------------

    def _text(self, entry: Mapping[str, Any], path: Path, key: str) -> str:
        value = entry.get(key, "")
        if isinstance(value, str):
            return value
        self.bad((*path, key), "must be a string", "remove it or write a text")
        return ""

    def _default(self, entry: Mapping[str, Any], path: Path, kind: FieldType) -> Scalar | None:
        value = entry.get("default")
        if value is None:
            return None
        if not isinstance(kind, Primitive) or kind.name == "bytes":
            self.bad((*path, "default"), "only str, int, float and bool fields have one", "make the field optional")
            return None
        return self._scalar(value, (*path, "default"), kind)

    def _scalar(self, value: object, path: Path, kind: Primitive) -> Scalar | None:
        found = scalar_literal(value, kind.name)
        if found is None:
            example = {"str": '"cat"', "int": '"3"', "float": '"0.5"', "bool": '"true"'}.get(kind.name, "")
            self.bad(path, f"{clean(value)} is no {kind.name}", f"write a literal as text, such as {example}")
        return found

    def _labels(self, entry: Mapping[str, Any], path: Path, kind: FieldType) -> tuple[str, ...]:
        value = entry.get("labels")
        if value is None:
            return ()
        whole = kind == Primitive("int") or (isinstance(kind, NdArray) and kind.dtype in dtypes.INTEGERS)
        if not whole:
            self.bad((*path, "labels"), "only integers have labels", "use enum for other types")
        if (
            not isinstance(value, list)
            or not 0 < len(value) <= _MAX_LABELS
            or not all(isinstance(label, str) for label in value)
        ):
            self.bad((*path, "labels"), f"must be a list of 1 to {_MAX_LABELS:,} strings", "the first one names 0")
            return ()
        return tuple(value)

    def _enum(self, entry: Mapping[str, Any], path: Path, kind: FieldType) -> tuple[Scalar, ...]:
        value = entry.get("enum")
        if value is None:
            return ()
        if not isinstance(kind, Primitive) or kind.name == "bytes":
            self.bad((*path, "enum"), "only str, int, float and bool fields have one", "remove it")
            return ()
        if not isinstance(value, list) or not 0 < len(value) <= _MAX_ENUM:
            self.bad((*path, "enum"), f"must be a list of 1 to {_MAX_ENUM:,} values", "list the allowed values")
            return ()
        found = [self._scalar(v, (*path, "enum", i), kind) for i, v in enumerate(value)]
        return tuple(dict.fromkeys(v for v in found if v is not None))

    def _bound(self, entry: Mapping[str, Any], path: Path, kind: FieldType, key: str) -> int | float | None:
        value = entry.get(key)
        if value is None:
            return None
        if kind == Primitive("int") or (isinstance(kind, NdArray) and kind.dtype in dtypes.INTEGERS):
            found = scalar_literal(value, "int")
            if found is None:
                found = scalar_literal(value, "float")
        elif kind == Primitive("float") or (isinstance(kind, NdArray) and kind.dtype in dtypes.NUMBERS):
            found = scalar_literal(value, "float")
        else:
            self.bad((*path, key), "only numbers have bounds", "remove it")
            return None
        if isinstance(found, int | float):
            return found
        self.bad((*path, key), f"{clean(value)} is no number", 'write a number as text, such as "0.5"')
        return None

    def _media_type(self, entry: Mapping[str, Any], path: Path, kind: FieldType) -> str:
        text = self._text(entry, path, "mediaType")
        if text and kind != Primitive("bytes"):
            self.bad((*path, "mediaType"), "only bytes have a media type", "remove it")
        if len(text) > 255:
            self.bad((*path, "mediaType"), "is longer than 255 characters", "write one such as image/jpeg")
        return text


def scalar_literal(value: object, kind: str) -> Scalar | None:
    """The value that ``value`` writes, which is text or already of the right type."""
    if kind == "str":
        return value if isinstance(value, str) else None
    if kind == "bool":
        if isinstance(value, bool):
            return value
        return (
            {"true": True, "True": True, "false": False, "False": False}.get(value) if isinstance(value, str) else None
        )
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        if kind == "int":
            return value if -(1 << 63) <= value < 1 << 64 else None
        return float(value) if abs(value) < 1 << 64 else None
    if not isinstance(value, str):
        return None
    if kind == "int":
        number = int(value) if _INT.fullmatch(value) else None
        return number if number is not None and -(1 << 63) <= number < 1 << 64 else None
    found = float(value) if _FLOAT.fullmatch(value) else math.inf
    return found if math.isfinite(found) else None
