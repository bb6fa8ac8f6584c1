"""Run the tests of faults, bad input and large data at full scale, one scenario after the other.

    python tools/soak.py                 whatever has not passed with the code as it is
    python tools/soak.py kills flips     these, whether they have passed or not
    python tools/soak.py --list          what there is, and how each ended

Results are kept after every scenario in ``benchmarks/soak.json``, and shown in ``benchmarks/soak.md``: a long run may
be stopped and goes on where it was. `make test` runs the same tests at a twentieth of this scale.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
#: Results hold as long as neither these change nor the scenario's own tests.
CODE = ("src", "codegen", "templates", "lexicons", "generated")


class Scenario(NamedTuple):
    """What is shown, and what is run: ``tests`` are pytest's arguments."""

    what: str
    tests: tuple[str, ...]


SCENARIOS = {
    "memory": Scenario(
        "20 GB are streamed; private memory grows by less than 100 MB",
        ("tests/dataset/test_dataset_large.py::test_memory_stays_flat_over_a_pass",),
    ),
    "first-batch": Scenario(
        "the first batch of 10 GB comes within 50 ms",
        ("tests/dataset/test_dataset_large.py::test_the_first_batch_comes_at_once",),
    ),
    "kills": Scenario(
        "500 writers are killed, half of them while they overwrite; no shard is half",
        ("tests/writing/test_writing_faults.py::test_a_writer_that_is_killed_leaves_nothing_half_under_a_final_name",),
    ),
    "full-disk": Scenario(
        "a disk is full at 200 sizes; the error is typed and the old files stay",
        ("tests/writing/test_writing_full_disk.py",),
    ),
    "flips": Scenario(
        "10,000 flips of one bit in a shard with a checksum are all found",
        ("tests/sources/test_sources_verified.py",),
    ),
    "bad-shards": Scenario(
        "the corpus of bad shards ends as expected, in both modes and by every way of reading",
        ("tests/hostile/test_hostile_shards.py",),
    ),
    "resume": Scenario(
        "a resumed pass is the rest of the whole one at every position, with every number of workers",
        ("tests/dataset/test_dataset_resume.py",),
    ),
    "whole-way": Scenario(
        "random schemas and samples come through writing, reading, lenses, batches and Parquet",
        ("tests/dataset/test_dataset_whole_way.py", "tests/samples/test_sample_arrays.py"),
    ),
    "schemas": Scenario(
        "random schemas become modules that import and round-trip", ("tests/samples/test_sample_schemas.py",)
    ),
    "documents": Scenario(
        "hostile documents are refused, and nothing of theirs runs",
        ("tests/hostile/test_hostile_audit.py", "tests/hostile/test_hostile_cases.py",
         "tests/hostile/test_hostile_lexicons.py"),
    ),
    "generator": Scenario(
        "generators are killed and run at once; every file is old or new",
        ("tests/codegen/test_codegen_crash.py", "tests/codegen/test_codegen_incremental.py",
         "tests/codegen/test_codegen_corpus.py"),
    ),
    "stores": Scenario(
        "servers fail at every step of an upload; no dataset with a missing shard is called stored",
        ("tests/stores/test_store_faults.py", "tests/stores/test_store_disk.py"),
    ),
    "atmosphere": Scenario(
        "large datasets go up to a server as blobs in little memory, and promotions survive its faults",
        ("tests/atmosphere/test_atmosphere_memory.py", "tests/atmosphere/test_atmosphere_promotion.py"),
    ),
    "strangers": Scenario(
        "servers send wrong, endless and slow bytes, and hostile documents, records and proofs; no sample is released",
        ("tests/atmosphere/test_atmosphere_blobs.py", "tests/atmosphere/test_atmosphere_hostile.py",
         "tests/atmosphere/test_atmosphere_fuzz.py"),
    ),
    "index": Scenario(
        "100,000 entries; writers race and are killed; nothing acknowledged is lost",
        ("tests/index/test_index_scale.py", "tests/index/test_index_races.py"),
    ),
}  # fmt: skip


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip()


def code(name: str) -> str:
    """What a scenario tests, by content: equal for two commits whose code is the same."""
    parts = [*CODE, *(test.partition("::")[0] for test in SCENARIOS[name].tests)]
    if git("status", "--porcelain", "--", *parts):
        return "uncommitted"
    return " ".join(git("rev-parse", f"HEAD:{part}")[:10] for part in parts)


def is_due(name: str, result: dict[str, Any] | None, scale: int) -> bool:
    """Whether a scenario has yet to pass with the code as it is."""
    if result is None or result["outcome"] != "passed" or result["scale"] < scale:
        return True
    now = code(name)
    return now == "uncommitted" or result["code"] != now


def note(measured: dict[str, str], name: str, value: str) -> None:
    """Add what a test recorded: numbers of one name are added up, texts stand side by side."""
    before = measured.get(name)
    if before is None:
        measured[name] = value
    elif before.isdigit() and value.isdigit():
        measured[name] = str(int(before) + int(value))
    else:
        measured[name] = f"{before} / {value}"


def outcome(report: Path, status: int) -> dict[str, Any]:
    """How many tests ended how, and what they recorded, from pytest's XML report."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    measured: dict[str, str] = {}
    failed = []
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else []:
        kinds = {child.tag for child in case}
        word = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        counts[word] += 1
        if word == "failed":
            failed.append(case.get("name", ""))
        for each in case.iter("property"):
            note(measured, each.get("name", ""), each.get("value", ""))
    good = status == 0 and counts["passed"] > 0 and not failed
    return {"outcome": "passed" if good else "failed", **counts, "measured": measured, "failures": failed[:20]}


def run(name: str, scale: int, rest: list[str]) -> dict[str, Any]:
    """One scenario, in a process of its own."""
    began, tested = datetime.datetime.now(datetime.UTC), code(name)
    with tempfile.TemporaryDirectory(prefix="atdata-soak-") as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", "-o", "junit_family=xunit1"]
        command += [f"--basetemp={folder}/tests", *SCENARIOS[name].tests, *rest]
        done = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, "ATDATA_SCALE": str(scale)})
        found = outcome(report, done.returncode)
    seconds = (datetime.datetime.now(datetime.UTC) - began).total_seconds()
    return {
        **found,
        "scale": scale,
        "seconds": round(seconds),
        "date": began.date().isoformat(),
        "commit": git("rev-parse", "--short", "HEAD") + (" and changes" if tested == "uncommitted" else ""),
        "code": tested,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    """The report."""
    lines = [
        "# Faults, bad input and large data at full scale",
        "",
        "Each scenario is a set of tests of this repository; `make test` runs them at scale 1, `make soak` at scale 20 "
        "and keeps what has passed. `commit` is what was tested.",
        "",
        "| scenario | outcome | tests | measured | minutes | scale | commit | date |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, scenario in SCENARIOS.items():
        row = results.get(name)
        if row is None:
            lines.append(f"| `{name}`: {scenario.what} | not run | | | | | | |")
            continue
        word = row["outcome"] if row["outcome"] == "passed" else f"**{row['outcome']}**"
        tests = f"{row['passed']}" + "".join(f", {row[kind]} {kind}" for kind in ("failed", "skipped") if row[kind])
        measured = "; ".join(f"{key}: {value}" for key, value in row["measured"].items())
        lines.append(
            f"| `{name}`: {scenario.what} | {word} | {tests} | {measured} | {row['seconds'] / 60:.1f} | {row['scale']} "
            f"| {row['commit']} | {row['date']} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0] if __doc__ else None, epilog="Other arguments go to pytest."
    )
    parser.add_argument("names", nargs="*", metavar="SCENARIO", help="which; by default those that are due")
    parser.add_argument("--scale", type=int, default=20, help="20 is the full scale, 1 that of `make test`")
    parser.add_argument("--list", action="store_true", help="show the scenarios and how each ended")
    parser.add_argument("--folder", type=Path, default=ROOT / "benchmarks", help="where soak.json and soak.md are")
    options, rest = parser.parse_known_args()
    unknown = sorted(set(options.names) - SCENARIOS.keys())
    if unknown:
        parser.error(f"no scenario is called {', '.join(unknown)}; there are: {', '.join(SCENARIOS)}")
    book, page = options.folder / "soak.json", options.folder / "soak.md"
    results: dict[str, dict[str, Any]] = json.loads(book.read_text(encoding="utf-8")) if book.exists() else {}
    due = [name for name in SCENARIOS if is_due(name, results.get(name), options.scale)]
    if options.list:
        for name, scenario in SCENARIOS.items():
            state = "due" if name in due else "passed"
            print(f"{name:12} {state:7} {results.get(name, {}).get('commit', '-'):9} {scenario.what}")
        return 0
    chosen = options.names or due
    for name in chosen:
        print(f"== {name}: {SCENARIOS[name].what}", flush=True)
        results[name] = run(name, options.scale, rest)
        book.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        page.write_text(table(results), encoding="utf-8")
    print(table(results))
    return 0 if all(results[name]["outcome"] == "passed" for name in chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
