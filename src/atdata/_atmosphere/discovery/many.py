"""Records of many accounts: several asked at a time, and none of them able to hide or hold up the others."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from atdata._atmosphere.client import AtmosphereClient
from atdata._atmosphere.index.reading import RepoReader
from atdata._atmosphere.net.network import Network
from atdata._atmosphere.record_reads import RepoRecord
from atdata._errors import AtdataError, shown
from atdata._warnings import warn

__all__ = ["DiscoveryWarning", "records_of"]

_AT_ONCE = 8
#: What one account may take of memory while others are waited for.
_MAX_BYTES = 16 << 20


class DiscoveryWarning(UserWarning):
    """An account was left out of a search, or part of what it has; the warning names it."""


def records_of(
    accounts: Iterable[str], collection: str, network: Network, *, verify: bool, per_account: int
) -> Iterator[RepoRecord]:
    """The records of a collection of all ``accounts`` (DIDs or handles), account by account, in their order.

    An account that cannot be read is left out with a :class:`DiscoveryWarning`, and so is what one has beyond
    ``per_account`` records, or beyond 16 MB.
    """
    reader = RepoReader(AtmosphereClient(network=network), verify=verify)

    def read(who: str) -> tuple[list[RepoRecord], list[str]]:
        try:
            found, whole = _within(reader.all(collection, who), per_account)
        except (AtdataError, OSError) as error:
            return [], [f"left out {shown(who, 200)}: {error}"]
        return found, [] if whole else [
            f"{shown(who, 200)} has more than {len(found):,} records; the others are left out"
        ]

    names = iter(accounts)
    running: deque[Future[tuple[list[RepoRecord], list[str]]]] = deque()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="atdata-discovery") as pool:
        try:
            running.extend(pool.submit(read, who) for who in islice(names, _AT_ONCE))
            while running:
                found, wrong = running.popleft().result()
                running.extend(pool.submit(read, who) for who in islice(names, 1))
                for text in wrong:
                    warn(text, DiscoveryWarning)
                yield from found
        finally:
            for waiting in running:
                waiting.cancel()


def _within(records: Iterator[RepoRecord], most: int) -> tuple[list[RepoRecord], bool]:
    """Records up to a count and a size, and whether these are all."""
    found: list[RepoRecord] = []
    size = 0
    for record in records:
        size += len(json.dumps(record.value))
        if len(found) >= most or size > _MAX_BYTES:
            return found, False
        found.append(record)
    return found, True
