"""One index in a process of its own, asked by ``bench_index.py``: the same documented calls for every peer.

    python benchmarks/index_worker.py PEER KIND WHERE COUNT

KIND is sqlite (WHERE is a file) or redis (WHERE is a port of loopback). Prints one JSON object.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import atdata
from atdata.local import Index

SCHEMAS = 40
LOOKUPS = 300


def made(number: int) -> Any:
    """A sample class unlike all others, with an array, as users write them."""
    from numpy.typing import NDArray

    fields = {"image": NDArray, "label": str, "score": float, f"extra_{number}": int}
    return atdata.packable(type(f"Kind{number}", (), {"__annotations__": fields, "__module__": __name__}))


def index_at(peer: str, kind: str, where: str) -> Any:
    """An index by each peer's documented spelling."""
    if kind == "redis":
        from redis import Redis

        return Index(redis=Redis(host="127.0.0.1", port=int(where)))
    if peer == "ours":
        return Index(path=where)
    other: Any = Index
    return other(provider="sqlite", path=where, atmosphere=None)


def each(calls: list[Callable[[], object]]) -> dict[str, float]:
    """Median microseconds of each call, by the wall's clock and by the process's."""
    wall, cpu = [], []
    for call in calls:
        start, used = time.perf_counter(), time.process_time()
        call()
        cpu.append(time.process_time() - used)
        wall.append(time.perf_counter() - start)
    return {"wall": statistics.median(wall) * 1e6, "cpu": statistics.median(cpu) * 1e6}


def read(entry: Any) -> Any:
    """What everybody wants of an entry."""
    return entry.name, entry.schema_ref, entry.data_urls


def main() -> None:
    peer, kind, where, text = sys.argv[1:]
    count = int(text)
    index = index_at(peer, kind, where)
    rng = random.Random(7)
    found: dict[str, Any] = {"version": "this commit" if peer == "ours" else version("atdata")}

    sample = made(0)
    ref = index.publish_schema(sample, version="1.0.0")

    def insert(i: int) -> Callable[[], object]:
        dataset = atdata.Dataset[sample](f"data-{i:06d}-{{000000..000009}}.tar")
        return lambda: index.add_entry(dataset, name=f"set-{i:06d}", schema_ref=ref, metadata={"samples": i})

    first = min(1000, count // 10)
    found[f"insert, the first {first:,}"] = each([insert(i) for i in range(first)])
    start = time.perf_counter()
    for i in range(first, count - first):
        insert(i)()
    found["fill"] = {"seconds": time.perf_counter() - start}
    found[f"insert, the last {first:,}"] = each([insert(i) for i in range(count - first, count)])

    names = [f"set-{rng.randrange(count):06d}" for _ in range(LOOKUPS)]
    once = time.perf_counter()
    index.get_entry_by_name(names[0])
    times = LOOKUPS if time.perf_counter() - once < 0.05 else 10
    found["get by name"] = each([lambda n=n: read(index.get_entry_by_name(n)) for n in names[:times]])
    cids = [index.get_entry_by_name(n).cid for n in names[: min(times, 50)]]
    found["get by CID"] = each([lambda c=c: read(index.get_entry(c)) for c in cids])
    seen: list[int] = []
    found["list all"] = each([lambda: seen.append(len([read(e) for e in index.list_datasets()]))] * 3)
    found["first of the listing"] = each([lambda: read(next(iter(index.datasets)))] * 5)
    if seen != [count] * 3:
        raise SystemExit(f"listed {seen} instead of {count}")

    if kind == "redis":
        found["memory"] = {"bytes": index._redis.info("memory")["used_memory"]}
    refs = [index.publish_schema(made(i), version="1.0.0") for i in range(1, SCHEMAS + 1)]
    index.decode_schema(refs[0])  # whatever is loaded once, is loaded
    found["decode an unseen schema"] = each([lambda r=r: index.decode_schema(r) for r in refs[1:]])
    found["decode a known one"] = each([lambda: [index.decode_schema(refs[3]) for _ in range(1000)]] * 5)
    for name in found["decode a known one"]:
        found["decode a known one"][name] /= 1000
    publish = [made(i) for i in range(SCHEMAS + 1, 2 * SCHEMAS + 1)]
    found["publish a schema"] = each([lambda c=c: index.publish_schema(c, version="1.0.0") for c in publish])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
