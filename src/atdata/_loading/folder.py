"""A folder of files as records: files of one stem are one sample, the folder they lie in is their label."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from atdata_codegen.files import read_file

from atdata._errors import DecodeError, SchemaError, shown
from atdata._foreign.members import sample_of, values_of
from atdata._loading.splits import canonical

__all__ = ["Folder", "split_folders"]

_TABLES = ("metadata.jsonl", "metadata.csv")
_SPLITS = frozenset({"train", "test", "validation"})
_MAX_FILE = 1 << 30


def split_folders(folder: Path) -> dict[str, Path]:
    """The folders for splits in ``folder`` when it holds nothing else, by the split's name."""
    inner = [entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".")]
    if not inner or not all(entry.is_dir() and canonical(entry.name) in _SPLITS for entry in inner):
        return {}
    return {canonical(entry.name): entry for entry in inner}


@dataclass(slots=True)
class Folder:
    """The files below one folder, grouped into samples; nothing but names is read to make it."""

    path: Path
    #: Stem below the folder -> files by extension.
    groups: dict[str, dict[str, Path]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    #: What a metadata table says of each file.
    table: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Folder:
        """Look through ``path``."""
        found = cls(Path(path))
        if not found.path.is_dir():
            raise FileNotFoundError(f"{shown(str(path))} is no folder")
        labels = set()
        for file in _files(found.path):
            below = file.relative_to(found.path)
            if str(below) in _TABLES:
                found.table.update(_table(file))
                continue
            stem, _, extension = below.name.partition(".")
            if stem and extension:
                found.groups.setdefault(str(below.with_name(stem)), {})[extension.lower()] = file
                labels.add(below.parent.name)
        if not found.groups:
            raise FileNotFoundError(f"there are no files in {shown(str(path))}")
        found.labels = () if "" in labels else tuple(sorted(labels))
        return found

    def places(self, limit: int, texts: Iterable[str] = ()) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every value of the first samples, by where it is read; see :mod:`atdata._foreign.members`.

        Of a folder with labels the samples are taken from all over it.
        """
        step = max(len(self.groups) // max(limit, 1), 1)
        for stem in list(self.groups)[::step][:limit]:
            yield stem, values_of(self._members(stem), texts=texts)

    def records(self, mapping: Mapping[str, str], label: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The fields of each sample. ``label`` is the field for the number of its folder, if there is one."""
        numbers = {name: number for number, name in enumerate(self.labels)}
        for stem in self.groups:
            record = sample_of(self._members(stem), mapping)
            if label:
                record[label] = numbers[Path(stem).parent.name]
            record.update(self.of_table(stem))
            yield stem, record

    def of_table(self, stem: str) -> dict[str, Any]:
        """What the metadata table says of a sample."""
        for file in self.groups[stem].values():
            row = self.table.get(file.relative_to(self.path).as_posix())
            if row is not None:
                return row
        return {}

    def _members(self, stem: str) -> dict[str, bytes]:
        found = {}
        for extension, file in self.groups[stem].items():
            found[extension] = _bytes_of(file)
        return found


def _files(folder: Path) -> Iterator[Path]:
    for above, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(above, name)


def _bytes_of(file: Path) -> bytes:
    """The whole of a file: no pipe, which may never end, and no link to a device, which ends as little."""
    try:
        data = read_file(str(file), _MAX_FILE + 1)
    except OSError as error:
        raise DecodeError(f"{shown(str(file))} cannot be read: {error.strerror}") from error
    if len(data) > _MAX_FILE:
        raise DecodeError(f"{shown(str(file))} is larger than {_MAX_FILE >> 20} MiB, too large to be read whole")
    return data


def _table(file: Path) -> dict[str, dict[str, Any]]:
    """Rows of a metadata table by ``file_name``."""
    what = "CSV" if file.suffix == ".csv" else "JSON, one object a line"
    try:
        lines = io.StringIO(_bytes_of(file).decode("utf-8"), newline="")
        if file.suffix == ".csv":
            rows: list[dict[str, Any]] = [dict(row) for row in csv.DictReader(lines, strict=True)]
        else:
            rows = [json.loads(line) for line in lines if line.strip()]
    except (ValueError, RecursionError, csv.Error) as error:
        raise SchemaError(f"{file.name} is not {what}: {str(error)[:200]}") from error
    if file.suffix == ".csv":
        if any(None in row for row in rows):
            raise SchemaError(f"{file.name} has a row with more cells than the first line has names")
        _number(rows)
    found = {}
    for row in rows:
        name = row.pop("file_name", None) if isinstance(row, dict) else None
        if not isinstance(name, str):
            raise SchemaError(f"{file.name} has a row without file_name, which says what file the row is about")
        found[name] = row
    return found


def _number(rows: list[dict[str, Any]]) -> None:
    """Columns of a CSV that hold nothing but numbers become numbers; empty cells become None."""
    for name in {name for row in rows for name in row if name is not None and name != "file_name"}:
        cells = [row[name] if row.get(name) not in (None, "") else None for row in rows]
        for kind in (int, float):
            try:
                cells = [None if cell is None else kind(cell) for cell in cells]
                break
            except ValueError:
                continue
        for row, cell in zip(rows, cells, strict=True):
            row[name] = cell
