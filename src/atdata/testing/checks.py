"""What the suites need of a test framework, so that they work with any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["raises"]


@contextmanager
def raises(kind: type[BaseException], match: str = "") -> Iterator[None]:
    """Fail unless the block raises ``kind``, with a message in which ``match`` is found.

    >>> with raises(KeyError, match="x"):
    ...     {}["x"]
    """
    try:
        yield
    except kind as error:
        if not re.search(match, str(error)):
            raise AssertionError(f"{str(error)!r} does not match {match!r}") from error
        return
    raise AssertionError(f"no {kind.__name__} was raised")
