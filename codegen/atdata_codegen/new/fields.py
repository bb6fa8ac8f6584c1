"""Fields of a sample schema in few words: ``image:uint8[h,w,3]``, ``label:int``, ``boxes:list[ref:Box@1.0.0]``."""

from __future__ import annotations

from typing import Any

from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import DTYPES, canonical_dtype
from atdata_codegen.samples.model import TYPE_PREFIX
from atdata_codegen.samples.shapes import parse_dim
from atdata_lexicon.errors import AtdataError

__all__ = ["FieldError", "field_document"]

_PRIMITIVES = ("str", "int", "float", "bool", "bytes")


class FieldError(AtdataError, ValueError):
    """A field that cannot be read."""


def field_document(text: str) -> dict[str, Any]:
    """The field that ``NAME:TYPE`` or ``NAME:TYPE?`` says; the second is optional.

    A type is str, int, float, bool or bytes; a dtype with a shape in brackets; ``list[TYPE]``; ``ref:Name@1.0.0``.
    Raises :class:`FieldError` for anything else.

    >>> field_document("image:uint8[h,w,3]")["fieldType"]["shape"]
    ['h', 'w', '3']
    """
    name, colon, kind = text.partition(":")
    if not colon or not name:
        raise FieldError(f"{clean(text, 80)!r} is no field; write NAME:TYPE, such as image:uint8[h,w,3]")
    bare = kind.removesuffix("?")
    found = {"name": name, "fieldType": _type(bare, text), "optional": kind != bare}
    return {**found, "description": f"The {name.replace('_', ' ')}."}


def _type(kind: str, whole: str) -> dict[str, Any]:
    if kind in _PRIMITIVES:
        return {"$type": f"{TYPE_PREFIX}primitive", "primitive": kind}
    if kind.startswith("ref:"):
        return {"$type": f"{TYPE_PREFIX}ref", "ref": f"atdata://local/sampleSchema/{kind[4:]}"}
    stem, bracket, inner = kind.partition("[")
    if bracket and inner.endswith("]"):
        inner = inner[:-1]
        if stem == "list":
            return {"$type": f"{TYPE_PREFIX}array", "items": _type(inner, whole)}
        dims = [parse_dim(dim.strip()) for dim in inner.split(",")] if inner.strip() else []
        dtype = canonical_dtype(stem)
        if dtype is not None and None not in dims:
            return {"$type": f"{TYPE_PREFIX}ndarray", "dtype": dtype, "shape": [str(dim) for dim in dims]}
    known = ", ".join((*_PRIMITIVES, "list[TYPE]", "ref:Name@1.0.0"))
    raise FieldError(
        f"{clean(whole, 80)!r}: {clean(kind, 60)!r} is no type; write {known}, or a dtype with a shape "
        f"such as uint8[h,w,3] ({', '.join(DTYPES)})"
    )
