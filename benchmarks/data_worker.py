"""One peer of the data benchmark in its own environment: questions in on standard input, figures out, one JSON a line.

python data_worker.py PEER FOLDER
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Iterable
from typing import Any

from data_peers import PEERS
from data_peers_torch import PEERS as TORCH_PEERS
from data_workloads import COUNT

os.environ.setdefault("OMP_NUM_THREADS", "1")


def cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def batches(workload: str, items: Iterable[Any], get: Any) -> list[float]:
    """Reads what a training loop would: every column, the ends of every array."""
    count = total = length = 0
    ends = 0.0
    for item in items:
        if workload == "tiny":
            numbers = get(item, "i1")
            count += len(numbers)
            total += int(sum(numbers))
            length += sum(map(len, get(item, "name")))
            ends += float(sum(get(item, "f1"))) + float(sum(get(item, "f2"))) + float(sum(get(item, "i2")))
            continue
        array = get(item, "image" if workload == "images" else "emb")
        assert array.flags.c_contiguous
        count += len(array)
        total += int(sum(get(item, "idx")))
        length += sum(map(len, get(item, "label" if workload == "images" else "text")))
        rows = array.reshape(len(array), -1)
        ends += float(rows[:, 0].sum(dtype="f8")) + float(rows[:, -1].sum(dtype="f8"))
        array = rows = item = None
    return [count, total, length, ends]


def singles(workload: str, items: Iterable[Any], get: Any) -> list[float]:
    """The same, sample by sample."""
    count = total = length = 0
    ends = 0.0
    for item in items:
        count += 1
        if workload == "tiny":
            total += int(get(item, "i1"))
            length += len(get(item, "name"))
            ends += get(item, "f1") + get(item, "f2") + get(item, "i2")
            continue
        array = get(item, "image" if workload == "images" else "emb").reshape(-1)
        total += int(get(item, "idx"))
        length += len(get(item, "label" if workload == "images" else "text"))
        ends += float(array[0]) + float(array[-1])
    return [count, total, length, ends]


def resident() -> int:
    """Private memory in KiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def measure(peer: Any, what: str, workload: str) -> dict[str, Any]:
    """One figure: seconds of CPU and of wall time of a whole pass, and what was read."""
    if what == "warm up":
        batches(workload, peer.batches(workload, 32, False), peer.get)
        return {}
    if what.startswith("write"):
        peer.summed = what == "write"
        rows = peer.rows(workload)
        gc.collect()
        begun, used = time.perf_counter(), cpu()
        peer.write(workload, rows)
        return {"wall": time.perf_counter() - begun, "cpu": cpu() - used}
    if what.startswith("cold "):
        peer.forget()
        what = what.removeprefix("cold ")
    gc.collect()
    before = resident()
    most = [before]
    stop = threading.Event()
    watch = None
    if what.startswith("memory "):
        what = what.removeprefix("memory ")

        def look() -> None:
            while not stop.wait(0.005):
                most[0] = max(most[0], resident())

        watch = threading.Thread(target=look)
        watch.start()
    begun, used = time.perf_counter(), cpu()
    seen = None
    if what == "first batch":
        if not peer.gives:
            raise NotImplementedError
        item = next(iter(peer.batches(workload, 32, False)))
        for name in ("i1", "name") if workload == "tiny" else ("idx",):
            peer.get(item, name)
    elif what == "unbatched":
        seen = singles(workload, peer.samples(workload), peer.get)
    else:
        how, size = what.split()
        seen = batches(workload, peer.batches(workload, int(size), how == "shuffled"), peer.get)
    found = {"wall": time.perf_counter() - begun, "cpu": cpu() - used, "seen": seen}
    if watch is not None:
        stop.set()
        watch.join()
        found["memory"] = (most[0] - before) * 1024
    return found


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a peer prints

    def say(value: dict[str, Any]) -> None:
        out.write(json.dumps(value) + "\n")
        out.flush()

    try:
        peer = {**PEERS, **TORCH_PEERS}[sys.argv[1]](sys.argv[2])
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"[:300]})
        return
    import numpy

    say({"ready": sys.version.split()[0], "numpy": numpy.__version__, "version": peer.version()})
    for line in sys.stdin:
        question = json.loads(line)
        try:
            say({**measure(peer, question["what"], question["workload"]), "count": COUNT[question["workload"]]})
        except NotImplementedError:
            say({"skip": True})
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"[:300]})
    os._exit(0)  # some peers keep threads


if __name__ == "__main__":
    main()
