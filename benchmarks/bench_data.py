"""Time reading and writing of datasets beside other libraries: whole passes, CPU and wall time, medians.

    python benchmarks/bench_data.py [--rounds 3] [--scale 1] [--peers NAME,...] [--what WHAT,...] [--data FOLDER]

Peers live in environments of their own below the user's cache directory, made on first use by pip. What each
consumer read is compared with what was written. The result is ``benchmarks/data.md``, ``data.svg`` and ``data.json``.
See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_gen import ROOT, UPSTREAM_PYTHON, environment, machine, python_of
from data_report import UPSTREAM, WORKLOADS, Setup, picture, table

HERE = Path(__file__).resolve().parent
OURS = ("ours", "ours, webdataset's shards")
PACKAGES = {
    "ours": ["numpy", "ormsgpack", "jinja2", "webdataset"],
    "upstream": ["atdata==0.7.0b1"],
    "webdataset": ["webdataset"],
    "hf": ["datasets"],
    "lance": ["pylance"],
    "litdata": ["litdata"],
    "mosaic": ["mosaicml-streaming"],
}
HOMES = {"ours": "ours", OURS[1]: "ours", "machine": "ours", UPSTREAM: "upstream", "webdataset": "webdataset",
         "hf datasets": "hf", "lance": "lance", "litdata": "litdata", "mosaicml streaming": "mosaic"}  # fmt: skip
#: These run on this Python, for which there is a torch.
ON_TORCH = ("litdata", "mosaicml streaming")
ORDER = ("ours", OURS[1], UPSTREAM, "webdataset", "litdata", "mosaicml streaming", "hf datasets", "lance", "machine")
WHAT = ("ordered 32", "cold ordered 32", "shuffled 32", "ordered 256", "unbatched", "first batch", "write",
        "write without SHA-256")  # fmt: skip


class Worker:
    """A peer in its process."""

    def __init__(self, peer: str, python: Path, data: Path, scale: int) -> None:
        paths = [HERE]
        if HOMES[peer] == "ours":
            paths += [ROOT / "src", ROOT / "codegen", ROOT / "templates"]
        env = {**os.environ, "BENCH_SCALE": str(scale), "PYTHONPATH": os.pathsep.join(map(str, paths))}
        self.peer = peer
        folder = data / ("ours" if peer == "ours" else peer.replace(" ", "-").replace(",", ""))
        self.process = subprocess.Popen(
            [str(python), str(HERE / "data_worker.py"), peer, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env,
        )  # fmt: skip
        self.facts = self._answer()

    def ask(self, what: str, workload: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"what": what, "workload": workload}) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process has ended"}
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line) if line else {"error": "the process has ended"}
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def workers(peers: list[str], data: Path, scale: int) -> list[Worker]:
    """The peers that can be had here; the others are named with the reason."""
    python = python_of(UPSTREAM_PYTHON) or sys.executable
    found = []
    for peer in peers:
        try:
            chosen = sys.executable if peer in ON_TORCH else python
            bin_folder = environment(f"data-{HOMES[peer]}", chosen, PACKAGES[HOMES[peer]])
        except subprocess.SubprocessError as error:
            print(f"{peer} is left out: {error}", file=sys.stderr)
            continue
        worker = Worker(peer, bin_folder / "python", data, scale)
        if "error" in worker.facts:
            print(f"{peer} is left out: {worker.facts['error']}", file=sys.stderr)
            continue
        found.append(worker)
    return found


def agrees(seen: list[float] | None, wanted: list[float]) -> bool:
    """Whether a consumer read what was written; sums of floats depend a little on the order."""
    return seen is None or (seen[:3] == wanted[:3] and abs(seen[3] - wanted[3]) <= 1e-6 * abs(wanted[3]) + 0.5)


def figures(crew: list[Worker], whats: list[str], rounds: int, workload: str, wanted: list[float]) -> dict[str, Any]:
    """All measurements of one workload by what and peer."""
    found: dict[str, Any] = {}
    for worker in crew:  # shards must be there before anything reads them
        first = worker.ask("write", workload)
        if "error" in first:
            print(f"{workload}: {worker.peer} cannot write: {first['error']}", file=sys.stderr)
    for worker in crew:  # and each process has had its memory once
        worker.ask("warm up", workload)
    for what in [*whats, "memory ordered 32", "memory shuffled 32"]:
        for _ in range(rounds if not what.startswith("memory") else 1):
            for worker in crew:
                answer = worker.ask(what, workload)
                if "skip" in answer:
                    continue
                entry = found.setdefault(what, {}).setdefault(worker.peer, [])
                if "error" not in answer and worker.peer != "machine" and not agrees(answer.get("seen"), wanted):
                    answer = {"error": f"read {answer['seen']} instead of {wanted}"}
                if "error" in answer:
                    print(f"{workload}, {what}, {worker.peer}: {answer['error']}", file=sys.stderr)
                entry.append(answer)
        print(f"{workload}: {what}", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=1, help="10 for a tenth of the samples")
    parser.add_argument("--peers", default=",".join(n for n in HOMES if n != OURS[1]) + ";" + OURS[1])
    parser.add_argument("--what", default=",".join(WHAT))
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--data", type=Path, help="where the shards are written; by default in memory")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--render", action="store_true", help="make table and picture anew from data.json")
    asked = parser.parse_args()
    if asked.render:
        show(json.loads((asked.out / "data.json").read_text(encoding="utf-8")), asked.out)
        return
    chosen = [n for part in asked.peers.split(";") for n in ([part] if part in HOMES else part.split(","))]
    peers = [peer for peer in ORDER if peer in chosen]
    shared = Path("/dev/shm")
    base = asked.data or (shared if shared.is_dir() and shutil.disk_usage(shared).free > 8 << 30 else None)
    sys.path.insert(0, str(HERE))
    os.environ["BENCH_SCALE"] = str(asked.scale)
    from data_workloads import expected

    with tempfile.TemporaryDirectory(prefix="atdata-bench-", dir=base) as folder:
        crew = workers(peers, Path(folder), asked.scale)
        results = {}
        for workload in asked.workloads.split(","):
            results[workload] = figures(crew, asked.what.split(","), asked.rounds, workload, expected(workload))
        for worker in crew:
            worker.close()
    versions = {worker.peer: worker.facts for worker in crew}
    facts = {**machine(), "load": round(os.getloadavg()[2])}  # of a quarter of an hour: what else was running
    document = {"machine": facts, "versions": versions, "scale": asked.scale, "results": results}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "data.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(show(document, asked.out))


def show(document: dict[str, Any], folder: Path) -> str:
    """Write the table and the picture of what ``data.json`` holds."""
    setup = Setup.of(document)
    report = table(document["results"], setup)
    (folder / "data.md").write_text(report, encoding="utf-8")
    (folder / "data.svg").write_text(picture(document["results"], setup), encoding="utf-8")
    return report


if __name__ == "__main__":
    main()
