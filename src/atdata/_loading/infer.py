"""A schema document drafted from data: a look at some samples, to be read and corrected by a person."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from atdata_codegen.samples import SCHEMA_TYPE, parse_schema
from atdata_codegen.samples.model import TYPE_PREFIX

from atdata._errors import SchemaError, shown
from atdata._foreign.draft import first_of, mapped
from atdata._foreign.members import media_type, values_of
from atdata._foreign.names import check_schema_name, field_name, field_names
from atdata._foreign.seen import Seen
from atdata._loading.columns import parquet_records
from atdata._loading.folder import Folder
from atdata._loading.paths import find, local_path
from atdata._samples.msgpack import unpack_map
from atdata._sources import named

__all__ = ["document", "folder_schema", "infer_schema", "parquet_files", "records_schema"]

_Records = Iterable[tuple[str, Mapping[str, Any]]]


def infer_schema(
    data: Any,
    name: str = "Sample",
    *,
    version: str = "1.0.0",
    samples: int = 100,
    skip: Collection[str] = (),
    description: str = "",
) -> dict[str, Any]:
    """Draft a sample schema document from data, by looking at no more than ``samples`` samples.

    ``data`` is a path as :func:`~atdata.load_dataset` takes it, a Parquet file, a folder of files, a dataset or a
    source. A field that some of the samples lack, or have None in, is optional. Dimensions are sizes where they are
    constant, names where several arrays change together, else ``_``. Values of two types in one field are a
    :class:`~atdata.SchemaError` that names both; ``skip`` leaves fields out. What was not looked at may differ, so
    read the draft before you publish it.

    Of ordinary WebDataset shards (``.jpg`` + ``.cls`` + ``.json``) the draft also says in ``metadata.members``
    which member each field is read from.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for label in ("cat", "dog"):
    ...         pathlib.Path(folder, label).mkdir()
    ...         done = pathlib.Path(folder, label, "1.txt").write_text("a text")
    ...     draft = infer_schema(folder, name="Text")
    >>> [(field["name"], field.get("labels")) for field in draft["fields"]]
    [('text', None), ('label', ['cat', 'dog'])]
    """
    check_schema_name(name)
    if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
        raise ValueError(f"samples is how many to look at, at least 1, not {shown(samples)}")

    def finish(fields: list[dict[str, Any]], members: Mapping[str, str] | None = None) -> dict[str, Any]:
        return document(name, version, fields, description, members)

    if not isinstance(data, str | os.PathLike):
        return _from_shards(first_of(getattr(data, "source", data), samples), skip, finish)
    path = os.fspath(data)
    if named.is_remote(path):
        return _from_shards(first_of(named.source_of([a for _, a in find(path)]), samples), skip, finish)
    files = parquet_files(path)
    if files:
        return finish(records_schema(_some(parquet_records(files, rows=min(samples, 1024)), samples), skip))
    if os.path.isdir(local_path(path)):
        try:
            shards = find(path)
        except FileNotFoundError:
            folder = Folder.read(local_path(path))
            fields, mapping, _ = folder_schema([folder], samples, skip)
            return finish(fields, mapping)
        return _from_shards(first_of(named.source_of([a for _, a in shards]), samples), skip, finish)
    return _from_shards(first_of(named.source_of([a for _, a in find(path)]), samples), skip, finish)


def document(
    name: str, version: str, fields: list[dict[str, Any]], description: str, members: Mapping[str, str] | None
) -> dict[str, Any]:
    """A whole document, checked as any other."""
    found: dict[str, Any] = {"$type": SCHEMA_TYPE, "name": name, "version": version}
    if description:
        found["description"] = description
    found["fields"] = fields
    if members:
        found["metadata"] = {"members": dict(members)}
    _, problems = parse_schema(found)
    if problems:
        listed = "; ".join(str(problem) for problem in problems[:4])
        raise SchemaError(f"no schema can be drafted: {listed}"[:1800], problems)
    return found


def parquet_files(path: str | os.PathLike[str]) -> list[str]:
    """The Parquet files at a local path; none when there are shards of another kind."""
    import glob

    text = local_path(os.fspath(path))
    if os.path.isdir(text):
        found = [str(p) for p in sorted(Path(text).rglob("*.parquet")) if not p.name.startswith(".")]
        tars = next(Path(text).rglob("*.tar*"), None)
        return [] if tars is not None else found
    if os.path.splitext(text)[1].lower() not in (".parquet", ".pq"):
        return []
    if os.path.exists(text):
        return [text]
    found = sorted(glob.glob(text, recursive=True))
    if not found:
        raise FileNotFoundError(f"there is no Parquet file at {shown(text, 300)}")
    return found


def records_schema(records: _Records, skip: Collection[str]) -> list[dict[str, Any]]:
    """The fields of records whose keys are field names."""
    seen = Seen(skip)
    for where, record in records:
        seen.add(record, where)
    if not seen.count:
        raise SchemaError("there is no sample to look at: the data is empty")
    return seen.document_fields()


def folder_schema(
    folders: Sequence[Folder], samples: int, skip: Collection[str]
) -> tuple[list[dict[str, Any]], dict[str, str], str]:
    """Fields, mapping, and the field of the label of folders of files, which have all one schema and numbering."""
    fields, mapping = _of_members(lambda texts: (p for f in folders for p in f.places(samples, texts)), skip)
    taken = {field["name"] for field in fields}
    label = ""
    labels = sorted({name for folder in folders for name in folder.labels}) if all(f.labels for f in folders) else []
    for folder in folders:
        folder.labels = tuple(labels)
    if labels and "label" not in skip:
        label = "label" if "label" not in taken else "folder"
        whole = {"$type": TYPE_PREFIX + "primitive", "primitive": "int"}
        fields.append({"name": label, "fieldType": whole, "optional": False, "labels": labels})
    names = field_names({key: None for f in folders for row in f.table.values() for key in row})
    for folder in folders:
        folder.table = {file: {names[k]: v for k, v in row.items()} for file, row in folder.table.items()}
    if names:
        more = records_schema((row for folder in folders for row in _table_rows(folder, samples)), skip)
        fields += [field for field in more if field["name"] not in taken | {label}]
    return fields, mapping, label


def _table_rows(folder: Folder, samples: int) -> Iterator[tuple[str, dict[str, Any]]]:
    for stem in list(folder.groups)[:samples]:
        yield stem, folder.of_table(stem)


def _some(records: _Records, samples: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, record in enumerate(records):
        if number == samples:
            return
        yield record


# Shards -----------------------------------------------------------------------------------------------------------


def _from_shards(
    samples: Iterable[tuple[str, dict[str, bytes]]],
    skip: Collection[str],
    finish: Callable[..., dict[str, Any]],
) -> dict[str, Any]:
    listed = list(samples)
    if not listed:
        raise SchemaError("there is no sample to look at: the shards are empty")
    if all("msgpack" in members for _, members in listed):
        records = [(where, unpack_map(members["msgpack"])) for where, members in listed]
        _check_names(records, skip)
        return finish(records_schema(records, skip))
    for where, members in listed:
        if "msgpack" in members:
            raise SchemaError(f"{where} has a .msgpack member and others do not: two kinds of samples in one dataset")
    fields, mapping = _of_members(lambda texts: ((w, values_of(m, texts=texts)) for w, m in listed), skip)
    return finish(fields, mapping)


def _check_names(records: _Records, skip: Collection[str]) -> None:
    for where, record in records:
        for name in record:
            if name not in skip and field_name(name) != name:
                raise SchemaError(
                    f"{where} has a field called {shown(name)}, which cannot be the name of a field; "
                    f"rename it in the data (such as {field_name(name)}), or leave it out with skip="
                )


def _of_members(
    read: Callable[[Collection[str]], Iterable[tuple[str, dict[str, Any]]]], skip: Collection[str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Fields and mapping of ordinary members."""
    seen, mapping, texts = mapped(read, skip)
    extra: dict[str, dict[str, Any]] = {}
    for field, place in mapping.items():
        if seen.fields[field].kinds.keys() == {"bytes"} and media_type(place):
            extra[field] = {"mediaType": media_type(place)}
        elif place in texts:
            extra[field] = {"description": "JSON as text."}
    return seen.document_fields(extra), mapping
