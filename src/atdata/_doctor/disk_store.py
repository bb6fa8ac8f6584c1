"""A store in a folder: whether shards can be written there, whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from uuid import uuid4

from atdata._doctor.checks import Part
from atdata._errors import shown
from atdata._stores.disk import DiskDataStore
from atdata._writing.files import write_file

__all__ = ["check_disk"]

_LITTLE = 1 << 30


def check_disk(path: str, *, read_only: bool) -> Part:
    """All that can be seen of the folder ``path``."""
    part = Part("store", shown(path, 200)[1:-1])
    store = DiskDataStore(path)
    place = Path(store.path)
    if not place.is_dir():
        if place.exists():
            part.fail("folder", "it is a file", "choose a folder")
        else:
            part.note("folder", "not there yet", "it is made at the first write")
        return part
    if not read_only:
        part.attempt("writing", lambda: _write(part, place), "correct the owner or mode of the folder, or make room")
    free = shutil.disk_usage(place).free
    if free < _LITTLE:
        part.warn("disk", f"{free / 2**20:,.0f} MB left", "make room, or store elsewhere")
    else:
        part.ok("disk", f"{free / 2**30:,.1f} GB left")
    part.attempt("leftovers", lambda: _leftovers(part, store))
    return part


def _write(part: Part, place: Path) -> None:
    path = place / f".doctor-{uuid4().hex}"
    write_file(str(path), b"doctor")
    try:
        if path.read_bytes() != b"doctor":
            part.fail("writing", "what was written is not what is read", "check the disk")
            return
    finally:
        os.unlink(path)
    part.ok("writing", "a file was written, synced, read and removed")


def _leftovers(part: Part, store: DiskDataStore) -> None:
    left = store.leftovers()
    if left:
        part.note("leftovers", f"{len(left)} files of writes that never finished", "store.gc() removes them")
