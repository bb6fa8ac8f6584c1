"""Hugging Face datasets as records. Their objects say all that is needed, so ``datasets`` itself is not imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from atdata._errors import DecodeError, SchemaError, shown
from atdata._foreign.names import field_names

__all__ = ["describe", "records_of"]

_Convert = Callable[[Any], Any]
_NUMBERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)} | {"bool"}
_NUMBERS |= {"float16", "float32", "float64", "double", "float"}
_DTYPES = {"double": "float64", "float": "float32"}


def records_of(dataset: Any, columns: Sequence[str] | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row's place and values by field name. Images and sounds stay encoded, lists of numbers become arrays."""
    dataset = _prepared(dataset, columns)
    features = getattr(dataset, "features", None)
    plan: dict[tuple[str, ...], _Convert | None] | None = None
    names: dict[str, str] = {}
    for number, row in enumerate(dataset):
        if not isinstance(row, Mapping):
            raise TypeError(f"a row of a Hugging Face dataset is a dictionary, not {shown(row)}")
        if plan is None:
            described = features if isinstance(features, Mapping) else dict.fromkeys(row)
            plan = {path: c for name, feature in described.items() for path, c in _parts((name,), feature, row[name])}
            names = field_names(".".join(path) for path in plan)
        yield f"row {number}", {names[".".join(path)]: _at(row, path, convert) for path, convert in plan.items()}


def describe(dataset: Any) -> dict[str, dict[str, Any]]:
    """What the features say beyond the types: the names of class labels."""
    features = getattr(dataset, "features", None)
    if not isinstance(features, Mapping):
        return {}
    names = field_names(features)
    return {names[name]: {"labels": list(f.names)} for name, f in features.items() if _kind(f) == "ClassLabel"}


def _prepared(dataset: Any, columns: Sequence[str] | None) -> Any:
    """``dataset`` with plain Python values, and media not decoded."""
    if columns is not None:
        if not hasattr(dataset, "select_columns"):
            raise TypeError("columns= needs a dataset with select_columns, as those of Hugging Face have it")
        dataset = dataset.select_columns(list(columns))
    if hasattr(dataset, "with_format"):
        dataset = dataset.with_format(None)
    features = getattr(dataset, "features", None)
    if isinstance(features, Mapping):
        for name, feature in features.items():
            if _kind(feature) in ("Image", "Audio", "Video", "Pdf") and getattr(feature, "decode", False):
                dataset = dataset.cast_column(name, type(feature)(decode=False))
    return dataset


def _kind(feature: Any) -> str:
    return type(feature).__name__


def _parts(path: tuple[str, ...], feature: Any, value: Any) -> Iterator[tuple[tuple[str, ...], _Convert | None]]:
    """The fields that one column becomes."""
    kind = _kind(feature)
    if kind in ("Image", "Audio", "Video", "Pdf") or (isinstance(value, Mapping) and set(value) == {"bytes", "path"}):
        yield path, _media
    elif isinstance(feature, Mapping):
        for name, inner in feature.items():
            yield from _parts((*path, name), inner, value.get(name) if isinstance(value, Mapping) else None)
    elif feature is None and isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _parts((*path, name), None, inner)
    else:
        dtype = _leaf(feature)
        yield path, (None if dtype is None else _arrays(dtype))


def _leaf(feature: Any) -> np.dtype[Any] | None:
    """The dtype of an array or of a list of numbers; None for anything else."""
    kind = _kind(feature)
    depth = 0
    while kind in ("Sequence", "LargeList", "List") or isinstance(feature, list):
        feature = feature[0] if isinstance(feature, list) else feature.feature
        kind = _kind(feature)
        depth += 1
    name = getattr(feature, "dtype", None)
    if (depth or kind in ("Array2D", "Array3D", "Array4D", "Array5D")) and name in _NUMBERS:
        return np.dtype(_DTYPES.get(str(name), str(name)))
    return None


def _arrays(dtype: np.dtype[Any]) -> _Convert:
    def convert(value: Any) -> Any:
        try:
            return np.asarray(value, dtype)
        except (ValueError, TypeError):
            return value

    return convert


def _at(row: Mapping[str, Any], path: tuple[str, ...], convert: _Convert | None) -> Any:
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return None
    if convert is None:
        return value.isoformat() if hasattr(value, "isoformat") else value
    return convert(value)


def _media(value: Any) -> Any:
    """The encoded bytes of an image or a sound."""
    if isinstance(value, bytes):
        return value
    if not isinstance(value, Mapping):
        raise SchemaError(f"an encoded image or sound expected, not {shown(value)}: cast the column with decode=False")
    if value.get("bytes") is not None:
        return value["bytes"]
    path = value.get("path")
    if not isinstance(path, str):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise DecodeError(f"the file {shown(path, 200)} of a row cannot be read: {error.strerror}") from error
