"""A specification of the user's becomes a set of documents to compare, or the sets of a whole history."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.inputs.limits import Gathered
from atdata_codegen.inputs.spec import (
    FORMS,
    GitSpec,
    PathSpec,
    Spec,
    StdinSpec,
    UriSpec,
    parse_spec,
    refused,
)
from atdata_codegen.load import DEFAULT_LIMITS
from atdata_codegen.remote.lock import LOCK_FILES
from atdata_codegen.remote.network import Network
from atdata_codegen.sources import Source, read_sources

__all__ = ["FORMS", "history_of", "load_documents"]


def load_documents(text: str, *, stdin: bytes | None = None, network: Network | None = None) -> Documents:
    """The documents that a specification leads to: a path, an archive, a lock file, a git ref, an address, or ``-``.

    ``stdin`` is what ``-`` stands for, read from standard input without it; ``network`` is asked for addresses, and
    for what a lock file names and is not beside it. Raises :class:`ProblemError` when they
    cannot be had; documents that are no JSON are ``problems`` of what is returned.
    """
    spec = parse_spec(text)
    gathered, locked = _gather(spec, text, stdin, network or Network())
    documents = documents_from_sources(text, gathered.sources, locked)
    return replace(documents, problems=(*gathered.problems, *documents.problems)) if gathered.problems else documents


def history_of(text: str, *, tags: bool | None = None) -> list[str]:
    """Specifications of all versions up to the one that ``text`` names, oldest first; those alike are left out.

    For a git ref these are the tagged commits before it, or all commits that touched the folder where there are no
    tags; ``tags`` asks for the ones or the others. Anything else is its own whole history.
    """
    spec = parse_spec(text)
    if not isinstance(spec, GitSpec):
        return [text]
    from atdata_codegen.inputs._git import versions_of

    if not spec.repository:
        return [f"{version}:{spec.folder}" for version in versions_of(spec, text, tags)]
    folder = f",subdir={spec.folder}" if spec.folder else ""
    return [f"{spec.repository}#ref={version}{folder}" for version in versions_of(spec, text, tags)]


def _gather(spec: Spec, text: str, stdin: bytes | None, network: Network) -> tuple[Gathered, dict[str, str]]:
    if isinstance(spec, StdinSpec):
        raw = sys.stdin.buffer.read(DEFAULT_LIMITS.size + 1) if stdin is None else stdin
        return Gathered(text, [Source("<stdin>", raw)]), {}
    if isinstance(spec, GitSpec):
        from atdata_codegen.inputs._git import read_tree

        return read_tree(spec, text), {}
    if isinstance(spec, UriSpec):
        from atdata_codegen.inputs.remote import read_address

        return read_address(spec.uri, network)
    return _at_path(spec, text, network)


def _at_path(spec: PathSpec, text: str, network: Network) -> tuple[Gathered, dict[str, str]]:
    if os.path.basename(spec.path) in LOCK_FILES and os.path.isfile(spec.path):
        from atdata_codegen.inputs.remote import read_locked

        locked = read_locked(spec.path, network)
        if locked is not None:
            return locked
    if os.path.isdir(spec.path) or spec.path.endswith(".json"):
        return Gathered(text, read_sources([spec.path])), {}
    from atdata_codegen.inputs.archive import is_archive, read_archive

    if not os.path.isfile(spec.path):
        raise refused(text, "is neither a file nor a folder", f"give {FORMS}")
    if is_archive(spec.path):
        return read_archive(spec.path, spec.folder, text), {}
    return Gathered(text, read_sources([spec.path])), {}
