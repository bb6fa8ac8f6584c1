"""Changes of a repository that are made together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atdata._atmosphere.checks import sendable
from atdata._atmosphere.net.methods import APPLY_WRITES
from atdata_lexicon.tids import next_tid

if TYPE_CHECKING:
    from atdata_lexicon.record import Record

__all__ = ["COSTS", "MOST", "Create", "Delete", "Update", "Write", "as_sent", "batches"]

#: How many changes a server takes in one commit.
MOST = 200
#: Servers take requests of 150 kB of JSON, some of more.
_LARGEST_BATCH = 120_000
_KIND = f"{APPLY_WRITES}#"


@dataclass(frozen=True, slots=True)
class Create:
    """A new record; without a key it gets a TID."""

    collection: str
    record: Mapping[str, Any] | Record
    rkey: str | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Another value for a record that is there."""

    collection: str
    rkey: str
    record: Mapping[str, Any] | Record


@dataclass(frozen=True, slots=True)
class Delete:
    """A record that goes. The server wants it to be there."""

    collection: str
    rkey: str


Write = Create | Update | Delete

#: What each kind counts in a server's limits.
COSTS = {Create: 3, Update: 2, Delete: 1}


def as_sent(write: Write) -> dict[str, Any]:
    """One change as ``applyWrites`` takes it, checked."""
    where = {"collection": write.collection, "rkey": write.rkey or next_tid()}
    if isinstance(write, Delete):
        return {"$type": f"{_KIND}delete", **where}
    kind = "create" if isinstance(write, Create) else "update"
    return {"$type": f"{_KIND}{kind}", **where, "value": sendable(write.collection, write.record)}


def batches(sent: list[dict[str, Any]]) -> Iterator[tuple[int, int]]:
    """Where each commit begins in ``sent``, and how many changes it holds."""
    first, size = 0, 0
    for at, write in enumerate(sent):
        more = len(json.dumps(write, ensure_ascii=False, separators=(",", ":")).encode()) + 1
        if at > first and (at - first == MOST or size + more > _LARGEST_BATCH):
            yield first, at - first
            first, size = at, 0
        size += more
    if sent:
        yield first, len(sent) - first
