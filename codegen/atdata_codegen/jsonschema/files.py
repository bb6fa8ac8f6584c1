"""The exported files: compared with what stands on disk, written when they differ, removed when nothing makes them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from atdata_codegen.files import create, read_file
from atdata_codegen.jsonschema.convert import Schema
from atdata_codegen.jsonschema.documents import COMMENT
from atdata_codegen.problems import Problem, ProblemError

__all__ = ["Difference", "compare", "text_of", "write"]

#: No export comes near; what is larger differs from it in its first bytes already.
_LARGEST = 1 << 30
_HEAD = 200
_MARK = b'{\n  "$comment": "' + COMMENT.encode("ascii")


@dataclass(slots=True)
class Difference:
    """Paths that a run would write or remove, sorted."""

    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    unchanged: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.orphans)


def text_of(schema: Schema) -> bytes:
    """The bytes of one file: ASCII, two spaces an indent, a newline at the end, keys in their order."""
    return (json.dumps(schema, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def compare(
    files: Mapping[str, bytes], folder: str | None, *, mark: bytes = _MARK, endings: tuple[str, ...] = (".json",)
) -> Difference:
    """What would change so that every path of ``files`` holds its bytes, and ``folder`` nothing else of ours.

    Ours is what has ``mark`` in its first bytes. Raises :class:`ProblemError` for somebody else's file in the way.
    """
    found = Difference()
    foreign: list[Problem] = []
    for path in sorted(files):
        there = _read(path)
        if there is None:
            found.missing.append(path)
        elif there == files[path]:
            found.unchanged += 1
        else:
            found.changed.append(path)
            if there and mark not in there[:_HEAD]:
                hint = "move it away, or choose another place"
                foreign.append(Problem((), "was not written by atdata-gen", hint, code="foreign", file=path))
    if foreign:
        raise ProblemError(foreign, "output")
    if folder is not None and os.path.isdir(folder):
        for name in sorted(os.listdir(folder)):
            path = os.path.join(folder, name)
            if name.endswith(endings) and path not in files and mark in (_read(path) or b"")[:_HEAD]:
                found.orphans.append(path)
    return found


def write(files: Mapping[str, bytes], difference: Difference) -> None:
    """Make it so; each file is old or new, never half. Raises :class:`ProblemError` when the disk refuses."""
    try:
        for path in (*difference.missing, *difference.changed):
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            temporary = f"{path}.{os.getpid()}.tmp"
            try:
                with open(create(temporary), "wb") as stream:
                    stream.write(files[path])
                os.replace(temporary, path)
            except FileExistsError:
                raise  # somebody else's
            except OSError:
                if os.path.exists(temporary):
                    os.unlink(temporary)
                raise
        for path in difference.orphans:
            os.unlink(path)
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise ProblemError([Problem((), message, file=str(error.filename))], "output") from error


def _read(path: str) -> bytes | None:
    try:
        return read_file(path, _LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProblemError([Problem((), f"cannot be read: {error.strerror}", file=path)], "output") from error
