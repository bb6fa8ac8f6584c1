"""How the values of one column are laid out in a table: looked at in the data, and widened as more is seen.

A column of arrays is as narrow as its data allows, and every way keeps dtype and shape:

``Tensor``   all of one dtype and shape: a fixed-shape tensor
``Vector``   one dimension, of any length: a list of numbers
``Ragged``   any shape of one dtype: a struct of numbers and shape
``Npy``      any dtype, also those that Arrow does not know: .npy bytes
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from atdata._errors import EncodeError, shown

__all__ = [
    "Fields",
    "Items",
    "Layout",
    "Npy",
    "Null",
    "Ragged",
    "Scalar",
    "Tensor",
    "Vector",
    "fields_of",
    "merge",
    "observe",
]


@dataclass(frozen=True, slots=True)
class Null:
    """Nothing but None so far."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """bool, int, uint, float, str, bytes, date, datetime, or datetimetz."""

    kind: str


@dataclass(frozen=True, slots=True)
class Tensor:
    """Arrays of one dtype and shape."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Vector:
    """Arrays of one dtype and one dimension."""

    dtype: str


@dataclass(frozen=True, slots=True)
class Ragged:
    """Arrays of one dtype."""

    dtype: str


@dataclass(frozen=True, slots=True)
class Npy:
    """Arrays."""


@dataclass(frozen=True, slots=True)
class Items:
    """Lists."""

    item: Layout


@dataclass(frozen=True, slots=True)
class Fields:
    """Nested samples or dictionaries."""

    children: tuple[tuple[str, Layout], ...]


Layout: TypeAlias = Null | Scalar | Tensor | Vector | Ragged | Npy | Items | Fields

_SCALARS: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes"}
_SCALARS |= {bytearray: "bytes", memoryview: "bytes", datetime.date: "date"}
_NUMPY = {"b": "bool", "i": "int", "u": "uint", "f": "float", "U": "str", "S": "bytes"}
_WIDER = {frozenset(pair): wide for *pair, wide in (("int", "float", "float"), ("uint", "float", "float"))}


def observe(values: Iterable[Any], where: str) -> Layout:
    """The narrowest layout that holds all ``values``; ``where`` names the column for messages.

    >>> observe([np.zeros((2, 3), "f4"), None], "image")
    Tensor(dtype='<f4', shape=(2, 3))
    """
    kinds: dict[Any, Any] = {}
    nested: list[Any] = []
    for value in values:
        kind: Any = type(value)
        if kind is np.ndarray:
            kind = (value.dtype, value.shape)
        elif kind is int and not -(1 << 63) <= value < 1 << 63:
            kind = (int, value < 0 or value >= 1 << 64)
        elif kind not in _SCALARS and value is not None and _is_nested(value):
            nested.append(value)
            continue
        kinds[kind] = value
    found: Layout = Null()
    for kind, value in kinds.items():
        found = merge(found, _layout(kind, value, where), where)
    if nested:
        found = merge(found, _nested(nested, where), where)
    return found


def _is_nested(value: Any) -> bool:
    return isinstance(value, list | tuple | Mapping) or bool(fields_of(value))


def fields_of(value: Any) -> tuple[str, ...]:
    """Names of the fields of a nested sample; nothing for anything else."""
    if isinstance(value, type) or not hasattr(type(value), "__dataclass_fields__"):
        return ()
    return tuple(field.name for field in dataclasses.fields(value))


def _layout(kind: Any, value: Any, where: str) -> Layout:
    if value is None:
        return Null()
    if isinstance(kind, tuple):
        if kind[0] is int:
            if kind[1]:
                raise EncodeError(f"{where}: {shown(value)} does not fit into 64 bits; leave it out with sample_map")
            return Scalar("uint")
        return _array(kind[0], kind[1], where)
    if kind in _SCALARS:
        return Scalar(_SCALARS[kind])
    if isinstance(value, np.generic):
        if value.dtype.kind in _NUMPY:
            return Scalar(_NUMPY[value.dtype.kind])
        return _array(value.dtype, (), where)
    if isinstance(value, np.ndarray):
        return _array(value.dtype, value.shape, where)
    if isinstance(value, datetime.datetime):
        return Scalar("datetime" if value.tzinfo is None else "datetimetz")
    for base, name in _SCALARS.items():
        if isinstance(value, base):
            return Scalar(name)
    raise EncodeError(
        f"{where}: a table cannot hold {shown(value)}; turn it into a number, a text, bytes or an array with sample_map"
    )


def _array(dtype: np.dtype[Any], shape: tuple[int, ...], where: str) -> Layout:
    if dtype.hasobject:
        raise EncodeError(f"{where}: an array of Python objects cannot be kept; give it a dtype with sample_map")
    if dtype.kind not in "biufcmM" or dtype.itemsize > (16 if dtype.kind == "c" else 8):
        return Npy()
    if 0 in shape:
        return Vector(dtype.str) if len(shape) == 1 else Ragged(dtype.str)
    return Tensor(dtype.str, shape)


def _nested(values: Sequence[Any], where: str) -> Layout:
    lists = [value for value in values if isinstance(value, list | tuple)]
    others = [value for value in values if not isinstance(value, list | tuple)]
    found: Layout = Null()
    if lists:
        found = Items(observe((item for value in lists for item in value), f"{where}[]"))
    if others:
        columns: dict[str, list[Any]] = {}
        for value in others:
            entries = value if isinstance(value, Mapping) else {n: getattr(value, n, None) for n in fields_of(value)}
            for name, entry in entries.items():
                if not isinstance(name, str):
                    raise EncodeError(f"{where}: a key is {shown(name)}; a table needs names, so use sample_map")
                columns.setdefault(name, []).append(entry)
        children = tuple((name, observe(entries, f"{where}.{name}")) for name, entries in columns.items())
        found = merge(found, Fields(children), where)
    return found


def merge(a: Layout, b: Layout, where: str) -> Layout:
    """The narrowest layout that holds what either holds.

    >>> merge(Tensor("<f4", (2, 3)), Tensor("<f4", (4, 3)), "x")
    Ragged(dtype='<f4')
    """
    if a == b or isinstance(b, Null):
        return a
    if isinstance(a, Null):
        return b
    if isinstance(a, Scalar) and isinstance(b, Scalar):
        wide = _WIDER.get(frozenset((a.kind, b.kind)))
        if wide:
            return Scalar(wide)
        if {a.kind, b.kind} == {"int", "uint"}:
            return Scalar("uint")  # a negative number is then named when it is packed
    elif isinstance(a, Items) and isinstance(b, Items):
        return Items(merge(a.item, b.item, f"{where}[]"))
    elif isinstance(a, Fields) and isinstance(b, Fields):
        children = dict(a.children)
        for name, child in b.children:
            children[name] = merge(children.get(name, Null()), child, f"{where}.{name}")
        return Fields(tuple(children.items()))
    elif isinstance(a, Tensor | Vector | Ragged | Npy) and isinstance(b, Tensor | Vector | Ragged | Npy):
        if isinstance(a, Npy) or isinstance(b, Npy) or a.dtype != b.dtype:
            return Npy()
        return Vector(a.dtype) if _flat(a) and _flat(b) else Ragged(a.dtype)
    raise EncodeError(
        f"{where} holds {_name(a)} and {_name(b)}: a column of a table has one type, so make it one with sample_map"
    )


def _flat(layout: Tensor | Vector | Ragged) -> bool:
    return isinstance(layout, Vector) or (isinstance(layout, Tensor) and len(layout.shape) == 1)


def _name(layout: Layout) -> str:
    if isinstance(layout, Scalar):
        return layout.kind
    names = {Items: "lists", Fields: "nested samples"}
    return names.get(type(layout), "arrays")
