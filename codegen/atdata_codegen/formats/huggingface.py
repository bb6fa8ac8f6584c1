"""Hugging Face ``Features`` as their dictionary form, which ``Features.from_dict`` takes and dataset cards hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from atdata_codegen.formats.mapped import MAX_DEPTH, Loss, Mapped, Nested, unsaid
from atdata_codegen.formats.notes import FieldNames
from atdata_codegen.problems import clean
from atdata_codegen.samples.dtypes import INTEGERS, canonical_dtype
from atdata_codegen.samples.model import ArrayOf, FieldType, NdArray, Primitive, RefType, SampleField
from atdata_codegen.samples.shapes import Dim

__all__ = ["from_huggingface", "to_huggingface"]

Json = dict[str, Any]

_PRIMITIVES = {"str": "string", "int": "int64", "float": "float64", "bool": "bool", "bytes": "binary"}
_VALUES = INTEGERS | {"bool", "float16", "float32", "float64"}
_TIMES = {"datetime64": "timestamp[ns]", "timedelta64": "duration[ns]"}
_MEDIA = {"image": "Image", "audio": "Audio", "video": "Video"}
_ANY: Dim = "_"


def to_huggingface(fields: Iterable[SampleField], nested: Nested | None = None) -> Mapped[dict[str, Json]]:
    """Features by name; nested samples whose fields ``nested`` gives are structs.

    Only the first axis of an ``Array2D`` and its kin may be of any size: others are lists.
    """
    features: dict[str, Json] = {}
    losses: list[Loss] = []
    for field in fields:
        lost: list[str] = []
        feature = _feature(field.type, lost, nested or {})
        kept: list[str] = []
        family = _MEDIA.get(field.media_type.partition("/")[0])
        if field.labels and field.type == Primitive("int"):
            feature, kept = {"names": list(field.labels), "_type": "ClassLabel"}, ["labels"]
            if len(set(field.labels)) < len(field.labels):
                feature, kept = _value("int64"), []
        elif family:
            feature = {"_type": family}
            kept = ["media_type"] if field.media_type.endswith("/*") else []
        if feature is None:
            losses.append(Loss(field.name, f"is left out: {lost[-1] if lost else 'no feature is like it'}"))
            continue
        features[field.name] = feature
        losses += [Loss(field.name, what) for what in dict.fromkeys(lost)]
        losses += unsaid(field, kept)
    return Mapped(features, tuple(losses))


def _value(dtype: str) -> Json:
    return {"dtype": dtype, "_type": "Value"}


def _list(feature: Json, size: int | None = None) -> Json:
    return {"feature": feature, "_type": "List"} | ({} if size is None else {"length": size})


def _feature(kind: FieldType, lost: list[str], nested: Nested, depth: int = 0) -> Json | None:
    if isinstance(kind, Primitive):
        return _value(_PRIMITIVES[kind.name])
    if isinstance(kind, ArrayOf):
        inner = _feature(kind.items, lost, nested, depth)
        if inner is None:
            return None
        if inner.get("dtype") in _VALUES or inner.get("_type") in ("Array2D", "Array3D", "Array4D", "Array5D", "List"):
            lost.append("a list of these comes back as an array, or of other lists")
        return _list(inner)
    if isinstance(kind, RefType):
        if kind.ref.uri not in nested or depth > MAX_DEPTH:
            lost.append("a nested sample is of another schema")
            return None
        lost.append("a nested sample becomes a struct")
        found = {field.name: _feature(field.type, lost, nested, depth + 1) for field in nested[kind.ref.uri]}
        return {name: feature for name, feature in found.items() if feature is not None}
    return _array(kind, lost)


def _array(kind: NdArray, lost: list[str]) -> Json | None:
    value = kind.dtype if kind.dtype in _VALUES else _TIMES.get(kind.dtype)
    if value is None or kind.shape is None:
        lost.append(f"an array of {kind.dtype} has no feature" if value is None else "an array of any rank has none")
        return None
    if any(isinstance(dim, str) and dim != "_" for dim in kind.shape):
        lost.append("the names of its axes are not kept")
    shape = [dim if isinstance(dim, int) else None for dim in kind.shape]
    if not shape:
        if value in ("int64", "float64", "bool"):
            lost.append("an array without axes becomes a plain value")
        return _value(value)
    if 2 <= len(shape) <= 5 and None not in shape[1:] and 0 not in shape and kind.dtype in _VALUES:
        return {"shape": shape, "dtype": value, "_type": f"Array{len(shape)}D"}
    feature = _value(value)
    for size in reversed(shape):
        feature = _list(feature, size)
    return feature


def from_huggingface(features: Mapping[str, Any]) -> Mapped[tuple[SampleField, ...]]:
    """The fields of ``Features.to_dict()``, or of ``features`` in a ``dataset_infos.json``."""
    names = FieldNames()
    fields: list[SampleField] = []
    losses: list[Loss] = []
    for key, feature in features.items():
        name = names.take(key)
        if name != key:
            losses.append(Loss(name, f"is called {clean(key, 80)!r} there"))
        field = _field(name, feature, losses)
        if field is None:
            kind = feature.get("_type", "a struct") if isinstance(feature, Mapping) else feature
            losses.append(Loss(name, f"is left out: {clean(kind, 60)} is of no type that samples have"))
        else:
            fields.append(field)
    return Mapped(tuple(fields), tuple(losses))


def _field(name: str, feature: Any, losses: list[Loss]) -> SampleField | None:
    kind = feature.get("_type") if isinstance(feature, Mapping) else None
    if kind == "ClassLabel":
        labels = feature.get("names")
        given = labels if isinstance(labels, list) else []
        good = all(isinstance(label, str) for label in given)
        return SampleField(name, Primitive("int"), labels=tuple(given) if good else ())
    for family, word in _MEDIA.items():
        if kind == word:
            return SampleField(name, Primitive("bytes"), media_type=f"{family}/*")
    found = _field_type(feature, name, losses)
    return SampleField(name, found) if found is not None else None


def _field_type(feature: Any, name: str, losses: list[Loss], depth: int = 0) -> FieldType | None:
    if isinstance(feature, list) and len(feature) == 1:  # an old way to write a list
        feature = {"feature": feature[0], "_type": "List"}
    if not isinstance(feature, Mapping) or depth > 32:
        return None
    kind = feature.get("_type")
    if kind == "Value":
        return _scalar(str(feature.get("dtype")), name, losses)
    if isinstance(kind, str) and kind in ("Array2D", "Array3D", "Array4D", "Array5D"):
        dtype, shape = canonical_dtype(str(feature.get("dtype"))), feature.get("shape")
        if dtype is None or not isinstance(shape, list | tuple):
            return None
        return NdArray(dtype, tuple(dim if isinstance(dim, int) and dim >= 0 else _ANY for dim in shape))
    if kind not in ("List", "LargeList", "Sequence"):
        return None
    inner = _field_type(feature.get("feature"), name, losses, depth + 1)
    if inner is None:
        return None
    length = feature.get("length")
    size = length if isinstance(length, int) and length >= 0 else _ANY
    number = _number(inner)
    if number is not None:
        return NdArray(number.dtype, (size, *(number.shape or ())))
    if size != _ANY:
        losses.append(Loss(name, f"that its list has {size} entries is not kept"))
    return ArrayOf(inner)


def _number(inner: FieldType) -> NdArray | None:
    """Numbers in lists are arrays."""
    if isinstance(inner, NdArray):
        return inner
    if isinstance(inner, Primitive) and inner.name in ("int", "float", "bool"):
        return NdArray(_PRIMITIVES[inner.name], ())
    return None


def _scalar(dtype: str, name: str, losses: list[Loss]) -> FieldType | None:
    plain = {"string": "str", "large_string": "str", "binary": "bytes", "large_binary": "bytes"}
    plain |= {"int64": "int", "float64": "float", "bool": "bool"}
    if dtype in plain:
        return Primitive(plain[dtype])  # type: ignore[arg-type]  # the table holds primitives
    for family, stem in (("datetime64", "timestamp["), ("timedelta64", "duration[")):
        if dtype.startswith(stem):
            if dtype != _TIMES[family]:
                losses.append(Loss(name, f"the unit of {clean(dtype, 40)} is not kept"))
            return NdArray(family, ())
    found = canonical_dtype(dtype)
    return NdArray(found, ()) if found in _VALUES else None
