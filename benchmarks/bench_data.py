"""Time reading and writing of datasets beside other libraries: whole passes, CPU and wall time, medians.

    python benchmarks/bench_data.py [--rounds 3] [--scale 1] [--peers NAME,...] [--what WHAT,...] [--data FOLDER]

Peers live in environments of their own below the user's cache directory, made on first use by pip. What each
consumer read is compared with what was written. The result is ``benchmarks/data.md`` and ``benchmarks/data.json``.
See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench_gen import ROOT, UPSTREAM_PYTHON, environment, machine, python_of

HERE = Path(__file__).resolve().parent
OURS = ("ours", "ours, webdataset's shards")
PACKAGES = {
    "ours": ["numpy", "ormsgpack", "jinja2", "webdataset"],
    "upstream": ["atdata==0.7.0b1"],
    "webdataset": ["webdataset"],
    "hf": ["datasets"],
    "lance": ["pylance"],
}
HOMES = {"ours": "ours", OURS[1]: "ours", "machine": "ours", "atdata 0.7.0b1": "upstream", "webdataset": "webdataset",
         "hf datasets": "hf", "lance": "lance"}  # fmt: skip
ORDER = ("ours", OURS[1], "atdata 0.7.0b1", "webdataset", "hf datasets", "lance", "machine")
WORKLOADS = ("images", "embeddings", "tiny")
WHAT = ("ordered 32", "cold ordered 32", "shuffled 32", "ordered 256", "unbatched", "first batch", "write",
        "write without SHA-256")  # fmt: skip
TARGETS = {"ordered 32": (5, 15, 45), "shuffled 32": (5, 15, 45), "write": (2, 5, 10),
           "write without SHA-256": (2, 5, 10)}  # fmt: skip


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
            bin_folder = environment(f"data-{HOMES[peer]}", python, PACKAGES[HOMES[peer]])
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


def median(entries: list[dict[str, Any]], name: str) -> float | None:
    """The median of a figure; None when a run failed."""
    if not entries or any(name not in entry for entry in entries):
        return None
    return statistics.median(entry[name] for entry in entries)


def table(results: dict[str, Any], crew: list[Worker], whats: list[str], rounds: int, scale: int) -> str:
    """The report."""
    facts = machine()
    python = next((w.facts["ready"] for w in crew if w.peer == "ours"), "")
    numpy = next((w.facts["numpy"] for w in crew if w.peer == "ours"), "")
    lines = [
        "# The data benchmark",
        "",
        f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, Python {python}, "
        f"NumPy {numpy}. CPU microseconds a sample (user and system, children included), whole passes, medians of "
        f"{rounds} interleaved runs over 1/{scale} of the full size; first batch in milliseconds of wall time. "
        "The data is in memory (page cache). "
        "`cold`: mappings and indexes are made anew. What every consumer read was checked. `machine` reads the same "
        "files through one 4 MiB buffer, or writes their bytes. Of all peers only ours hashes what it writes (SHA-256 "
        "of each shard, for the manifest); the last row is without. `make bench-data` makes this file.",
        "",
    ]
    peers = [worker.peer for worker in crew]
    for workload in WORKLOADS:
        if workload not in results:
            continue
        lines += [f"## {workload}", "", "| | " + " | ".join(peers) + " | upstream / ours | target |"]
        lines.append("|---|" + "---|" * (len(peers) + 2))
        for what in whats:
            row = results[workload].get(what, {})
            name, scale = ("wall", 1e3) if what == "first batch" else ("cpu", 1e6)
            count = 1 if what == "first batch" else row.get("ours", [{}])[0].get("count", 1)
            values = {peer: median(row.get(peer, []), name) for peer in peers}
            cells = ["-" if (v := values[p]) is None else f"{v / count * scale:.2f}" for p in peers]
            ratios = [
                f"{upstream / mine:.1f}x"
                for peer in OURS
                if (upstream := values.get("atdata 0.7.0b1")) and (mine := values.get(peer))
            ]
            goal = TARGETS.get(what)
            target = f"{goal[WORKLOADS.index(workload)]}x" if goal else "50 ms" if what == "first batch" else ""
            lines.append(f"| {what} | {' | '.join(cells)} | {' / '.join(ratios) or '-'} | {target} |")
        for what in ("memory ordered 32", "memory shuffled 32"):
            row = results[workload].get(what, {})
            values = {peer: median(row.get(peer, []), "memory") for peer in peers}
            cells = ["-" if (v := values[p]) is None else f"{v / 2**20:.1f} MB" for p in peers]
            lines.append(f"| {what} (private memory grown) | {' | '.join(cells)} | | |")
        lines.append("")
    lines.append("Versions: " + ", ".join(f"{w.peer} {w.facts['version']}" for w in crew) + ".")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=int, default=1, help="10 for a tenth of the samples")
    parser.add_argument("--peers", default=",".join(n for n in HOMES if n != OURS[1]) + ";" + OURS[1])
    parser.add_argument("--what", default=",".join(WHAT))
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument(
        "--data", type=Path, help="where the shards are written; by default in memory"
    )
    parser.add_argument("--out", type=Path, default=HERE)
    asked = parser.parse_args()
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
    report = table(results, crew, asked.what.split(","), asked.rounds, asked.scale)
    (asked.out / "data.md").write_text(report, encoding="utf-8")
    versions = {worker.peer: worker.facts for worker in crew}
    document = {"machine": machine(), "versions": versions, "scale": asked.scale, "results": results}
    (asked.out / "data.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
