"""Data of other formats into typed shards: Parquet, Hugging Face datasets, folders of files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atdata._errors import SchemaError, shown
from atdata._foreign.fit import samples_of
from atdata._foreign.names import check_schema_name
from atdata._foreign.seen import Seen
from atdata._loading import huggingface
from atdata._loading.columns import parquet_records
from atdata._loading.folder import Folder, split_folders
from atdata._loading.infer import document, folder_schema, parquet_files
from atdata._loading.paths import local_path
from atdata._loading.splits import group
from atdata._samples.given import as_sample_type
from atdata._sources import named

if TYPE_CHECKING:
    from atdata._dataset.dataset import Dataset
    from atdata._loading.dataset_dict import DatasetDict

__all__ = ["import_folder", "import_huggingface", "import_parquet"]

_Records = Iterable[tuple[str, Mapping[str, Any]]]
_Path = str | os.PathLike[str]


def import_parquet(
    path: _Path | Sequence[_Path],
    out: _Path,
    schema: Any = None,
    *,
    name: str = "Sample",
    columns: Sequence[str] | None = None,
    skip: Collection[str] = (),
    samples: int = 100,
    **options: Any,
) -> Dataset[Any]:
    """Write the rows of Parquet files as typed shards, and return them as a dataset.

    ``path`` is a file, a pattern, a folder, or a list of files; ``out`` a tar file or a pattern such as
    ``data-%06d.tar``. ``schema`` is a sample class or a schema document; without one it is drafted from the first
    ``samples`` rows and called ``name``, without the fields in ``skip``. Other options go to
    :func:`~atdata.write`. Rows pass through in batches, so files may be larger than memory. What ``to_parquet``
    wrote comes back with every dtype and shape::

        dataset = atdata.import_parquet("table.parquet", "table-%06d.tar", name="Row")
    """
    schema = _schema(schema, options)
    if isinstance(path, str | os.PathLike):
        files: Sequence[_Path] = parquet_files(path)
        if not files:
            raise FileNotFoundError(f"there is no Parquet file at {shown(os.fspath(path), 300)}")
    else:
        files = [local_path(os.fspath(file)) for file in path]
    if schema is None:
        schema = _drafted(islice(parquet_records(files, columns), max(samples, 1)), name, {}, skip)
    return _write(parquet_records(files, columns), out, as_sample_type(schema), options)


def import_huggingface(
    dataset: Any,
    out: _Path,
    schema: Any = None,
    *,
    name: str = "Sample",
    columns: Sequence[str] | None = None,
    skip: Collection[str] = (),
    samples: int = 100,
    **options: Any,
) -> Dataset[Any] | DatasetDict[Any]:
    """Write a Hugging Face dataset as typed shards, and return them as a dataset.

    ``dataset`` is what ``datasets.load_dataset`` returned, streaming or not. Images and sounds stay encoded, class
    labels keep their names, nested columns become one field for each. A dictionary of splits needs ``{split}`` in
    ``out``, and comes back as a :class:`~atdata.DatasetDict`. The rest is as in :func:`import_parquet`::

        splits = atdata.import_huggingface(datasets.load_dataset("mnist"), "mnist-{split}-%06d.tar", name="Digit")
    """
    schema = _schema(schema, options)
    parts = dataset if isinstance(dataset, Mapping) else {"": dataset}
    for part in parts.values():
        if not hasattr(part, "__iter__") or isinstance(part, str | bytes):
            raise TypeError(f"a dataset expected, as datasets.load_dataset returns it, not {shown(part)}")
        if hasattr(part, "__next__"):
            raise TypeError("an iterator can be read only once: give the dataset itself, or use atdata.write")
    if schema is None:
        heads = [list(islice(huggingface.records_of(part, columns), max(samples, 1))) for part in parts.values()]
        known = {field: more for part in parts.values() for field, more in huggingface.describe(part).items()}
        schema = _drafted(chain.from_iterable(heads), name, known, skip)
    cls = as_sample_type(schema)

    def each(part: Any, path: str) -> Dataset[Any]:
        return _write(huggingface.records_of(part, columns), path, cls, options)

    return _splits(parts, out, each, cls) if isinstance(dataset, Mapping) else each(dataset, os.fspath(out))


def import_folder(
    folder: _Path,
    out: _Path,
    schema: Any = None,
    *,
    name: str = "Sample",
    skip: Collection[str] = (),
    samples: int = 100,
    **options: Any,
) -> Dataset[Any] | DatasetDict[Any]:
    """Write a folder of files as typed shards, and return them as a dataset.

    Files of one stem (``1.jpg``, ``1.txt``, ``1.json``) are one sample; the folder that they lie in is their class
    label (``cat/1.jpg``); ``metadata.csv`` or ``metadata.jsonl`` with a column ``file_name`` adds fields. Images and
    sounds stay encoded. A folder of nothing but ``train``, ``test`` and the like needs ``{split}`` in ``out``, and
    comes back as a :class:`~atdata.DatasetDict`. A ``schema`` of your own must have the drafted names of the fields
    that you want (see :func:`~atdata.infer_schema`)::

        photos = atdata.import_folder("photos/", "photos-%06d.tar", name="Photo")
    """
    schema = _schema(schema, options)
    path = Path(local_path(os.fspath(folder)))
    if not path.is_dir():
        raise FileNotFoundError(f"{shown(str(folder), 300)} is no folder")
    parts = split_folders(path)
    folders = {split: Folder.read(part) for split, part in (parts or {"": path}).items()}
    fields, mapping, label = folder_schema(list(folders.values()), samples, skip)
    cls = as_sample_type(document(name, "1.0.0", fields, "", mapping) if schema is None else schema)

    def each(part: Folder, path: str) -> Dataset[Any]:
        return _write(part.records(mapping, label), path, cls, options)

    return _splits(folders, out, each, cls) if parts else each(folders[""], os.fspath(out))


def _schema(schema: Any, options: dict[str, Any]) -> Any:
    """What the samples are to be; ``sample_type``, as writing and reading call a class, says it as well."""
    other = options.pop("sample_type", None)
    if schema is not None and other is not None:
        raise TypeError("schema and sample_type are the same thing: give one of them")
    return other if schema is None else schema


def _splits(parts: Mapping[str, Any], out: _Path, each: Callable[[Any, str], Any], cls: type[Any]) -> DatasetDict[Any]:
    """Import each split for itself, all as samples of one class."""
    from atdata._loading.dataset_dict import DatasetDict

    pattern = os.fspath(out)
    splits = group((str(split), str(split)) for split in parts)
    if "{split}" not in pattern:
        raise ValueError(
            f"there are the splits {', '.join(map(shown, splits))}: write {{split}} into out, "
            "such as data-{split}-%06d.tar, or import one split"
        )
    for split in splits:
        if not re.fullmatch(r"\w[\w.-]*", split):
            raise ValueError(f"the split {shown(split)} cannot be part of a file name; rename it")
    return DatasetDict({split: each(parts[split], pattern.replace("{split}", split)) for split in splits}, cls)


def _drafted(
    records: _Records, name: str, known: Mapping[str, Mapping[str, Any]], skip: Collection[str]
) -> dict[str, Any]:
    """A document for ``records``; ``known`` is what else is known of its fields."""
    check_schema_name(name)
    seen = Seen(skip)
    for where, record in records:
        seen.add(record, where)
    if not seen.count:
        raise SchemaError("there is no row to draft a schema from: the data is empty; give schema=")
    extra = {field: more for field, more in known.items() if field in seen.fields}
    return document(name, "1.0.0", seen.document_fields(extra), "", None)


def _write(records: _Records, out: _Path, cls: type[Any], options: Mapping[str, Any]) -> Dataset[Any]:
    from atdata._dataset.make import dataset_of
    from atdata._writing.write import write

    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    manifest = write(samples_of(records, cls), out, sample_type=cls, **options)
    return dataset_of(named.source_of(manifest.paths), cls)
