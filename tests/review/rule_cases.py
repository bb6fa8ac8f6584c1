"""Made pairs, one folder a rule: documents before and after, and what is to be said of the change both ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from atdata_codegen.documents import Documents, documents_from_sources
from atdata_codegen.findings import Finding
from atdata_codegen.review.compare import findings_between
from atdata_codegen.review.settings import ReviewSettings
from atdata_codegen.sources import Source

RULES = Path(__file__).parent / "rules"
WAYS = ("forward", "backward")


def load(folder: Path, name: str, locked: dict[str, str] | None = None) -> Documents:
    """The documents of one file, each as a file of its own."""
    file = folder / f"{name}.json"
    value = json.loads(file.read_bytes()) if file.exists() else []
    listed = value if isinstance(value, list) else [value]
    sources = [Source(f"{name}/{i}.json", json.dumps(one, indent=2).encode()) for i, one in enumerate(listed)]
    return documents_from_sources(name, sources, locked)


def run_case(folder: Path, way: str, without: Iterable[str] = ()) -> list[Finding]:
    """The findings of one folder, from old to new or back."""
    lock = folder / "lock.json"
    locked = json.loads(lock.read_bytes()) if lock.exists() else None
    old, new = load(folder, "old", locked), load(folder, "new", locked)
    if way == "backward":
        old, new = new, old
    past = [load(folder, "history")] if way == "forward" and (folder / "history.json").exists() else []
    return list(findings_between(old, new, past, ReviewSettings(), without=frozenset(without)))


def account(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """What is compared with ``expected.json``."""
    found = [
        {
            "rule": one.rule,
            "level": one.level,
            "breaks": sorted(one.breaks),
            "bump": one.bump,
            "path": one.place,
            "witness": one.witness.valid if one.witness else "",
        }
        for one in findings
    ]
    return sorted(found, key=lambda one: (one["rule"], one["path"]))
