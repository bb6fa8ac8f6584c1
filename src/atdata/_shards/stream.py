"""Shards that come as a stream: blocks of bounded size, each in memory of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import IO, Generic, Protocol, Self, TypeVar

import numpy as np

from atdata._errors import AtdataError
from atdata._shards.block import Block
from atdata._shards.decompress import opened
from atdata._shards.errors import Fault, OnError, ShardError, ShardWarning, handler
from atdata._shards.limits import DEFAULT, Limits
from atdata._shards.samples import Samples
from atdata._shards.walk import Ledger, Walk
from atdata._warnings import warn

__all__ = ["Finds", "Part", "Reader", "read_blocks", "typed"]

#: The first block is small, so that the first samples come soon.
_FIRST = 1 << 18


class Part(Protocol):
    """Some of what is in a shard, in memory."""

    def part(self, low: int, high: int) -> Self: ...


B = TypeVar("B", bound=Part)


B_co = TypeVar("B_co", bound=Part, covariant=True)


class Finds(Ledger, Protocol[B_co]):
    """A ledger whose finds are given out block by block; :class:`~atdata._shards.samples.Samples` is one."""

    count: int
    faults: list[Fault]
    notices: list[str]

    @property
    def held(self) -> int: ...
    def interrupt(self) -> None: ...
    def block(self, shard: str, low: int, high: int, memory: memoryview, base: int) -> B_co: ...


def read_blocks(
    stream: IO[bytes], shard: str, *, start: int = 0, on_error: OnError = "raise", limits: Limits = DEFAULT
) -> Iterator[Block]:
    """The samples of ``stream`` from number ``start`` on, as blocks; ``.tar``, ``.tar.gz`` and ``.tar.zst``.

    Errors go to ``on_error`` in their place among the samples. The stream is read to its end and not closed.
    """
    report = handler(on_error)
    try:
        source = opened(stream, shard, limits)
    except Exception as error:
        report(typed(error, shard))
        return
    yield from Reader(source, shard, start, report, limits, Samples(shard)).blocks()


class Reader(Generic[B]):
    """The memory that a walk goes through, and what it found there and was not given out yet."""

    def __init__(
        self,
        source: io.RawIOBase,
        shard: str,
        start: int,
        report: Callable[[Exception], None],
        limits: Limits,
        finds: Finds[B],
    ) -> None:
        self._source = source
        self._shard = shard
        self._start = start
        self._report = report
        self._limits = limits
        self._samples = finds
        self._walk = Walk(finds)
        self._memory = _memory(_FIRST)
        #: How much of the memory is filled, and where in the archive it begins.
        self._filled = 0
        self._base = 0
        #: The number of the next sample to give out.
        self._next = 0
        self._ended = False

    def blocks(self) -> Iterator[B]:
        while True:
            failure = self._fill()
            need = self._walk.scan(self._memory[: self._filled], self._base, self._ended)
            if not self._walk.done and failure is None and self._span(need) > self._limits.member:
                failure = ShardError(
                    f"holds a sample of {self._span(need)} bytes or more; Limits.member is {self._limits.member}",
                    shard=self._shard,
                )
            if failure is not None and not self._walk.done:
                self._samples.interrupt()
            yield from self._give(everything=self._walk.done or failure is not None)
            if self._walk.done:
                break
            if failure is not None:
                self._report(typed(failure, self._shard))
                break
            self._renew(need)
        for notice in self._samples.notices:
            warn(str(ShardError(notice, shard=self._shard)), ShardWarning)

    def _span(self, need: int) -> int:
        """How much memory the sample at hand takes, when ``need`` bytes more of it are to be read."""
        held, position = self._samples.held, self._walk.position
        return need if held < 0 or position > self._base + self._filled else need + position - held

    def _fill(self) -> Exception | None:
        """Read until the memory is full or the stream ends; the error that ended it, if one did."""
        try:
            while self._filled < len(self._memory):
                got = self._source.readinto(self._memory[self._filled :])
                if not got:
                    self._ended = True
                    break
                self._filled += got
        except Exception as error:  # whatever a source raises
            return error
        return None

    def _renew(self, need: int) -> None:
        """New memory for what comes next, with what is still needed of the old. Blocks keep theirs."""
        samples, walk = self._samples, self._walk
        end = self._base + self._filled
        kept = walk.position if samples.held < 0 or self._next == samples.count else samples.held
        tail = self._memory[kept - self._base : self._filled]  # empty when the walk is past the end
        if kept > end:
            kept -= self._skip(kept - end)
        # Twice what is there at most: a claim alone never becomes memory.
        wanted = max(self._limits.block, min(need + walk.position - kept, 2 * len(tail)))
        self._memory = _memory(wanted)
        self._memory[: len(tail)] = tail
        self._filled = len(tail)
        self._base = kept

    def _skip(self, count: int) -> int:
        """Leave out ``count`` bytes; returns how many of them the stream did not have."""
        scratch = memoryview(bytearray(min(count, 1 << 20)))
        while count:
            got = self._source.readinto(scratch[: min(count, len(scratch))])
            if not got:
                break
            count -= got
        return count

    def _give(self, everything: bool) -> Iterator[B]:
        """Blocks of what was found, with each fault in its place.

        The last sample waits for what follows it, which may show that it is wrong.
        """
        samples = self._samples
        skipping = self._walk.position > self._base + self._filled
        spare = 0 if everything or skipping or samples.held < 0 else min(1, samples.count - self._next)
        low, high = self._next, samples.count - spare
        memory = self._memory[: self._filled].toreadonly()
        whole = samples.block(self._shard, low, high, memory, self._base) if high > low else None
        self._next = high
        at = max(low, self._start)
        due, samples.faults = _split(samples.faults, high, everything)
        for fault in due:
            if fault.before < self._start:
                continue
            if whole is not None and at < fault.before:
                yield whole.part(at - low, fault.before - low)
                at = fault.before
            self._report(fault.error)
        if whole is not None and at < high:
            yield whole if at == low else whole.part(at - low, high - low)


def _memory(size: int) -> memoryview:
    """Memory that nothing was written to yet, which bytearray could not give."""
    return np.empty(size, np.uint8).data.cast("B")


def _split(faults: list[Fault], high: int, everything: bool) -> tuple[list[Fault], list[Fault]]:
    """Faults whose place has come, in order, and the others."""
    due = sorted((f for f in faults if everything or f.before <= high), key=lambda f: f.before)
    return due, [f for f in faults if not (everything or f.before <= high)]


def typed(error: Exception, shard: str) -> Exception:
    """``error`` as one that names the shard."""
    if isinstance(error, AtdataError):
        return error
    what = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:300]
    typed = ShardError(f"cannot be read to its end: {what}", shard=shard)
    typed.__cause__ = error
    return typed
