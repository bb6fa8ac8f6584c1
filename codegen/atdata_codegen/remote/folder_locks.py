"""The two lock files of a folder of schemas, as they were and as they become."""

from __future__ import annotations

import os
from dataclasses import dataclass

from atdata_codegen.files import read_file
from atdata_codegen.problems import Problem, ProblemError
from atdata_codegen.remote.lock import LEXICONS, SAMPLES, Lock, Resolution, lock_bytes, read_lock

__all__ = ["FolderLocks", "refuse_stale"]


@dataclass(slots=True)
class FolderLocks:
    """The two lock files, and what they become."""

    folder: str
    old: dict[str, Resolution]
    roots: set[str]
    new: dict[str, Resolution]
    before: dict[str, bytes | None]

    @classmethod
    def read(cls, folder: str) -> FolderLocks:
        before = {path: _bytes_at(path) for path in (_lock_path(folder, kind) for kind in (LEXICONS, SAMPLES))}
        lexicons, samples = (read_lock(_lock_path(folder, kind), kind) for kind in (LEXICONS, SAMPLES))
        known = {**lexicons.resolutions, **samples.resolutions}
        return cls(folder, known, set(lexicons.roots | samples.roots), dict(known), before)

    def files(self) -> dict[str, bytes]:
        """The bytes of those that change, without one that would hold nothing."""
        made: dict[str, bytes] = {}
        for kind in (LEXICONS, SAMPLES):
            mine = {key: one for key, one in self.new.items() if (":" in key) == (kind == SAMPLES)}
            roots = frozenset(root for root in self.roots if (":" in root) == (kind == SAMPLES))
            path = _lock_path(self.folder, kind)
            data = lock_bytes(Lock(roots, mine), kind)
            if (mine or os.path.exists(path)) and _bytes_at(path) != data:
                made[path] = data
        return made


def refuse_stale(before: dict[str, bytes | None]) -> None:
    """Raise :class:`ProblemError` when a lock file is no longer what it was: another run was quicker."""
    stale = [path for path, data in before.items() if _bytes_at(path) != data]
    if stale:
        message = "was changed by somebody else meanwhile, and nothing was written"
        raise ProblemError([Problem((), message, "run the command again", file=stale[0])], "pull")


def _lock_path(folder: str, kind: str) -> str:
    return os.path.join(os.path.dirname(os.path.normpath(folder)), f"{kind}.json")


def _bytes_at(path: str) -> bytes | None:
    try:
        return read_file(path, 1 << 25)
    except OSError:
        return None
