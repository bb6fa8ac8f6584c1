"""An index in a SQLite file: whether it is whole, and can be written."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from atdata._doctor.checks import Part
from atdata._errors import shown

__all__ = ["check_sqlite"]

_LITTLE = 1 << 30


def check_sqlite(path: str, *, timeout: float, read_only: bool) -> Part:
    """All that can be seen of the index in the file ``path``."""
    part = Part("index", shown(path, 200)[1:-1])
    place = Path(path)
    if not place.exists():
        folder = place.absolute().parent
        if not folder.is_dir():
            part.fail("file", f"there is no folder {shown(str(folder), 200)}", "make it, or correct the path")
        elif not os.access(folder, os.W_OK | os.X_OK):
            part.fail("file", "not there, and its folder cannot be written", "correct the folder's owner or mode")
        else:
            part.note("file", "not there yet", "it is made when something is first published or inserted")
        return part
    part.attempt("file", lambda: _look(part, place, timeout), "restore a copy, or move the file away and begin anew")
    if part.count("failure"):
        return part
    _access(part, place)
    from atdata._doctor.use import look_at, use_storage
    from atdata._index.index import Index

    with Index(path=place, timeout=timeout) as index:
        if not read_only:
            part.attempt("writing", lambda: use_storage(part, index), "check who owns the file and its folder")
        part.attempt("content", lambda: look_at(part, index))
    return part


def _look(part: Part, place: Path, timeout: float) -> None:
    connection = sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True, timeout=timeout)
    try:
        (answer,) = connection.execute("pragma quick_check(1)").fetchone()
        (mode,) = connection.execute("pragma journal_mode").fetchone()
    finally:
        connection.close()
    if answer != "ok":
        part.fail(
            "file", f"damaged: {shown(str(answer), 200)}", "restore a copy; sqlite3 FILE .recover saves what it can"
        )
        return
    part.ok("file", f"whole, {place.stat().st_size / 2**20:.1f} MB")
    if mode != "wal":
        part.warn(
            "journal",
            f"{shown(str(mode))[1:-1]} instead of a write-ahead log",
            "keep the file on a local disk: network drives have no write-ahead log, and every change waits",
        )


def _access(part: Part, place: Path) -> None:
    if os.name == "posix" and place.stat().st_mode & 0o002:
        part.warn("permissions", "everybody on this machine may change it", f"chmod o-w {place.name}")
    if not os.access(place, os.W_OK) or not os.access(place.absolute().parent, os.W_OK):
        part.warn("permissions", "the file or its folder cannot be written: the index is read-only here",
                  "correct the owner or mode of both; SQLite makes files beside it")  # fmt: skip
    filesystem = os.statvfs(place.absolute().parent) if hasattr(os, "statvfs") else None
    if filesystem is not None and filesystem.f_bavail * filesystem.f_frsize < _LITTLE:
        free = filesystem.f_bavail * filesystem.f_frsize / 2**20
        part.warn("disk", f"{free:,.0f} MB left", "make room: a full disk takes no changes")
