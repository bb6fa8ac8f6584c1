"""Keys for samples that nobody named: unique across processes, and sorted they are in the order of time."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["new_key"]

_lock = threading.Lock()
_last = 0
_node = ""
_pid = 0


def new_key() -> str:
    """16 hex digits of nanoseconds, never the same twice in a process, then 16 random digits of the process.

    >>> new_key() < new_key()
    True
    """
    global _last, _node, _pid
    with _lock:
        now = time.time_ns()
        _last = now if now > _last else _last + 1
        if _pid != os.getpid():  # a forked child must not go on with its parent's number
            _pid = os.getpid()
            _node = os.urandom(8).hex()
        return f"{_last:016x}{_node}"


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()  # the parent's may have been held at the moment of the fork


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
