"""What an incremental run remembers: which inputs made which outputs.

It lies in ``.atdata-gen/`` below the output, which ignores itself in git. It may be deleted at any time,
is believed only where the bytes on disk agree with it, and ``--check`` never reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from atdata_codegen.files import read_file
from atdata_codegen.problems import Problem, Severity
from atdata_codegen.sources import digest

__all__ = ["FOLDER", "State", "fingerprint", "load_state", "state_bytes"]

FOLDER = ".atdata-gen"
_FORMAT = 1
#: More than the state of a hundred thousand documents.
_LARGEST = 1 << 28


@dataclass(slots=True)
class State:
    """``modules``: for each rendered unit its key and files; ``files``: the hash of each file written."""

    fingerprint: str
    inputs: str
    documents: int = 0
    modules: dict[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def fingerprint(settings: Iterable[str], folders: Iterable[str]) -> str:
    """A hash of the settings and of the generator itself: its files' names, sizes and times."""
    parts = [str(_FORMAT), *settings]
    for folder in folders:
        stack = [folder]
        while stack:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != "__pycache__":
                            stack.append(entry.path)
                    elif entry.name.endswith((".py", ".jinja")):
                        stat = entry.stat()
                        parts.append(f"{entry.path}\0{stat.st_size}\0{stat.st_mtime_ns}")
    return digest("\n".join([parts[0], *sorted(parts[1:])]).encode())


def load_state(root: str) -> State | None:
    """The state of the last run below ``root``; None when there is none, or it is damaged."""
    try:
        raw = json.loads(read_file(os.path.join(root, FOLDER, "state.json"), _LARGEST))
        if raw["format"] != _FORMAT:
            return None
        modules = {str(k): (str(key), tuple(str(f) for f in files)) for k, (key, files) in raw["modules"].items()}
        problems = [_problem(item) for item in raw["problems"]]
        files = {str(k): str(v) for k, v in raw["files"].items()}
        return State(str(raw["fingerprint"]), str(raw["inputs"]), int(raw["documents"]), modules, files, problems)
    except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _problem(item: dict[str, object]) -> Problem:
    path = item["path"]
    line = item["line"]
    if not isinstance(path, list) or not isinstance(line, int):
        raise TypeError("damaged state")
    severity: Severity = "warning" if item["severity"] == "warning" else "error"
    return Problem(
        tuple(p if isinstance(p, int) else str(p) for p in path), str(item["message"]), str(item["hint"]),
        severity, str(item["code"]), str(item["file"]), line,
    )  # fmt: skip


def state_bytes(state: State) -> bytes:
    """The state as it is written."""
    problems = [
        {
            "path": list(p.path), "message": p.message, "hint": p.hint, "severity": p.severity, "code": p.code,
            "file": p.file, "line": p.line,
        }
        for p in state.problems
    ]  # fmt: skip
    value = {
        "format": _FORMAT, "fingerprint": state.fingerprint, "inputs": state.inputs, "documents": state.documents,
        "modules": state.modules, "files": state.files, "problems": problems,
    }  # fmt: skip
    return json.dumps(value, separators=(",", ":")).encode()
