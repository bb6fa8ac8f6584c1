"""A schema document drafted from anything that is known: descriptions of other tools first, then the data itself."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from atdata_codegen.formats.files import described_fields
from atdata_codegen.formats.notes import fields_documents

from atdata._errors import SchemaError, shown
from atdata._foreign.names import field_names
from atdata._loading.infer import document, infer_schema, records_schema

__all__ = ["Draft", "draft"]

_LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A schema document, and what of the source it does not say."""

    document: dict[str, Any]
    losses: tuple[str, ...] = ()


def draft(
    data: str,
    name: str,
    *,
    version: str = "1.0.0",
    samples: int = 100,
    skip: Collection[str] = (),
    description: str = "",
    samples_axis: bool = True,
) -> Draft:
    """The draft for shards, Parquet, a folder of files, JSON or JSON Lines; or what another tool's file describes.

    The latter are zarr, safetensors, Arrow, Croissant, Hugging Face's features and MDS, of which no data is read.
    """
    found = described_fields(data, samples_axis)
    if found is not None:
        fields = [field for field in fields_documents(found.value) if field["name"] not in skip]
        if not fields:
            raise SchemaError("; ".join(["nothing there becomes a field", *map(str, found.losses)])[:1800])
        made = document(name, version, fields, description, None)
        return Draft(made, tuple(str(loss) for loss in found.losses if loss.field not in skip))
    if os.path.isfile(data) and data.lower().endswith((".json", ".jsonl", ".ndjson")):
        records = islice(_records(data), samples)
        return Draft(document(name, version, records_schema(records, skip), description, None))
    return Draft(infer_schema(data, name, version=version, samples=samples, skip=skip, description=description))


def _records(path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a JSON list, or of a file with one a line, with the names that their keys become."""
    if path.lower().endswith(".json"):
        with open(path, "rb") as file:
            raw = file.read(_LARGEST + 1)
        if len(raw) > _LARGEST:
            raise ValueError(f"{shown(path, 200)} has more than {_LARGEST:,} bytes; write one object a line (.jsonl)")
        listed = _loaded(raw, path)
        if not isinstance(listed, list):
            raise ValueError(f"{shown(path, 200)} is no list of samples, and no description that is known")
        for number, record in enumerate(listed):
            yield _record(record, f"item {number}")
        return
    with open(path, "rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_LARGEST), b""), 1):
            if line.strip():
                yield _record(_loaded(line, f"{path}, line {number}"), f"line {number}")


def _loaded(raw: bytes, where: str) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{shown(where, 200)} is not JSON: {shown(str(error), 120)}") from error


def _record(record: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(record, dict):
        raise ValueError(f"{where} is no object")
    names = field_names(record)
    return where, {names[key]: value for key, value in record.items()}
