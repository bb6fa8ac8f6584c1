"""Copies of remote shards on this machine, each whole or not there."""

from __future__ import annotations

import hashlib
import os
from typing import IO

from atdata._sources.places import base_name
from atdata._writing.files import NewFile, sweep

__all__ = ["cached_path", "fetch"]


def cached_path(folder: str, shard: str) -> str:
    """Where the copy of ``shard`` is kept: the name says little, so a hash of the whole address is part of it."""
    return os.path.join(
        folder, f"{hashlib.sha256(shard.encode('utf-8', 'replace')).hexdigest()[:24]}-{base_name(shard)}"
    )


def fetch(stream: IO[bytes], path: str, *, sha256: str | None = None) -> bool:
    """Copy ``stream`` to ``path``; False, and nothing kept, when the bytes are not those of ``sha256``."""
    sweep(path)
    digest = hashlib.sha256()
    with NewFile(path) as file:
        while part := stream.read(1 << 20):
            if sha256 is not None:
                digest.update(part)
            file.write([part])
        if sha256 is not None and digest.hexdigest() != sha256:
            return False
        file.commit()
    return True
