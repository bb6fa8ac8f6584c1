"""Replacing a user's own file: the new text is complete before the old one goes, and rights and links stay."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress

from atdata_codegen.files import create

__all__ = ["create_file", "replace_file"]


def replace_file(path: str, data: bytes) -> None:
    """Write ``data`` where the file at ``path`` lies, behind a link where it is one."""
    real = os.path.realpath(path)
    name = f"{real}.{os.getpid()}.tmp"
    handle = create(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        if os.path.exists(real):
            shutil.copymode(real, name)
        os.replace(name, real)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def create_file(path: str, data: bytes) -> None:
    """Write a file that must not be there yet, with the folders above it; raises FileExistsError.

    Under its name it is whole from the first moment on, whoever kills us.
    """
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(create(temporary), "wb") as stream:
            stream.write(data)
        try:
            os.link(temporary, path)  # never over a file that came in between
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            os.rename(temporary, path)
    finally:
        with suppress(OSError):
            os.unlink(temporary)
