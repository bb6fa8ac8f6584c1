"""Rendered text kept between processes, in the user's own cache directory.

Nothing depends on it: a cache that is missing, unwritable or damaged costs time only. What is read
was written by this user, carries its own checksum, and is audited again before it is compiled.
"""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

__all__ = ["fingerprint", "read", "write"]


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """A hash over the generator's own files, so that a changed generator never meets its old text."""
    import atdata_codegen.samples
    import atdata_templates

    digest = sha256()
    for module in (atdata_codegen, atdata_codegen.samples, atdata_templates):
        folder = Path(module.__file__ or "").parent
        try:
            for entry in sorted(os.scandir(folder), key=lambda e: e.name):
                if entry.name.endswith((".py", ".jinja")):
                    stat = entry.stat()
                    digest.update(f"{entry.path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(os.urandom(16))  # files in an archive: no fingerprint, so no reuse
    return digest.hexdigest()[:16]


def _path(key: str) -> Path | None:
    from atdata_codegen.templating import cache_dir

    base = cache_dir()
    return base / f"{key}.txt" if base is not None else None


def read(key: str) -> str | None:
    """The text kept under ``key``, when it is whole."""
    try:
        path = _path(key)
        if path is None:
            return None
        raw = path.read_bytes()
    except OSError:
        return None
    digest, _, body = raw.partition(b"\n")
    if sha256(body).hexdigest().encode() != digest:
        return None
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def write(key: str, text: str) -> None:
    """Keep ``text`` under ``key``; failing is allowed."""
    try:
        path = _path(key)
        if path is None:
            return
        body = text.encode("utf-8")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(body).hexdigest().encode() + b"\n" + body)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError:
        pass
