"""The files of a run: read once, hashed, and told apart by what stands in them, never by their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from atdata_codegen.files import read_file
from atdata_codegen.load import DEFAULT_LIMITS, Limits, load_json
from atdata_codegen.problems import Problem, ProblemError

__all__ = ["LENS", "SAMPLE_SCHEMA", "Source", "digest", "kind_of", "read_sources"]

#: The two record types of our own Lexicons that the generator reads besides Lexicon documents. They stand
#: here by hand because the generator must work before its own output exists; a test compares them.
SAMPLE_SCHEMA = "ac.foundation.dataset.sampleSchema"
LENS = "ac.foundation.dataset.lens"

_SKIPPED = frozenset({"node_modules", "__pycache__"})


def digest(data: bytes) -> str:
    """A short content hash, for comparing runs."""
    return blake2b(data, digest_size=16).hexdigest()


@dataclass(slots=True)
class Source:
    """One file: where it lies as the user would type it, its bytes, and their hash."""

    file: str
    raw: bytes = field(repr=False)
    sha: str = ""

    def __post_init__(self) -> None:
        self.sha = digest(self.raw)

    def load(self, limits: Limits = DEFAULT_LIMITS) -> Any:
        """The JSON value; raises ProblemError for what is not acceptable JSON."""
        return load_json(self.raw, limits, self.file)


def read_sources(paths: Iterable[str]) -> list[Source]:
    """Every ``.json`` file at or below ``paths``, sorted by path; hidden folders are left out.

    Raises :class:`ProblemError` for a path that is not there or cannot be read.
    """
    found: dict[str, Source] = {}
    for path in paths:
        if not os.path.exists(path):
            raise ProblemError([Problem((), "is not there", "give a folder or a .json file", file=path)], path)
        for file in _below(path) if os.path.isdir(path) else [path]:
            real = os.path.realpath(file)
            if real in found:
                continue
            try:
                raw = read_file(file, DEFAULT_LIMITS.size + 1)
            except OSError as error:
                raise _unreadable(file, error) from error
            found[real] = Source(file.replace(os.sep, "/"), raw)
    return sorted(found.values(), key=lambda source: source.file)


def _unreadable(path: str, error: OSError) -> ProblemError:
    return ProblemError([Problem((), f"cannot be read: {error.strerror}", file=path)], path)


def _below(folder: str) -> Iterator[str]:
    stack = [folder]
    while stack:
        here = stack.pop()
        try:
            entries = os.scandir(here)
        except OSError as error:
            raise _unreadable(here, error) from error
        with entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name in _SKIPPED:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                elif entry.name.endswith(".json"):
                    yield entry.path


def kind_of(value: object) -> str:
    """``lexicon``, ``sample``, ``lens``, or ``other`` for JSON that is none of ours."""
    if not isinstance(value, dict):
        return "other"
    kind = value.get("$type")
    if kind == SAMPLE_SCHEMA:
        return "sample"
    if kind == LENS:
        return "lens"
    if "lexicon" in value or kind == "com.atproto.lexicon.schema" or ("defs" in value and "id" in value):
        return "lexicon"
    return "other"
