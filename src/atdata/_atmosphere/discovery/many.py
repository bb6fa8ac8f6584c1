"""Records of many accounts: several asked at a time, and none of them able to hide or hold up the others."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from atdata._atmosphere.client import AtmosphereClient
from atdata._atmosphere.index.reading import RepoReader
from atdata._atmosphere.net.network import Network
from atdata._atmosphere.record_calls import RepoRecord
from atdata._errors import AtdataError, shown

__all__ = ["DiscoveryWarning", "records_of"]

_AT_ONCE = 8


class DiscoveryWarning(UserWarning):
    """An account was left out of a search, or part of what it has; the warning names it."""


def records_of(
    accounts: Iterable[str], collection: str, network: Network, *, verify: bool, per_account: int
) -> Iterator[RepoRecord]:
    """The records of a collection of all ``accounts`` (DIDs or handles), account by account, in their order.

    An account that cannot be read is left out with a :class:`DiscoveryWarning`, and so is what one has beyond
    ``per_account`` records.
    """
    reader = RepoReader(AtmosphereClient(network=network), verify=verify)

    def read(who: str) -> tuple[list[RepoRecord], list[str]]:
        try:
            found = list(islice(reader.all(collection, who), per_account + 1))
        except (AtdataError, OSError) as error:
            return [], [f"left out {shown(who, 200)}: {error}"]
        if len(found) > per_account:
            return found[:-1], [f"{shown(who, 200)} has more than {per_account:,} records, and no more are read"]
        return found, []

    names = iter(accounts)
    running: deque[Future[tuple[list[RepoRecord], list[str]]]] = deque()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="atdata-discovery") as pool:
        try:
            running.extend(pool.submit(read, who) for who in islice(names, 2 * _AT_ONCE))
            while running:
                found, wrong = running.popleft().result()
                running.extend(pool.submit(read, who) for who in islice(names, 1))
                for text in wrong:
                    warnings.warn(text, DiscoveryWarning, stacklevel=3)
                yield from found
        finally:
            for waiting in running:
                waiting.cancel()
