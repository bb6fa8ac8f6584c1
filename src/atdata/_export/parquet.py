"""A dataset as Parquet files: one row group after the other, in bounded memory, whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from atdata._errors import shown
from atdata._export import _arrow
from atdata._export.columns import Columns, Exportable, SampleMap, declared, groups
from atdata._export.layouts import Layout, Null, Scalar, merge, observe
from atdata._export.restore import decode

__all__ = ["to_parquet"]

#: A row group is closed at whichever comes first.
ROW_GROUP_ROWS = 131_072
ROW_GROUP_BYTES = 32 << 20


def to_parquet(
    dataset: Exportable[Any],
    path: str | os.PathLike[str],
    sample_map: SampleMap | None = None,
    maxcount: int | None = None,
    **kwargs: Any,
) -> list[Path]:
    """Write the samples of ``dataset``, in order, as a Parquet file, and return the files written.

    ``sample_map`` turns a sample into a dictionary of columns; without it every field is a column.
    ``maxcount`` splits the output into files of at most so many samples, ``{stem}-{segment:06d}.parquet``.
    Memory stays bounded either way, for row groups are written as they fill up (``row_group_size`` rows,
    or 32 MiB). Other arguments go to ``pyarrow.parquet.ParquetWriter``, such as ``compression="zstd"``.

    Arrays are kept: as fixed-shape tensors where one dtype and shape is all there is, else as lists, with dtype
    and shape beside them. A file under its final name is whole; a failed export leaves the old files.

    >>> import tempfile, atdata
    >>> class Two:
    ...     sample_type = atdata.DictSample
    ...     def ordered(self):
    ...         return [atdata.DictSample(label="cat"), atdata.DictSample(label="dog")]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [file.name for file in to_parquet(Two(), f"{folder}/out.parquet", maxcount=1)]
    ['out-000000.parquet', 'out-000001.parquet']
    """
    if maxcount is not None and (isinstance(maxcount, bool) or not isinstance(maxcount, int) or maxcount < 1):
        raise ValueError(f"maxcount is the most samples of one file, so at least 1, not {shown(maxcount)}")
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {shown(str(target.parent))} does not exist; make it first")
    if target.is_dir():
        raise IsADirectoryError(f"{shown(str(target))} is a folder; name a file in it, such as data.parquet")
    rows, numbered, options = _options(kwargs)
    start: dict[str, Layout] = {}
    if sample_map is None:
        start = {name: plan if isinstance(plan, Scalar) else Null() for name, plan in _declared(dataset).items()}
    export = _Export(target, maxcount is not None, start, numbered, options)
    try:
        for columns, first in groups(dataset, sample_map, rows, ROW_GROUP_BYTES, maxcount):
            export.write(columns, first)
        return export.finish({} if sample_map else _declared(dataset))
    finally:
        export.clean_up()


def _declared(dataset: Exportable[Any]) -> dict[str, Layout]:
    return declared(dataset.sample_type)


def _options(kwargs: Mapping[str, Any]) -> tuple[int, bool, dict[str, Any]]:
    """Rows of a row group, whether to number the rows, and what is left for pyarrow."""
    options = dict(kwargs)
    engine = options.pop("engine", "auto")
    if engine not in ("auto", "pyarrow"):
        raise ValueError(f"engine is {shown(engine)}: only pyarrow keeps arrays, so leave engine out")
    for name in ("partition_cols", "storage_options"):
        if options.pop(name, None) is not None:
            raise ValueError(f"{name} is not supported: write to a local file, and split it by maxcount")
    rows = options.pop("row_group_size", None)
    if rows is not None and (isinstance(rows, bool) or not isinstance(rows, int) or rows < 1):
        raise ValueError(f"row_group_size is a number of rows, at least 1, not {shown(rows)}")
    numbered = bool(options.pop("index", False))
    return rows or ROW_GROUP_ROWS, numbered, options


class _Export:
    """The files under way. They get their names when all are written.

    The layout of a column may widen while the data goes by; row groups already written are then written again.
    """

    def __init__(
        self, target: Path, split: bool, layouts: dict[str, Layout], numbered: bool, options: dict[str, Any]
    ) -> None:
        self._target = target
        self._split = split
        self._layouts = layouts
        self._numbered = numbered
        self._options = options
        self._segments: list[tuple[Path, dict[str, Layout]]] = []
        self._writer: Any = None
        self._count = 0

    def write(self, columns: Columns, first: bool) -> None:
        """Append one row group."""
        layouts = dict(self._layouts)
        for name, values in columns.values.items():
            layouts[name] = merge(layouts.get(name, Null()), observe(values, name), name)
        if first:
            self._close()
            self._count = 0
        elif layouts != self._layouts:
            self._reopen(layouts)
        self._layouts = layouts
        if self._writer is None:
            self._open()
        self._append(self._writer, columns.values, columns.rows, self._layouts, self._count)
        self._count += columns.rows

    def finish(self, plan: Mapping[str, Layout]) -> list[Path]:
        """Give the files their names. ``plan`` is for columns in which no value was seen."""
        if not self._segments:
            self._layouts = {name: merge(self._layouts.get(name, Null()), kind, name) for name, kind in plan.items()}
            self._open()
        self._close()
        layouts = {
            name: plan.get(name, kind) if isinstance(kind, Null) else kind for name, kind in self._layouts.items()
        }
        for number, (_, written) in enumerate(self._segments):
            if written != layouts:
                self._rewrite(number, layouts)
        done = []
        for number, (temporary, _) in enumerate(self._segments):
            final = self._target
            if self._split:
                final = final.with_name(f"{final.stem}-{number:06d}.parquet")
            os.replace(temporary, final)
            done.append(final)
        self._segments.clear()
        _sync_folder(self._target.parent)
        return done

    def clean_up(self) -> None:
        """Remove what has no final name."""
        self._close(sync=False)
        for temporary, _ in self._segments:
            temporary.unlink(missing_ok=True)

    def _open(self) -> None:
        temporary = self._temporary()
        self._segments.append((temporary, self._layouts))
        self._writer = self._new_writer(temporary, self._layouts)

    def _temporary(self) -> Path:
        return self._target.with_name(f".{self._target.name}.{secrets.token_hex(6)}.tmp")

    def _new_writer(self, path: Path, layouts: Mapping[str, Layout]) -> Any:
        schema = _schema(layouts, self._numbered)
        try:
            return _arrow.parquet().ParquetWriter(path, schema, **self._options)
        except TypeError as error:
            given = ", ".join(shown(name) for name in self._options)
            raise TypeError(
                f"pyarrow.parquet.ParquetWriter does not take one of the options {given}: {error}"
            ) from error

    def _close(self, sync: bool = True) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
            if sync:
                _sync(self._segments[-1][0])

    def _reopen(self, layouts: dict[str, Layout]) -> None:
        """Go on with the file under way in another layout."""
        self._close(sync=False)
        self._writer = self._copy(len(self._segments) - 1, layouts)

    def _rewrite(self, number: int, layouts: dict[str, Layout]) -> None:
        self._copy(number, layouts).close()
        _sync(self._segments[number][0])

    def _copy(self, number: int, layouts: dict[str, Layout]) -> Any:
        old, written = self._segments[number]
        new = self._temporary()
        self._segments[number] = (new, layouts)
        try:
            writer = self._new_writer(new, layouts)
            file = _arrow.parquet().ParquetFile(old)
            try:
                at = 0
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group)
                    values = {name: decode(table.schema.field(name), table[name]) for name in written}
                    self._append(writer, values, table.num_rows, layouts, at)
                    at += table.num_rows
            finally:
                file.close()
            return writer
        finally:
            old.unlink(missing_ok=True)

    def _append(
        self, writer: Any, values: Mapping[str, Any], rows: int, layouts: Mapping[str, Layout], at: int
    ) -> None:
        pa = _arrow.arrow()
        arrays = [_arrow.encode(kind, values.get(name, [None] * rows), name) for name, kind in layouts.items()]
        if self._numbered:
            arrays.append(pa.array(range(at, at + rows), pa.int64()))
        table = pa.Table.from_arrays(arrays, schema=_schema(layouts, self._numbered))
        writer.write_table(table, row_group_size=max(rows, 1))


def _schema(layouts: Mapping[str, Layout], numbered: bool) -> Any:
    pa = _arrow.arrow()
    fields = [_arrow.field_for(kind, name) for name, kind in layouts.items()]
    if numbered:
        fields.append(pa.field("__index_level_0__", pa.int64()))
    return pa.schema(fields)


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # not every system opens folders
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
