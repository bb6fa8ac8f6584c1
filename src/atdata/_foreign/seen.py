"""What was seen of the fields of some samples, and the schema document that it makes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from atdata_codegen.samples.dtypes import canonical_dtype
from atdata_codegen.samples.model import TYPE_PREFIX

from atdata._errors import DecodeError, SchemaError, shown
from atdata._foreign.dims import shapes_of
from atdata._media.kinds import media_type_of
from atdata._samples.npy import load

__all__ = ["Seen", "Values", "typed"]

_MAGIC = b"\x93NUMPY"
_ADVICE = "make it one in the data, or leave the field out: skip=[{!r}], or --skip of the command"


def typed(value: Any) -> Any:
    """``value`` as it is meant: an array where its bytes are one."""
    if type(value) is bytes and len(value) >= 10:
        if value.startswith(_MAGIC):
            return load(value)
        if 1 < value[0] < 16 and value[1:2] in b"<>|=":
            try:
                return load(value)
            except DecodeError:
                return value
    return value


class Values:
    """What was seen of one field, or of the items of its lists."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kinds: dict[str, str] = {}
        self.nones = 0
        self.dtypes: dict[str, str] = {}
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.media: set[str] = set()
        self.items: Values | None = None

    def add(self, value: Any, where: str, number: int) -> None:
        """Look at one value; ``where`` says in which sample, the ``number``-th of all."""
        value = typed(value)
        if value is None:
            self.nones += 1
        elif isinstance(value, np.ndarray | np.generic) and not _is_scalar(value):
            self.kinds.setdefault("an array", where)
            dtype = None if value.dtype.hasobject else canonical_dtype(value.dtype.str)
            if dtype is None:
                dtype = canonical_dtype(value.dtype.str.lstrip("<>|=")[:1]) if value.dtype.kind in "US" else None
            if dtype is None:
                what = shown(str(value.dtype))
                raise SchemaError(f"{self.name}: no schema has the dtype {what} ({where}); {_advice(self.name)}")
            self.dtypes.setdefault(dtype, where)
            self.shapes[number] = value.shape
        elif isinstance(value, list | tuple):
            self.kinds.setdefault("a list", where)
            if self.items is None:
                self.items = Values(self.name)
            for item in value:
                self.items.add(item, where, number)
        elif isinstance(value, Mapping):
            self.kinds.setdefault("a map", where)
        else:
            self.kinds.setdefault(_primitive(value, self.name, where), where)
            if isinstance(value, bytes):
                self.media.add(media_type_of(value))

    def kind(self) -> str:
        """The one kind of all values; more than one is a :class:`SchemaError`."""
        kinds = dict(self.kinds)
        if "float" in kinds:
            kinds.pop("int", None)  # other writers shorten 1.0 to 1
        if len(kinds) > 1:
            both = " and ".join(f"{kind} ({where})" for kind, where in list(kinds.items())[:2])
            raise SchemaError(f"{self.name} is {both}: a field has one type; {_advice(self.name)}")
        if not kinds:
            raise SchemaError(
                f"{self.name} is None or empty in every sample looked at, which says nothing of its type; "
                f"look at more (samples=, --samples), or leave it out: skip=[{self.name!r}], or --skip of the command"
            )
        return next(iter(kinds))

    def field_type(self, shapes: Mapping[str, list[str]]) -> dict[str, Any]:
        """The field's ``fieldType``."""
        kind = self.kind()
        if kind == "an array":
            if len(self.dtypes) > 1:
                both = " and ".join(f"{dtype} ({where})" for dtype, where in list(self.dtypes.items())[:2])
                raise SchemaError(f"{self.name} holds arrays of {both}: a field has one dtype; {_advice(self.name)}")
            found: dict[str, Any] = {"$type": TYPE_PREFIX + "ndarray", "dtype": next(iter(self.dtypes))}
            if self.name in shapes:
                found["shape"] = shapes[self.name]
            return found
        if kind == "a list":
            assert self.items is not None
            if self.items.nones:
                raise SchemaError(f"{self.name} is a list with None in it; a list holds values; {_advice(self.name)}")
            return {"$type": TYPE_PREFIX + "array", "items": self.items.field_type({})}
        if kind == "a map":
            where = self.kinds[kind]
            raise SchemaError(
                f"{self.name} is a map ({where}), for which a schema of its own is needed: write one and refer to it, "
                f"or leave the field out: skip=[{self.name!r}], or --skip of the command"
            )
        return {"$type": TYPE_PREFIX + "primitive", "primitive": kind}


def _advice(name: str) -> str:
    return _ADVICE.format(name)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, np.generic) and value.dtype.kind in "biufUS"


def _primitive(value: Any, name: str, where: str) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    for kind in (bool, int, float, str, bytes):
        if isinstance(value, kind):
            return kind.__name__
    raise SchemaError(f"{name}: no schema has a type for {shown(value)} ({where}); {_advice(name)}")


class Seen:
    """All fields of the samples looked at."""

    def __init__(self, skip: Collection[str] = ()) -> None:
        self.fields: dict[str, Values] = {}
        self.count = 0
        self._skip = frozenset(skip)
        self._there: dict[str, int] = {}

    def add(self, record: Mapping[str, Any], where: str) -> None:
        """Look at one sample."""
        for name, value in record.items():
            if name in self._skip:
                continue
            values = self.fields.get(name)
            if values is None:
                values = self.fields[name] = Values(name)
            values.add(value, where, self.count)
            if value is not None:
                self._there[name] = self._there.get(name, 0) + 1
        self.count += 1

    def document_fields(self, extra: Mapping[str, Mapping[str, Any]] | None = None) -> list[dict[str, Any]]:
        """The ``fields`` of the document. ``extra`` adds what is known of a field from elsewhere."""
        shapes = shapes_of({name: values.shapes for name, values in self.fields.items() if values.shapes})
        found = []
        for name, values in self.fields.items():
            field: dict[str, Any] = {"name": name, "fieldType": values.field_type(shapes)}
            field["optional"] = self._there.get(name, 0) < self.count
            media = next(iter(values.media)) if len(values.media) == 1 else ""
            if media and field["fieldType"].get("primitive") == "bytes":
                field["mediaType"] = media
            field.update((extra or {}).get(name, {}))
            found.append(field)
        return found
