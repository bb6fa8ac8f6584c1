"""Lock files: what was brought from where, with its CID. ``lexicons.json`` has the form that other tools share.

Tools for Lexicons read and write ``lexicons.json``, and drop what they do not know from it; sample schemas and lenses
are therefore locked in ``samples.json`` beside it, which has the same form.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from atdata_codegen.files import read_file
from atdata_codegen.load import Limits, load_json
from atdata_codegen.problems import Problem, ProblemError, clean
from atdata_lexicon.cid import is_link
from atdata_lexicon.syntax import is_at_uri, is_nsid

__all__ = [
    "LEXICONS",
    "LOCK_FILES",
    "SAMPLES",
    "Lock",
    "Resolution",
    "addresses",
    "is_lock",
    "lock_bytes",
    "parse_lock",
    "read_lock",
]

LEXICONS: Final = "lexicons"
SAMPLES: Final = "samples"
LOCK_FILES: Final = (f"{LEXICONS}.json", f"{SAMPLES}.json")
_LIMITS: Final = Limits(size=1 << 24, depth=16)
_KEY: Final = re.compile(r"(?:sample:[A-Za-z][A-Za-z0-9_]{0,127}@[0-9.]{5,29}|lens:[^\x00-\x1f\x7f]{1,128})")


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a document came from, and the CID that it had."""

    uri: str
    cid: str


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock file: the ``roots`` that were asked for, and the resolution of each document, roots and others."""

    roots: frozenset[str] = frozenset()
    resolutions: Mapping[str, Resolution] = field(default_factory=dict)


def is_lock(value: object) -> bool:
    """Whether JSON is a lock file, by what stands in it."""
    return isinstance(value, dict) and "resolutions" in value and (LEXICONS in value or SAMPLES in value)


def read_lock(path: str, kind: str) -> Lock:
    """The lock file at ``path``, empty where there is none. Raises :class:`ProblemError` for one that is damaged."""
    try:
        raw = read_file(path, _LIMITS.size + 1)
    except FileNotFoundError:
        return Lock()
    return parse_lock(load_json(raw, _LIMITS, path), kind, path)


def addresses(folders: Iterable[str]) -> dict[str, str]:
    """The ``at://`` addresses of sample schemas that were pulled into ``folders``, by CID, as lock files say it."""
    found: dict[str, str] = {}
    for folder in folders:
        path = os.path.join(os.path.dirname(os.path.normpath(folder)), f"{SAMPLES}.json")
        if not os.path.isdir(folder) or not os.path.isfile(path):
            continue
        try:
            value = load_json(read_file(path, _LIMITS.size + 1), _LIMITS, path)
        except ProblemError:
            continue  # a file of the user's own
        if is_lock(value):
            found.update((one.cid, one.uri) for one in parse_lock(value, SAMPLES, path).resolutions.values())
    return found


def parse_lock(value: Any, kind: str, file: str) -> Lock:
    """The lock that ``value`` is; ``kind`` is :data:`LEXICONS` or :data:`SAMPLES`."""
    problems: list[Problem] = []
    key_fits: Callable[[object], bool] = is_nsid if kind == LEXICONS else lambda key: bool(_KEY.fullmatch(str(key)))

    def bad(path: tuple[str | int, ...], message: str) -> None:
        problems.append(Problem(path, message, "restore it, or remove it and pull again", file=file, line=1))

    if not isinstance(value, dict) or value.get("version") != 1:
        bad(("version",), "is no lock file of version 1")
        raise ProblemError(problems, file)
    roots, found = value.get(kind), value.get("resolutions")
    if not isinstance(roots, list) or not all(isinstance(root, str) and key_fits(root) for root in roots):
        bad((kind,), "must be a list of names")
        roots = []
    if not isinstance(found, dict):
        bad(("resolutions",), "must be an object")
        found = {}
    resolutions: dict[str, Resolution] = {}
    for key, entry in found.items():
        uri, cid = (entry.get("uri"), entry.get("cid")) if isinstance(entry, dict) else (None, None)
        if not key_fits(key) or not _is_record_uri(uri) or not isinstance(cid, str) or not is_link(cid):
            bad(("resolutions", key), f"must have the AT URI of a record and a CID, under a name: {clean(entry, 80)}")
        else:
            resolutions[key] = Resolution(str(uri), cid)
    if problems:
        raise ProblemError(problems, file)
    return Lock(frozenset(roots), resolutions)


def _is_record_uri(uri: object) -> bool:
    return is_at_uri(uri) and str(uri).count("/") == 4


def lock_bytes(lock: Lock, kind: str) -> bytes:
    """The file's text, byte for byte as other tools write it: sorted, two spaces an indent, no newline at the end.

    >>> print(lock_bytes(Lock(frozenset({"com.example.a"})), "lexicons").decode())
    {
      "version": 1,
      "lexicons": [
        "com.example.a"
      ],
      "resolutions": {}
    }
    """
    value = {
        "version": 1,
        kind: sorted(lock.roots),
        "resolutions": {key: {"uri": one.uri, "cid": one.cid} for key, one in sorted(lock.resolutions.items())},
    }
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8")
