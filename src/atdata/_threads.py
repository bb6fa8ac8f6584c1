"""Many things at once, for work that lets go of the interpreter: decoding images, waiting for servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from atdata._locks import fork_safe_lock

__all__ = ["in_threads"]

V = TypeVar("V")
R = TypeVar("R")

_MOST = 16
_lock = fork_safe_lock()
#: The pool, and the process that it belongs to.
_pool: tuple[ThreadPoolExecutor, int] | None = None


def in_threads(function: Callable[[V], R], values: Sequence[V]) -> list[R]:
    """``function`` of each of ``values``, in their order. The first error is raised."""
    if len(values) < 2:
        return [function(value) for value in values]
    found: Iterable[R] = _threads().map(function, values)
    return list(found)


def _threads() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None or _pool[1] != os.getpid():
            workers = min(_MOST, 4 * (os.cpu_count() or 1))
            _pool = ThreadPoolExecutor(max(2, workers), thread_name_prefix="atdata"), os.getpid()
        return _pool[0]
