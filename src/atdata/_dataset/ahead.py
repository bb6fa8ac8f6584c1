"""Reading ahead: a thread fetches the next blocks while the last ones are being used."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(source: Iterator[T], depth: int = 2) -> Iterator[T]:
    """``source``, with up to ``depth`` of its items fetched before they are asked for.

    An error comes up where it would have without the thread. Whoever stops early stops the thread, too.

    >>> list(ahead(iter([1, 2, 3])))
    [1, 2, 3]
    """
    if depth < 1:
        yield from source
        return
    items: queue.Queue[tuple[Any, BaseException | None, bool]] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: tuple[Any, BaseException | None, bool]) -> bool:
        while not stop.is_set():
            try:
                items.put(item, timeout=0.1)
                return True
            except queue.Full:
                pass
        return False

    def run() -> None:
        try:
            for item in source:
                if not put((item, None, False)):
                    break
            else:
                put((None, None, True))
        except BaseException as error:
            put((None, error, True))
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()

    thread = threading.Thread(target=run, name="atdata-read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error, last = items.get()
            if error is not None:
                raise error
            if last:
                return
            yield item
            del item
    finally:
        stop.set()
        thread.join(5)
