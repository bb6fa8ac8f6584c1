"""How often a request is made, and how long one waits between."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from atdata._atmosphere.answers import http_date
from atdata._atmosphere.errors import RateLimitError, UnavailableError

__all__ = ["Pace", "Patience"]

T = TypeVar("T")
_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
_FEW = 1000


@dataclass(frozen=True, slots=True)
class Patience:
    """``retries`` after faults that may pass; ``max_wait`` seconds at most for a limit of the server to pass."""

    retries: int = 4
    max_wait: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def run(self, call: Callable[[], T], settle: Callable[[], T | None] | None = None, *, again: bool = True) -> T:
        """What ``call`` returns, called again after faults that may pass.

        A limit says that nothing was done, so the call is made again when it has passed. After a failure nobody knows
        whether something was done: then ``settle`` is asked first, and what it finds is the result. Without
        ``again`` such a call is not repeated.
        """
        failures, waited = 0, 0.0
        while True:
            try:
                return call()
            except RateLimitError as error:
                wait = _PAUSE * 2**failures if error.wait is None else error.wait + random.random() / 4
                if failures >= self.retries or waited + wait > self.max_wait:
                    raise
                waited += wait
            except UnavailableError:
                if settle is not None:
                    found = settle()
                    if found is not None:
                        return found
                if not again or failures >= self.retries:
                    raise
                wait = min(_PAUSE * 2.0**failures, _LONGEST_PAUSE) * (0.5 + random.random() / 2)
            failures += 1
            self.sleep(wait)


@dataclass(slots=True)
class Pace:
    """What the server last said of its limits: bulk work waits before it is told to.

    >>> pace = Pace()
    >>> pace.note({"ratelimit-remaining": "5", "ratelimit-reset": "99999999999"})
    >>> pace.wait(3), pace.wait(6) > 0
    (0.0, True)
    """

    _remaining: int | None = None
    _reset: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, headers: Mapping[str, str]) -> None:
        """Keep what the headers of an answer say. Their names are lower case."""
        left, reset = headers.get("ratelimit-remaining", ""), headers.get("ratelimit-reset", "")
        if not all(text.isascii() and text.isdigit() and len(text) < 12 for text in (left, reset)):
            return
        said = http_date(headers.get("date", "")) if int(left) < _FEW else None
        ahead = 0.0 if said is None else said.timestamp() - time.time()  # the server's clock, of ours
        with self._lock:
            self._remaining, self._reset = int(left), float(reset) - ahead

    def wait(self, cost: int) -> float:
        """How many seconds to wait until something of ``cost`` points may be sent."""
        with self._lock:
            if self._remaining is None or self._remaining >= cost:
                return 0.0
            wait = self._reset - time.time()
            if wait <= 0:
                self._remaining = None
                return 0.0
            return wait

    def error(self, what: str, wait: float) -> RateLimitError:
        """The error for a wait that is too long."""
        error = RateLimitError(
            f"{what}: the server's limit is reached; wait until reset_at, or allow it with max_wait="
        )
        error.wait = wait
        error.reset_at = datetime.fromtimestamp(self._reset, UTC)
        return error
