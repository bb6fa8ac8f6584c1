"""An incremental run gives what a clean run gives, byte for byte, whatever was edited before it."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

NSIDS = [
    "com.example.a",
    "com.example.a.b",
    "com.example.a.c",
    "org.xY.thing",
    "com.example.fooBar",
    "com.example.foobar",
    "org.x-y.thing",
    "org.x-y.thing.leaf",
    "net.one.defs",
]
TYPES: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "integer", "default": 3},
    {"type": "string", "knownValues": ["a", "b"]},
    {"type": "object", "properties": {"deep": {"type": "bytes"}}},
    *({"type": "ref", "ref": nsid} for nsid in NSIDS),
    *({"type": "ref", "ref": f"{nsid}#part"} for nsid in NSIDS),
    *({"type": "union", "refs": [nsid, f"{nsid}#part"]} for nsid in NSIDS),
    {"type": "nothing"},
]


def some_document(rng: random.Random, nsid: str) -> dict[str, Any]:
    properties = {f"f{i}": rng.choice(TYPES) for i in range(rng.randint(0, 3))}
    main: dict[str, Any] = {"type": "object", "properties": properties}
    if rng.random() < 0.4:
        main = {"type": "record", "key": "any", "record": main}
    defs = {"main": main}
    if rng.random() < 0.7:
        defs["part"] = rng.choice([{"type": "token"}, {"type": "object", "properties": {}}, {"type": "string"}])
    return {"lexicon": 1, "id": nsid, "defs": defs}


def edit(rng: random.Random, project: Any) -> str:
    """One random change of the schemas, of the output, or of what the last run remembers."""
    lexicons, output = project.lexicons, project.output
    files = sorted(lexicons.iterdir())
    act = rng.choice(
        ["write", "write", "write", "remove", "spoil", "edit output", "lose output", "lose state", "cut state"]
    )
    if act == "write":
        nsid = rng.choice(NSIDS)
        (lexicons / f"{rng.choice(['', 'x-'])}{nsid}.json").write_text(json.dumps(some_document(rng, nsid)), "utf-8")
    elif act == "remove" and files:
        rng.choice(files).unlink()
    elif act == "spoil":
        (lexicons / f"{rng.choice(NSIDS)}.json").write_text("{", encoding="utf-8")
    elif act == "lose state":
        shutil.rmtree(output / ".atdata-gen", ignore_errors=True)
    elif act == "cut state" and (output / ".atdata-gen" / "state.json").exists():
        state = output / ".atdata-gen" / "state.json"
        data = bytearray(state.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        state.write_bytes(bytes(data if rng.random() < 0.5 else data[: rng.randrange(len(data))]))
    elif act.endswith("output"):
        written = sorted(path for path in output.rglob("*.py*") if path.is_file() and path.stat().st_size)
        if written:
            path: Path = rng.choice(written)
            if act == "edit output":
                path.write_bytes(path.read_bytes() + b"# edited\n")
            else:
                path.unlink()
    return act


@pytest.mark.parametrize("seed", range(3))
def test_an_incremental_run_equals_a_clean_one(seed: int, project: Any, scale: int) -> None:
    acts = []
    for step in range(40 * scale):
        rng = random.Random(f"{seed} {step}")
        acts.append([edit(rng, project) for _ in range(rng.randint(1, 3))])
        status = project.run().status
        clean = project.folder / "clean"
        shutil.rmtree(clean, ignore_errors=True)
        assert project.run("-o", str(clean), output=False).status == status, acts[-3:]
        wanted, found = project.files(clean), project.files()
        if status:  # what stood for a document that is broken now may stay, and nothing else may differ
            assert all(name.partition("/")[0] in ("com", "org", "net") for name in found.keys() - wanted.keys())
            found = {name: data for name, data in found.items() if name in wanted}
        assert found == wanted, acts[-3:]
        assert project.run("--check").status == status, acts[-3:]


def test_the_problems_of_an_incremental_run_are_those_of_a_clean_one(project: Any) -> None:
    rng = random.Random(5)
    for step in range(25):
        edit(rng, project)
        said = project.run().err
        clean = project.folder / f"clean{step}"

        assert project.run("-o", str(clean), output=False).err == said
        assert project.run().err == said
