"""What an index does all day, tried on a row of the doctor's own."""

from __future__ import annotations

from itertools import islice
from uuid import uuid4

from atdata._doctor.checks import Part
from atdata._index.index import Index
from atdata._index.storage import Transaction

__all__ = ["look_at", "use_storage"]

_TABLE = "doctor"
_LOOKED_AT = 2_000


def use_storage(part: Part, index: Index) -> None:
    """Write, read, list and remove a row; raises what goes wrong."""
    storage = index._storage
    key = f"try-{uuid4().hex}"

    def write(change: Transaction) -> None:
        change.get(_TABLE, key)
        change.put(_TABLE, key, {"by": "doctor"})

    storage.transact(write)
    try:
        seen = storage.get(_TABLE, [key]), storage.page(_TABLE, prefix=key)
    finally:
        storage.transact(lambda change: change.delete(_TABLE, key))
    if seen != ([{"by": "doctor"}], [(key, {"by": "doctor"})]):
        part.fail("writing", "what was written is not what is read", "is another program writing to these keys?")
        return
    part.ok("writing", "a row was written, read, listed and removed")


def look_at(part: Part, index: Index) -> None:
    """How much there is, and whether the first of it is whole."""
    from atdata._index.entries import NAME, Entries
    from atdata._index.registry import SCHEMA

    entries, schemas = index._storage.count(NAME), index._storage.count(SCHEMA)
    damaged = list(islice(Entries(index._storage).damaged(_LOOKED_AT), 5))
    if damaged:
        part.fail("content", f"damaged: {damaged[0]}", "index.damaged_entries() lists all; insert those anew")
    else:
        part.ok("content", f"{entries:,} entries, {schemas:,} schemas")
