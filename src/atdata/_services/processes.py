"""Processes that outlive the command that started them, known again by their number and the moment of their birth.

A number alone is no name: once a process has ended, another may get it. A pid file therefore says when its process
was born, and what was born at another moment is never touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from atdata._services.errors import ServiceError

__all__ = ["Process", "forget", "recall", "start", "stop"]

# Starts a process in a session of its own, and ends: what was started belongs to nobody then.
_STARTER = """\
import subprocess, sys
log = open(sys.argv[1], "ab")
made = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
print(made.pid)
made.returncode = 0
"""


@dataclass(frozen=True, slots=True)
class Process:
    """A process of this machine."""

    pid: int
    born: str

    @property
    def alive(self) -> bool:
        """Whether it still runs, and is not another one of that number."""
        return _born(self.pid) == self.born


def _born(pid: int) -> str | None:
    """When a process was born; None when there is none, or only what is left of one."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        fields = text.rpartition(")")[2].split()
        if fields[0] in ("Z", "X"):
            return None
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {fields[19]}"
    except (OSError, IndexError):
        if os.path.isdir("/proc/self"):
            return None
    done = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=20
    )
    state, _, born = done.stdout.strip().partition(" ")
    return born.strip() if born and not state.startswith("Z") else None


def start(command: Sequence[str], *, folder: Path, log: Path, pid_file: Path, env: Mapping[str, str] = {}) -> Process:
    """Start ``command`` in ``folder`` and note it in ``pid_file``; it goes on when this process ends."""
    starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(log), *command]
    done = subprocess.run(
        starter, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode or not done.stdout.strip().isdigit():
        reason = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise ServiceError(f"{command[0]} could not be started: {reason}")
    pid = int(done.stdout)
    made = Process(pid, _born(pid) or "")
    pid_file.write_text(json.dumps({"pid": made.pid, "born": made.born}) + "\n", "utf-8")
    return made


def recall(pid_file: Path) -> Process | None:
    """The process noted in ``pid_file`` if it runs; a note about any other is removed."""
    try:
        noted = json.loads(pid_file.read_text("utf-8"))
        found = Process(int(noted["pid"]), str(noted["born"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        found = None
    if found is not None and found.alive:
        return found
    forget(pid_file)
    return None


def forget(pid_file: Path) -> None:
    """Remove a note."""
    pid_file.unlink(missing_ok=True)


def stop(process: Process, *, patience: float = 15.0) -> None:
    """End a process, politely first."""
    for sign in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if not process.alive:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sign)
        end = time.monotonic() + patience
        while process.alive and time.monotonic() < end:
            time.sleep(0.02)
    if process.alive:
        raise ServiceError(f"process {process.pid} does not end")
