"""What a run says: problems one a line, progress on a terminal, and a last line that accounts for everything."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from atdata_codegen.problems import Problem, counted, json_path

if TYPE_CHECKING:
    from atdata_codegen.config import Settings
    from atdata_codegen.generate import Result

__all__ = ["TerminalProgress", "account", "print_problems", "terminal_progress"]


def print_problems(problems: Iterable[Problem], stream: TextIO) -> None:
    """``file:line json-path: error: what, and what to do``, errors last, where they are seen."""
    for problem in sorted(problems, key=lambda p: p.severity == "error"):
        print(f"{problem.place}: {problem.severity}: {problem.text}", file=stream)


def account(result: Result, settings: Settings, dry_run: bool, as_json: bool) -> str:
    """The last line of a run, or the whole run as JSON."""
    changes = result.changes
    if as_json:
        return json.dumps(
            {
                "problems": [
                    {
                        "file": p.file, "line": p.line, "path": json_path(p.path), "severity": p.severity,
                        "code": p.code, "message": p.message, "hint": p.hint,
                    }
                    for p in result.problems
                ],
                "root": settings.root,
                "documents": result.documents,
                "missing": changes.missing,
                "changed": changes.changed,
                "orphans": changes.orphans,
                "unchanged": changes.unchanged,
                "wrote": result.wrote,
                "seconds": round(result.seconds, 3),
            },
            indent=1,
        )  # fmt: skip
    written = len(changes.missing) + len(changes.changed)
    if result.checked:
        verdict = "out of date: run atdata-gen" if changes else "up to date"
        counts = (
            f"{len(changes.missing)} missing, {len(changes.changed)} changed, {counted(len(changes.orphans), 'orphan')}"
        )
        text = f"{counted(result.documents, 'document')} checked, {verdict}: {counts}, {changes.unchanged} unchanged"
    else:
        verb = "to write" if dry_run else "written"
        text = (
            f"{counted(result.documents, 'document')} read, {counted(written, 'file')} {verb}, "
            f"{changes.unchanged} unchanged, "
            f"{len(changes.orphans)} {'to remove' if dry_run else 'removed'}"
        )
    if result.errors:
        text += f", {counted(result.errors, 'error')}"
    return f"{text} ({result.seconds:.2f} s)"


class TerminalProgress:
    """Draws one line that is overwritten; only made for a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = False

    def step(self, what: str, done: int, total: int) -> None:
        if done % 64 == 0 or (done == total and self._drawn):
            self._stream.write(f"\r{what} {done}/{total}\033[K")
            self._stream.flush()
            self._drawn = True

    def clear(self) -> None:
        if self._drawn:
            self._stream.write("\r\033[K")
            self._stream.flush()


def terminal_progress(stream: TextIO) -> TerminalProgress | None:
    """Progress for ``stream`` when it is a terminal."""
    return TerminalProgress(stream) if stream.isatty() else None
