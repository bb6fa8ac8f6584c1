"""Writing what was brought: each file whole or not at all, lock files last, nothing outside the folder."""

from __future__ import annotations

import os
from collections.abc import Mapping

from atdata_codegen.files import linked_folder
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.remote.lock import LOCK_FILES
from atdata_codegen.rewrite import create_file, replace_file

__all__ = ["write_files"]


def write_files(files: Mapping[str, bytes], folder: str) -> None:
    """Write what a pull brought, lock files last, each file whole or not at all.

    Raises :class:`ProblemError` where a folder on the way is a link to somewhere else, or the disk refuses.
    """
    inside = [os.path.relpath(path, folder).replace(os.sep, "/") for path in files]
    linked = linked_folder(folder, [name for name in inside if not name.startswith("../")])
    if linked is not None:
        message = "is a link, and would lead what is written out of the folder"
        raise ProblemError([Problem((), message, "remove the link", code="link", file=linked)], "pull")
    try:
        for path in sorted(files, key=lambda path: os.path.basename(path) in LOCK_FILES):
            if os.path.lexists(path):
                replace_file(path, files[path])
            else:
                create_file(path, files[path])
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise ProblemError([Problem((), message, file=str(error.filename or folder))], "pull") from error
