"""Data of other formats into typed shards: Parquet, Hugging Face datasets, folders of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from atdata._errors import SchemaError, shown
from atdata._loading import huggingface, sources
from atdata._loading.columns import parquet_records
from atdata._loading.fit import as_sample_type, samples_of
from atdata._loading.folder import Folder, split_folders
from atdata._loading.infer import document, folder_schema, parquet_files
from atdata._loading.names import check_schema_name
from atdata._loading.paths import local_path
from atdata._loading.seen import Seen

if TYPE_CHECKING:
    from atdata import Dataset
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
    samples: int = 100,
    **options: Any,
) -> Dataset[Any]:
    """Write the rows of Parquet files as typed shards, and return them as a dataset.

    ``path`` is a file, a pattern, a folder, or a list of files; ``out`` a tar file or a pattern such as
    ``data-%06d.tar``. ``schema`` is a sample class or a schema document; without one it is drafted from the first
    ``samples`` rows and called ``name``. Other options go to :func:`~atdata.write`. Rows pass through in batches,
    so files may be larger than memory. What ``to_parquet`` wrote comes back with every dtype and shape::

        dataset = atdata.import_parquet("table.parquet", "table-%06d.tar", name="Row")
    """
    if isinstance(path, str | os.PathLike):
        files: Sequence[_Path] = parquet_files(path)
        if not files:
            raise FileNotFoundError(f"there is no Parquet file at {shown(os.fspath(path), 300)}")
    else:
        files = [local_path(os.fspath(file)) for file in path]
    return _write(lambda: parquet_records(files, columns), out, schema, name, samples, {}, options)


def import_huggingface(
    dataset: Any,
    out: _Path,
    schema: Any = None,
    *,
    name: str = "Sample",
    columns: Sequence[str] | None = None,
    samples: int = 100,
    **options: Any,
) -> Dataset[Any] | DatasetDict[Any]:
    """Write a Hugging Face dataset as typed shards, and return them as a dataset.

    ``dataset`` is what ``datasets.load_dataset`` returned, streaming or not. Images and sounds stay encoded, class
    labels keep their names, nested columns become one field for each. A dictionary of splits needs ``{split}`` in
    ``out``, and comes back as a :class:`~atdata.DatasetDict`. The rest is as in :func:`import_parquet`::

        splits = atdata.import_huggingface(datasets.load_dataset("mnist"), "mnist-{split}-%06d.tar", name="Digit")
    """
    if isinstance(dataset, Mapping):
        return _splits(
            {str(split): part for split, part in dataset.items()},
            out,
            lambda part, path, first: import_huggingface(
                part, path, first or schema, name=name, columns=columns, samples=samples, **options
            ),
        )
    if not hasattr(dataset, "__iter__") or isinstance(dataset, str | bytes):
        raise TypeError(f"a dataset expected, as datasets.load_dataset returns it, not {shown(dataset)}")
    known = huggingface.describe(dataset)
    return _write(lambda: huggingface.records_of(dataset, columns), out, schema, name, samples, known, options)


def import_folder(
    folder: _Path, out: _Path, schema: Any = None, *, name: str = "Sample", samples: int = 100, **options: Any
) -> Dataset[Any] | DatasetDict[Any]:
    """Write a folder of files as typed shards, and return them as a dataset.

    Files of one stem (``1.jpg``, ``1.txt``, ``1.json``) are one sample; the folder that they lie in is their class
    label (``cat/1.jpg``); ``metadata.csv`` or ``metadata.jsonl`` with a column ``file_name`` adds fields. Images and
    sounds stay encoded. A folder of nothing but ``train``, ``test`` and the like needs ``{split}`` in ``out``, and
    comes back as a :class:`~atdata.DatasetDict`. A ``schema`` of your own must have the drafted names of the fields
    that you want (see :func:`~atdata.infer_schema`)::

        photos = atdata.import_folder("photos/", "photos-%06d.tar", name="Photo")
    """
    path = Path(local_path(os.fspath(folder)))
    if not path.is_dir():
        raise FileNotFoundError(f"{shown(str(folder), 300)} is no folder")
    parts = split_folders(path)
    if parts:
        return _splits(
            parts,
            out,
            lambda part, path, first: import_folder(part, path, first or schema, name=name, samples=samples, **options),
        )
    found = Folder.read(path)
    fields, mapping, label = folder_schema(found, samples, ())
    if schema is None:
        schema = document(name, "1.0.0", fields, "", mapping)
    return _write(lambda: found.records(mapping, label), out, schema, name, samples, {}, options)


def _splits(
    parts: Mapping[str, Any], out: _Path, each: Callable[[Any, str, type[Any] | None], Any]
) -> DatasetDict[Any]:
    """Import each split for itself, all with the schema of the first."""
    from atdata._loading.dataset_dict import DatasetDict

    pattern = os.fspath(out)
    if "{split}" not in pattern:
        raise ValueError(
            f"there are the splits {', '.join(map(shown, parts))}: write {{split}} into out, "
            "such as data-{split}-%06d.tar, or import one split"
        )
    done: dict[str, Any] = {}
    first: type[Any] | None = None
    for split, part in parts.items():
        if not split.replace("-", "").replace("_", "").replace(".", "").isalnum() or split.startswith("."):
            raise ValueError(f"the split {shown(split)} cannot be part of a file name; rename it")
        done[split] = each(part, pattern.replace("{split}", split), first)
        first = done[split].sample_type
    return DatasetDict(done, first)


def _write(
    records: Callable[[], _Records],
    out: _Path,
    schema: Any,
    name: str,
    samples: int,
    known: Mapping[str, Mapping[str, Any]],
    options: Mapping[str, Any],
) -> Dataset[Any]:
    from atdata._writing.write import write

    check_schema_name(name)
    rows = iter(records())
    if schema is None:
        seen = Seen()
        head = list(islice(rows, max(samples, 1)))
        for where, record in head:
            seen.add(record, where)
        if not head:
            raise SchemaError("there is no row to draft a schema from: the data is empty; give schema=")
        extra = {field: more for field, more in known.items() if field in seen.fields}
        schema = document(name, "1.0.0", seen.document_fields(extra), "", None)
        rows = chain(head, rows)
    cls = as_sample_type(schema)
    manifest = write(samples_of(rows, cls), out, sample_type=cls, **options)
    return sources.dataset(sources.source_of(manifest.paths), cls)
