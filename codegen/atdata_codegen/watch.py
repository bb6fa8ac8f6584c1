"""Generate again whenever a schema changes, by looking twice a second: works on every file system."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from atdata_codegen.config import Settings
from atdata_codegen.generate import Result, generate
from atdata_codegen.problems import Problem, ProblemError

__all__ = ["watch"]


def _signature(settings: Settings) -> frozenset[tuple[str, int, int]]:
    """Names, sizes and times of everything a run reads."""
    found: set[tuple[str, int, int]] = set()
    roots = [*settings.inputs, *(item.folder for item in settings.include)]
    if settings.templates:
        roots.append(settings.templates)
    for root in roots:
        files = [root] if os.path.isfile(root) else (os.path.join(d, f) for d, _, fs in os.walk(root) for f in fs)
        for file in files:
            if file.endswith((".json", ".jinja")):
                try:
                    stat = os.stat(file)
                except OSError:
                    continue  # removed between listing and looking: the next round sees it
                found.add((file, stat.st_size, stat.st_mtime_ns))
    return frozenset(found)


def watch(
    settings: Settings, report: Callable[[Result], None], *, interval: float = 0.5, rounds: int | None = None
) -> int:
    """Run until interrupted, or for ``rounds`` looks; a run that fails is reported, and the watch goes on."""
    last: frozenset[tuple[str, int, int]] | None = None
    while rounds is None or rounds > 0:
        now = _signature(settings)
        if now != last:
            last = now
            report(_one(settings))
        if rounds is not None:
            rounds -= 1
        if rounds is None or rounds > 0:
            time.sleep(interval)
    return 0


def _one(settings: Settings) -> Result:
    try:
        return generate(settings)
    except ProblemError as error:
        return Result(problems=list(error.problems))
    except OSError as error:
        return Result(problems=[Problem((), f"{error.strerror or error}", file=str(error.filename or ""))])
