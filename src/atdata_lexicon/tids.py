"""Timestamp identifiers, the record keys that sort by the time of their making."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from ._text import show
from .errors import IdentifierError
from .syntax import is_tid

__all__ = ["Tid", "TidClock", "next_tid"]

_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {letter: number for number, letter in enumerate(_ALPHABET)}


@dataclass(frozen=True, slots=True, order=True)
class Tid:
    """A timestamp identifier taken apart.

    Raises IdentifierError for numbers that do not fit.

    >>> tid = Tid.parse("3jzfcijpj2z2a")
    >>> tid.micros, tid.clock_id, str(tid)
    (1688137381887007, 6, '3jzfcijpj2z2a')
    """

    micros: int
    """Microseconds since 1970, 53 bits."""

    clock_id: int
    """A number from 0 to 1023 that keeps makers apart."""

    def __post_init__(self) -> None:
        if not (0 <= self.micros < 1 << 53 and 0 <= self.clock_id < 1 << 10):
            raise IdentifierError("a TID has 53 bits of microseconds and 10 bits of clock id")

    @classmethod
    def parse(cls, text: str) -> Tid:
        """The TID that a text is.

        Raises IdentifierError if it is not one.
        """
        if not is_tid(text):
            raise IdentifierError(f"{show(text)} is not a TID: 13 characters of 2-7 a-z")
        number = 0
        for letter in text:
            number = number << 5 | _VALUES[letter]
        return cls(number >> 10, number & 0x3FF)

    def __str__(self) -> str:
        number = self.micros << 10 | self.clock_id
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


class TidClock:
    """A source of TIDs, each later than the one before, whatever the system's clock does and from any thread.

    `clock_id` is a random one when it is not given; a process made by fork draws another.

    >>> clock = TidClock(clock_id=7)
    >>> first, second = clock.next(), clock.next()
    >>> first < second, second.clock_id
    (True, 7)
    """

    def __init__(self, clock_id: int | None = None) -> None:
        from threading import Lock

        self._given = clock_id
        self._lock = Lock()
        self._last = 0
        self._pid = -1
        self._clock_id = 0

    def next(self) -> Tid:
        """A TID of now, or just after the last one."""
        from time import time_ns

        with self._lock:
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._clock_id = int.from_bytes(os.urandom(2), "big") & 0x3FF if self._given is None else self._given
            self._last = max(time_ns() // 1000, self._last + 1)
            return Tid(self._last, self._clock_id)


_clock = TidClock()


def next_tid() -> str:
    """A new TID as text, later than every other that this process was given.

    >>> next_tid() < next_tid()
    True
    """
    return str(_clock.next())
