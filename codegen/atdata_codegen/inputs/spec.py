"""What a user writes to say where schemas are: a path, a git ref, an address, or ``-``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from atdata_codegen.problems import Problem, ProblemError, clean

__all__ = ["FORMS", "GitSpec", "PathSpec", "Spec", "StdinSpec", "UriSpec", "parse_spec", "refused"]

FORMS: Final = (
    "a folder, a .json file, a .tar, .tgz or .zip, a lexicons.json, main:lexicons, "
    ".git#ref=main,subdir=lexicons, at://..., or - for standard input"
)

_MAX: Final = 4096
_URI = re.compile(r"(?:at|atdata)://")
_OTHER_URI = re.compile(r"[a-z][a-z0-9+.-]*://|git@", re.I)
#: What git itself forbids in the name of a ref, and what a revision may add to it.
_REF = re.compile(r"(?!-)[^\x00-\x20\x7f:?*\[\\]+")
_REF_KEYS: Final = ("ref", "branch", "tag", "commit")


@dataclass(frozen=True, slots=True)
class GitSpec:
    """A folder at a revision of a repository on this machine.

    ``repository`` is empty for the one around the working directory; ``folder`` is relative to its root, or to the
    working directory where it begins with ``./``.
    """

    repository: str
    ref: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class PathSpec:
    """A file or folder; ``folder`` is the part of an archive that counts."""

    path: str
    folder: str = ""


@dataclass(frozen=True, slots=True)
class UriSpec:
    """An ``at://`` or ``atdata://`` address."""

    uri: str


@dataclass(frozen=True, slots=True)
class StdinSpec:
    """One document on standard input."""


Spec: TypeAlias = GitSpec | PathSpec | UriSpec | StdinSpec


def refused(text: str, message: str, hint: str = "") -> ProblemError:
    """The error that a specification is refused with."""
    return ProblemError([Problem((), message, hint, code="input", file=clean(text, 200))], "input")


def parse_spec(text: str) -> Spec:
    """What ``text`` means. What is there as a path is a path; else a colon makes a git ref of it.

    Raises :class:`ProblemError` for text that cannot mean anything; nothing is opened.

    >>> parse_spec("main:lexicons")
    GitSpec(repository='', ref='main', folder='lexicons')
    >>> parse_spec(".git#branch=main,subdir=lexicons")
    GitSpec(repository='.', ref='main', folder='lexicons')
    """
    if text == "-":
        return StdinSpec()
    if not text or len(text) > _MAX or "\0" in text:
        raise refused(text, "is no input", f"give {FORMS}")
    if _URI.match(text):
        return UriSpec(text)
    if os.path.exists(text):
        return PathSpec(text)
    if _OTHER_URI.match(text):
        raise refused(text, "is an address that is not read", "clone or download it, and give the path")
    path, mark, options = text.partition("#")
    if mark and (path.endswith(".git") or os.path.exists(path)):
        return _with_options(text, path, options)
    ref, mark, folder = text.partition(":")
    if mark:
        return GitSpec("", _ref(text, ref), _folder(text, folder))
    raise refused(text, "is not there", f"a git ref is written {clean(text, 60)}:lexicons; else give {FORMS}")


def _with_options(text: str, path: str, options: str) -> Spec:
    found: dict[str, str] = {}
    for option in options.split(","):
        key, mark, value = option.partition("=")
        if not mark or not value or key in found or key not in (*_REF_KEYS, "subdir"):
            hint = f"known are {', '.join((*_REF_KEYS, 'subdir'))}, each once: .git#ref=main,subdir=lexicons"
            raise refused(text, f"{clean(option, 60)} is no option of an input", hint)
        found[key] = value
    folder = _folder(text, found.pop("subdir", ""))
    if len(found) > 1:
        raise refused(text, f"names {' and '.join(found)}", "give one of them")
    if os.path.basename(path) == ".git":  # a folder, or the file that a worktree has in its place
        path = os.path.dirname(path) or "."
    if os.path.isfile(path):
        if found:
            raise refused(text, "is a file, which has no git refs", "give subdir alone, or the .git folder")
        return PathSpec(path, folder)
    return GitSpec(path, _ref(text, next(iter(found.values()), "HEAD")), folder)


def _ref(text: str, ref: str) -> str:
    if len(ref) > 512 or not _REF.fullmatch(ref):
        raise refused(text, f"{clean(ref, 60)} is no git ref", "give a branch, a tag or a commit")
    return ref


def _folder(text: str, folder: str) -> str:
    """A folder in git's own manner; it never leads out of the repository."""
    here = folder.startswith("./")
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    if ".." in parts or any(ord(c) < 32 for c in folder):
        raise refused(text, f"{clean(folder, 60)} leads out of the repository", "give a folder below its root")
    return ("./" if here else "") + "/".join(parts)
