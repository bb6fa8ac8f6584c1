"""Time a schema review: the 402 Lexicon documents of bluesky-social/atproto against an edited copy.

    python benchmarks/bench_review.py [--rounds 5] [--lexicons DIR]

CPU time of whole processes. The result is written to ``benchmarks/review.md`` and ``benchmarks/review.json``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench_gen import CORPUS, Case, machine, run, shown


def objects(node: Any) -> Iterator[dict[str, Any]]:
    """Every object's definition in a document."""
    if isinstance(node, dict):
        if node.get("type") == "object" and isinstance(node.get("properties"), dict):
            yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def edit(document: dict[str, Any], number: int) -> None:
    """One of six edits, by turns: what people do to schemas, safe and breaking."""
    for node in objects(document.get("defs")):
        properties: dict[str, Any] = node["properties"]
        names = list(properties)
        if not names:
            continue
        first = names[0]
        if number % 6 == 0:
            properties["addedLater"] = {"type": "string", "maxLength": 100}
        elif number % 6 == 1:
            properties["addedLater"] = {"type": "integer", "minimum": 1}
            node["required"] = [*node.get("required", []), "addedLater"]
        elif number % 6 == 2:
            properties[first] = {"type": "integer"} if properties[first].get("type") == "string" else {"type": "string"}
        elif number % 6 == 3:
            node["required"] = [name for name in node.get("required", []) if name != first]
        elif number % 6 == 4:
            node["properties"] = {("renamed" if name == first else name): properties[name] for name in names}
            node["required"] = ["renamed" if name == first else name for name in node.get("required", [])]
        else:
            properties[first] = {**properties[first], "description": "Said otherwise."}
        return


def edited(source: Path, target: Path, every: int) -> int:
    """A copy of ``source`` in which one document of ``every`` is edited; how many are."""
    shutil.copytree(source, target)
    count = 0
    for number, file in enumerate(sorted(target.rglob("*.json"))):
        if number % every:
            continue
        document = json.loads(file.read_bytes())
        before = json.dumps(document)
        edit(document, count)
        if json.dumps(document) != before:
            file.write_text(json.dumps(document, indent=2), encoding="utf-8")
            count += 1
    return count


def cases(lexicons: Path, work: Path) -> list[Case]:
    """Nothing changed, one document of ten, every one; and git's own diff of the texts as a floor."""
    tenth, every = work / "tenth", work / "every"
    few, all_ = edited(lexicons, tenth, 10), edited(lexicons, every, 1)
    ours = [sys.executable, "-m", "atdata_codegen.cli"]
    old = str(lexicons)
    breaking = [*ours, "breaking", "--against", old, "--json"]
    return [
        Case("same", "breaking, nothing changed", [*breaking, old]),
        Case("tenth", f"breaking, {few} documents edited", [*breaking, str(tenth)], statuses=(1,), target="1 s"),
        Case("every", f"breaking, {all_} documents edited", [*breaking, str(every)], statuses=(1,), target="1 s"),
        Case("plain", f"the same without counter-examples ({all_} edited)", [*breaking, "--no-witness", str(every)],
             statuses=(1,)),
        Case("diff", f"diff as text, {all_} documents edited", [*ours, "diff", old, str(every)]),
        Case("git", f"git diff --no-index of the texts ({all_} edited)", ["git", "diff", "--no-index", "--quiet", old,
             str(every)], statuses=(1,)),
    ]  # fmt: skip


def findings(case: Case) -> dict[str, Any]:
    """What a case found, so that a fast run that finds nothing is seen."""
    done = subprocess.run(case.command, capture_output=True, text=True, check=False, timeout=600)
    found = json.loads(done.stdout)["findings"]
    breaking = [one for one in found if {"readers", "writers"} & set(one.get("breaks", []))]
    return {
        "findings": len(found),
        "break data": len(breaking),
        "with a counter-example": sum(1 for one in breaking if one.get("witness")),
        "rules": dict(Counter(one["rule"] for one in found).most_common()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lexicons", type=Path, default=CORPUS)
    parser.add_argument("--no-write", action="store_true", help="print the table, leave benchmarks/ alone")
    options = parser.parse_args()
    if not options.lexicons.is_dir():
        raise SystemExit("the 402 documents of bluesky-social/atproto are needed: give their folder with --lexicons")
    with tempfile.TemporaryDirectory(prefix="atdata-bench-") as folder:
        timed = cases(options.lexicons, Path(folder))
        for number in range(options.rounds):
            for case in timed:
                print(f"\r{number + 1}/{options.rounds} {case.name}\033[K", end="", file=sys.stderr, flush=True)
                run(case)
        print("\r\033[K", end="", file=sys.stderr)
        found = findings(timed[2])
    facts = machine()
    count = len(list(options.lexicons.rglob("*.json")))
    lines = [
        "# The benchmark of schema reviews",
        "",
        f"{facts['date']}, commit {facts['commit']}: {facts['cpu']}, {facts['cores']} cores, Python {facts['python']}; "
        f"{count} Lexicon documents against an edited copy. CPU time (user and system, children included) of whole "
        f"processes, medians of {options.rounds} interleaved runs. `make bench-review` makes this file.",
        "",
        "| what | CPU | lowest to highest | target |",
        "|---|---|---|---|",
    ]
    for case in timed:
        if case.failed or not case.cpu:
            lines.append(f"| {case.what} | failed: {case.failed.replace('|', ' ')} | | {case.target} |")
        else:
            spread = f"{shown(min(case.cpu))} to {shown(max(case.cpu))}"
            lines.append(f"| {case.what} | {shown(statistics.median(case.cpu))} | {spread} | {case.target} |")
    lines += [
        "",
        f"With every document edited there are {found['findings']} findings; {found['break data']} break data, and "
        f"{found['with a counter-example']} of these carry a counter-example that both validators were asked about.",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if not options.no_write:
        here = Path(__file__).parent
        (here / "review.md").write_text(text, encoding="utf-8")
        figures = {case.name: {"what": case.what, "cpu": case.cpu, "wall": case.wall} for case in timed}
        whole = {"machine": facts, "cases": figures, "found": found}
        (here / "review.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
