"""Time an index of many datasets beside PyPI's atdata, on SQLite and on a Redis server of its own.

    python benchmarks/bench_index.py [--entries 100000] [--peers ours,upstream] [--kinds sqlite,redis]

Each index is filled and asked in a process of its own, by the documented calls. Our index is timed among 1,000
entries, too. The result is ``benchmarks/index.md`` and ``benchmarks/index.json``. See ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench_gen import ROOT, UPSTREAM_PYTHON, environment, machine, python_of

HERE = Path(__file__).resolve().parent
PACKAGES = {"ours": ["numpy", "ormsgpack", "jinja2", "webdataset", "redis[hiredis]"], "upstream": ["atdata==0.7.0b1"]}
FEW = 1_000
#: What is asked for of each line: a limit in microseconds, or how many times faster than PyPI's.
TARGETS: dict[tuple[str, str], str] = {
    ("redis", "get by name"): "10x",
    ("sqlite", "decode an unseen schema"): "5000 µs",
    ("redis", "decode an unseen schema"): "5000 µs",
    ("sqlite", "decode a known one"): "5 µs",
    ("redis", "decode a known one"): "5 µs",
}


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """The port of a server of our own, which keeps nothing on disk."""
    from atdata.testing import RedisServer

    with RedisServer(folder) as server:
        yield server.port


def measure(peer: str, kind: str, count: int, python: Path) -> dict[str, Any]:
    """All figures of one index."""
    with tempfile.TemporaryDirectory(prefix="atdata-bench-") as name:
        folder = Path(name)
        env = {**os.environ, "XDG_CACHE_HOME": name, "HOME": name}  # no schema was ever seen before
        env.pop("PYTHONPATH", None)
        if peer == "ours":
            env["PYTHONPATH"] = os.pathsep.join(
                str(ROOT / part) for part in ("src", "codegen", "templates", "generated")
            )
        command = [str(python), "-W", "ignore", str(HERE / "index_worker.py"), peer, kind]

        def ask(where: str) -> dict[str, Any]:
            done = subprocess.run(
                [*command, where, str(count)], cwd=folder, env=env, capture_output=True, text=True, timeout=3600
            )
            if done.returncode:
                raise SystemExit(f"{peer} on {kind} failed: {done.stderr[-1500:]}")
            found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return found

        if kind == "sqlite":
            return ask(str(folder / "team.db"))
        (folder / "redis").mkdir()
        with redis_server(folder / "redis") as port:
            return ask(str(port))


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value / 1e6:,.2f} s" if value >= 1e6 else f"{value / 1e3:,.1f} ms" if value >= 1e3 else f"{value:,.3g} µs"


def table(facts: dict[str, Any], results: dict[str, Any], count: int, kinds: list[str]) -> str:
    """The report."""
    lines = [
        "# The index benchmark",
        "",
        f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, Python {UPSTREAM_PYTHON}. "
        f"An index of {count:,} datasets, filled one by one, and one of {FEW:,}. Medians: of CPU time on SQLite and "
        "where schemas are decoded or published, of wall time on Redis, whose server is on the same machine. A schema "
        "is unseen when no process ever decoded it. The same documented calls for both; name, schema and shards of "
        "every entry were read. `make bench-index` makes this file.",
        "",
    ]
    for kind in kinds:
        ours, few, theirs = (results.get(f"{peer} {kind}", {}) for peer in ("ours", "few", "upstream"))
        lines += [f"## {'SQLite' if kind == 'sqlite' else 'Redis'}", ""]
        lines += [f"| | among {FEW:,} | among {count:,} | PyPI 0.7.0b1 | times faster | target |"]
        lines += ["|---|---|---|---|---|---|"]
        for name, figures in ours.items():
            if not isinstance(figures, dict) or "wall" not in figures:
                continue
            clock = "cpu" if kind == "sqlite" or name.startswith(("decode", "publish")) else "wall"
            mine, other = figures[clock], theirs.get(name, {}).get(clock)
            before = next((f[clock] for n, f in few.items() if n.split(", ")[0] == name.split(", ")[0]), None)
            ratio = f"{other / mine:,.1f}x" if other else "-"
            target = TARGETS.get((kind, name), "")
            lines.append(f"| {name} | {shown(before)} | {shown(mine)} | {shown(other)} | {ratio} | {target} |")
        if "memory" in ours:
            per = [f"{r['memory']['bytes'] / count:,.0f}" if "memory" in r else "-" for r in (ours, theirs)]
            lines.append(f"| memory of the server, bytes an entry | | {per[0]} | {per[1]} | | |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--peers", default="ours,upstream")
    parser.add_argument("--kinds", default="sqlite,redis")
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--table", action="store_true", help="measure nothing: make the table of index.json anew")
    asked = parser.parse_args()
    if asked.table:
        kept = json.loads((asked.out / "index.json").read_text(encoding="utf-8"))
        kinds = [kind for kind in ("sqlite", "redis") if f"ours {kind}" in kept["results"]]
        report = table(kept["machine"], kept["results"], kept["entries"], kinds)
        (asked.out / "index.md").write_text(report, encoding="utf-8")
        return
    python = python_of(UPSTREAM_PYTHON) or sys.executable
    results: dict[str, Any] = {}
    kinds = asked.kinds.split(",")
    for peer in asked.peers.split(","):
        home = environment(f"index-{peer}", python, PACKAGES[peer]) / "python"
        for kind in kinds:
            print(f"{peer} on {kind} ...", file=sys.stderr)
            if peer == "ours":
                results[f"few {kind}"] = measure(peer, kind, FEW, home)
            results[f"{peer} {kind}"] = measure(peer, kind, asked.entries, home)
    facts = machine()
    report = table(facts, results, asked.entries, kinds)
    (asked.out / "index.md").write_text(report, encoding="utf-8")
    document = {"machine": facts, "entries": asked.entries, "results": results}
    (asked.out / "index.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
