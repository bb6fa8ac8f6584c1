"""Many entries and schemas: what is found by its name takes as long as among few."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import atdata
from atdata._index.entries import put_entry
from atdata._index.entry import LocalDatasetEntry
from atdata.local import Index

SCALE = int(os.environ.get("ATDATA_SCALE", "1"))
ENTRIES = 5_000 * SCALE
SCHEMAS = 500 * SCALE


def made(number: int) -> Any:
    return atdata.packable(type(f"Kind{number}", (), {"__annotations__": {"x": int, f"f{number}": str}}))


def fill(index: Index, start: int, end: int) -> None:
    for low in range(start, end, 500):
        batch = [
            LocalDatasetEntry(
                name=f"set-{i:06d}",
                schema_ref="atdata://local/sampleSchema/Kind0@1.0.0",
                data_urls=[f"{i}.tar"],
                tags=["all", f"t{i % 100}"],
            )
            for i in range(low, min(low + 500, end))
        ]
        index._storage.transact(lambda change, batch=batch: [put_entry(change, entry) for entry in batch])


def best(call: Callable[[], object], times: int = 15, clock: Callable[[], float] = time.perf_counter) -> float:
    taken = []
    for _ in range(times):
        start = clock()
        call()
        taken.append(clock() - start)
    return statistics.median(sorted(taken)[: times // 2 + 1])


@pytest.fixture(params=["sqlite", "redis"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    if request.param == "redis":
        return Index(redis=request.getfixturevalue("redis_client"))
    return Index(path=tmp_path / "team.db")


@pytest.mark.slow
def test_lookup_and_publish_take_as_long_among_many_as_among_few(index: Index) -> None:
    kinds = [made(i) for i in range(40)]
    some = index.publish_schema(kinds[0])
    count = iter(range(1_000_000))

    def lookup() -> None:
        index.get_entry_by_name("set-000500")

    def insert() -> None:
        index.add_entry(atdata.Dataset[kinds[0]](f"x{next(count)}.tar"), name=f"x{next(count)}")

    def measure() -> list[float]:
        return [best(lookup), best(lambda: index.publish_schema(kinds[0])), best(insert)]

    fill(index, 0, 1_000)
    measure()
    few = measure()
    fill(index, 1_000, ENTRIES)

    def publish_many(change: Any) -> None:
        from atdata._index.registry import Candidate, publish

        for i in range(SCHEMAS):
            publish(change, Candidate.of({**index.get_schema(some), "name": f"Other{i}"}), None)

    document = index.get_schema(some)
    index.get_schema = lambda ref: document  # type: ignore[method-assign]  # one question is enough
    index._storage.transact(publish_many)
    many = measure()

    # Twice the time is the promise; a loaded machine gets a millisecond on top.
    assert all(later <= 2 * earlier + 0.001 for earlier, later in zip(few, many, strict=True)), (few, many)
    cid = index.get_entry_by_name("set-000500").cid
    assert index.get_entry(cid).name == "set-000500"


@pytest.mark.slow
def test_a_listing_of_many_comes_in_pages_and_whole(index: Index) -> None:
    fill(index, 0, ENTRIES)

    start = time.perf_counter()
    assert next(index.entries).name == "set-000000"
    first = time.perf_counter() - start
    start = time.perf_counter()
    assert len(index.list_entries()) == ENTRIES
    whole = time.perf_counter() - start

    assert first < 0.5 + whole / 4
    assert [entry.name for entry in index.list_entries(after="set-004000", limit=2)] == ["set-004001", "set-004002"]
    assert len(index.search(tags=["t7"], limit=ENTRIES)) == ENTRIES // 100
    assert [entry.name for entry in index.search("set 004321")] == ["set-004321"]


def test_a_known_reference_asks_nobody_and_takes_no_time(index: Index) -> None:
    ref = index.publish_schema(made(1))
    index.decode_schema(ref)

    def refuse(*_: object) -> None:
        raise AssertionError("the storage was asked")

    index._storage.get = refuse  # type: ignore[method-assign, assignment]  # that is the point
    taken = best(lambda: [index.decode_schema(ref) for _ in range(1000)]) / 1000
    assert taken < 5e-6


def test_decoding_a_schema_for_the_first_time_takes_milliseconds() -> None:
    index = Index(path=":memory:")
    index.decode_schema(index.publish_schema(made(2)))  # loads the templates
    refs = iter([index.publish_schema(made(i)) for i in range(100, 130)])

    # 5 ms is the promise; on a loaded machine even the process's own time is longer.
    assert best(lambda: index.decode_schema(next(refs)), clock=time.process_time) < 0.015
