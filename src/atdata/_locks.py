"""Locks that a forked child finds free, whoever held them in the parent."""

from __future__ import annotations

import os
import threading
from types import TracebackType

__all__ = ["fork_safe_lock"]


class _ForkSafeLock:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


def fork_safe_lock() -> _ForkSafeLock:
    """A reentrant lock for a module, to be made once."""
    return _ForkSafeLock()
