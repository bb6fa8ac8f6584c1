"""Files of other tools, told apart by what stands in them, as fields: only their descriptions are read, never data."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from atdata_codegen.files import read_file
from atdata_codegen.formats.arrow import arrow_schema, from_arrow
from atdata_codegen.formats.croissant import from_croissant
from atdata_codegen.formats.huggingface import from_huggingface
from atdata_codegen.formats.mapped import Mapped
from atdata_codegen.formats.mds import from_mds
from atdata_codegen.formats.safetensors import from_safetensors
from atdata_codegen.formats.zarr import from_zarr
from atdata_codegen.problems import clean
from atdata_codegen.samples.model import SampleField

__all__ = ["described_fields"]

Fields = Mapped[tuple[SampleField, ...]]

_LARGEST: Final = 64 << 20
_MAX_ARRAYS: Final = 4096


def described_fields(path: str, samples_axis: bool = True) -> Fields | None:
    """The fields that a file or folder describes; None where it is data of another kind, which has to be looked at.

    Known are zarr stores (``samples_axis``: their first axis counts samples), safetensors, Arrow and Feather files,
    Croissant documents, features of Hugging Face (``dataset_info.json``) and MDS (``index.json``).
    Raises ValueError for one of these that is broken.
    """
    if os.path.isdir(path):
        arrays = dict(_zarr_arrays(path))
        if arrays:
            return from_zarr(arrays, samples_axis)
        for name in ("dataset_info.json", "index.json"):
            inner = os.path.join(path, name)
            if os.path.isfile(inner):
                return _json_fields(inner)
        return None
    reader = _READERS.get(os.path.splitext(path)[1].lower())
    return reader(path) if reader is not None and os.path.isfile(path) else None


def _json(path: str) -> Any:
    raw = read_file(path, _LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError(f"{clean(path, 200)} has more than {_LARGEST:,} bytes")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{clean(path, 200)} is not JSON: {clean(str(error), 120)}") from error


def _json_fields(path: str) -> Fields | None:
    value = _json(path)
    if not isinstance(value, Mapping):
        return None
    sets = value.get("recordSet", value.get("cr:recordSet"))
    if sets is not None and "@context" in value:
        return from_croissant(sets if isinstance(sets, list) else [sets])
    if isinstance(value.get("features"), Mapping):
        return from_huggingface(value["features"])
    inner = next(iter(value.values()), None)  # dataset_infos.json holds one of these for each configuration
    if isinstance(inner, Mapping) and isinstance(inner.get("features"), Mapping):
        return from_huggingface(inner["features"])
    shards = value.get("shards")
    first = shards[0] if isinstance(shards, list) and shards else None
    if isinstance(first, Mapping) and isinstance(first.get("column_encodings"), list):
        return from_mds(dict(zip(map(str, first["column_names"]), map(str, first["column_encodings"]), strict=False)))
    return None


def _safetensors(path: str) -> Fields:
    raw = read_file(path, 8)
    size = struct.unpack("<Q", raw)[0] if len(raw) == 8 else 0
    if not 2 <= size <= _LARGEST:
        raise ValueError(f"{clean(path, 200)} is no safetensors file: its header would have {size:,} bytes")
    try:
        header = json.loads(read_file(path, 8 + size)[8:])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{clean(path, 200)} is no safetensors file: {clean(str(error), 120)}") from error
    if not isinstance(header, Mapping):
        raise ValueError(f"{clean(path, 200)} is no safetensors file: its header is no object")
    return from_safetensors(header)


def _arrow(path: str) -> Fields:
    return from_arrow(arrow_schema(path))


def _zarr_arrays(folder: str) -> Iterator[tuple[str, Any]]:
    """Each array of a store by its path in it, as ``a_b`` for ``a/b``; a store that is one array has one."""
    todo, seen, count = [""], 0, 0
    while todo and count < _MAX_ARRAYS and seen < 16 * _MAX_ARRAYS:
        below, seen = todo.pop(), seen + 1
        here = os.path.join(folder, below)
        for name in ("zarr.json", ".zarray", ".zgroup"):
            place = os.path.join(here, name)
            if not os.path.isfile(place):
                continue
            meta = _json(place)
            if name == ".zarray" or (isinstance(meta, Mapping) and meta.get("node_type") == "array"):
                count += 1
                yield (below.replace("/", "_") or os.path.basename(folder.rstrip("/")).partition(".")[0]), meta
            else:
                names = sorted(entry.name for entry in os.scandir(here) if entry.is_dir(follow_symlinks=False))
                todo.extend(f"{below}/{inner}".lstrip("/") for inner in reversed(names))
            break


_READERS: Final[dict[str, Callable[[str], Fields | None]]] = {
    ".json": _json_fields,
    ".safetensors": _safetensors,
    ".arrow": _arrow,
    ".feather": _arrow,
}
