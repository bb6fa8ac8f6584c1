"""What else a run of lint reads: documents that those given may refer to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress

from atdata_codegen.problems import ProblemError
from atdata_codegen.sources import Source, read_sources

__all__ = ["surroundings"]


def surroundings(paths: Sequence[str], sources: Iterable[Source], include: Sequence[str]) -> list[Source]:
    """The documents of ``include``, and of the folders that ``paths`` lie in by their NSIDs.

    A commit hook gives single files; their references lead to the rest of the tree, whose root is found by taking
    ``com/example/thing.json`` from the path of ``com.example.thing``.
    """
    roots: dict[str, None] = dict.fromkeys(include)
    given = [os.path.realpath(path) for path in paths]
    for source in sources:
        root = _root(source)
        real = os.path.realpath(root) if root else ""
        if root and not any(real == path or real.startswith(path + os.sep) for path in given):
            roots.setdefault(root)
    return read_sources(roots) if roots else []


def _root(source: Source) -> str:
    """The folder that a Lexicon's path begins at; for other documents ``lexicons`` above them, or where they lie."""
    folder = os.path.dirname(source.file)
    parts = folder.split("/")
    if "lexicons" in parts:
        folder = "/".join(parts[: len(parts) - parts[::-1].index("lexicons")])
    with suppress(ProblemError):
        value = source.load()
        nsid = value.get("id") if isinstance(value, dict) else None
        if not isinstance(nsid, str):
            return folder
        tail = nsid.replace(".", "/") + ".json"
        if source.file.endswith(f"/{tail}"):
            return source.file[: -len(tail) - 1]
    return ""
