"""Run the tests of faults and bad input at full scale, and write what they did to ``benchmarks/soak.md``.

    python tools/soak.py [--scale 20] [pytest arguments]

`make test` runs the same tests at a twentieth of this scale.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGETS = [
    "tests/codegen/test_codegen_crash.py",
    "tests/codegen/test_codegen_incremental.py",
    "tests/codegen/test_codegen_corpus.py",
    "tests/hostile",
    "tests/atmosphere/test_atmosphere_memory.py",
    "tests/atmosphere/test_atmosphere_promotion.py",
]


def commit() -> str:
    """The commit that is tested, and whether the checkout differs from it."""
    head = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(head, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    code = ["git", "status", "--porcelain", "--", "src", "codegen", "templates", "tests"]
    status = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.strip() + (" with uncommitted changes" if status.stdout.strip() else "")


def summary(report: Path) -> list[str]:
    """A table row for each test that had a scale, and a count of the others, from pytest's XML report."""
    rows: dict[str, list[float | str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name', '').partition('[')[0]}"
        kinds = {child.tag for child in case}
        word = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        row = rows.setdefault(name, [0, 0, 0, 0.0])
        row[("passed", "failed", "skipped").index(word)] = int(row[("passed", "failed", "skipped").index(word)]) + 1
        row[3] = float(row[3]) + float(case.get("time", "0"))
    lines = ["| test | passed | failed | skipped | seconds |", "|---|---|---|---|---|"]
    for name, row in rows.items():
        words = name.replace("test_", "").replace("_", " ").replace("::", ": ")
        lines.append(f"| {words} | {row[0]} | {row[1]} | {row[2]} | {float(row[3]):.0f} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--output", type=Path, default=ROOT / "benchmarks" / "soak.md")
    options, rest = parser.parse_known_args()
    started = datetime.datetime.now(datetime.UTC)
    tested = commit()
    with tempfile.TemporaryDirectory(prefix="atdata-soak-") as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--junit-xml={report}", *(rest or TARGETS)],
            cwd=ROOT,
            check=False,
            env={**os.environ, "ATDATA_SCALE": str(options.scale)},
        )
        rows = summary(report) if report.exists() else ["pytest wrote no report"]
    minutes = (datetime.datetime.now(datetime.UTC) - started).total_seconds() / 60
    text = [
        "# Faults and bad input at full scale",
        "",
        f"{started.date().isoformat()}, commit {tested}, Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"scale {options.scale} (`make test` runs at 1), {minutes:.0f} minutes: "
        + ("all passed." if done.returncode == 0 else "**not all passed**."),
        "",
        "Killed generators: 15 times the scale; schemas made by hypothesis: 1,000 times the scale, and 300 times the "
        "scale for each property of hostile text.",
        "",
        *rows,
    ]
    options.output.write_text("\n".join(text) + "\n", encoding="utf-8")
    print("\n".join(text))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
