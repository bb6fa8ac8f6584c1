"""Generators that are killed, starved, or many at once: every file is old or new, and the next run cleans up."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

DOCUMENTS = 40


def write(folder: Path, version: int) -> None:
    """``DOCUMENTS`` documents that all differ between versions, and some that only the even ones have."""
    for i in range(DOCUMENTS):
        group = "even" if i % 4 == 0 else "all"
        file = folder / f"{i}.json"
        if group == "even" and version % 2:
            file.unlink(missing_ok=True)
            continue
        properties = {
            f"v{version}": {"type": "string", "description": f"Version {version}. " * 20},
            "next": {"type": "ref", "ref": f"com.example.all.d{(i + 1) % DOCUMENTS // 4 * 4 + 1}"},
        }
        main = {"type": "object", "properties": properties}
        document = {"lexicon": 1, "id": f"com.example.{group}.d{i}", "defs": {"main": main}}
        file.write_text(json.dumps(document), encoding="utf-8")


def command(project: Any, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "atdata_codegen.cli", str(project.lexicons), "-o", str(project.output), "-q", *options
    ]  # fmt: skip


def litter(project: Any) -> list[str]:
    """Everything below the output that a clean run does not leave there."""
    private = {".gitignore", "lock", "state.json", "new"}
    found = [name for name in os.listdir(project.output / ".atdata-gen") if name not in private]
    found += os.listdir(project.output / ".atdata-gen" / "new")
    found += [name for name in project.files() if not name.endswith((".py", ".pyi", "py.typed"))]
    return found


@pytest.mark.slow
def test_a_killed_generator_leaves_every_file_old_or_new(project: Any, scale: int) -> None:
    rng = random.Random(7)
    versions: list[dict[str, bytes]] = []
    for version in range(2):
        write(project.lexicons, version)
        assert project.run().status == 0
        versions.append(project.files())
    begun = time.perf_counter()
    subprocess.run(command(project, "--check"), check=True, capture_output=True, timeout=60)
    whole = time.perf_counter() - begun
    seen = {"killed": 0, "halfway": 0, "litter": 0}
    rounds, version = 0, 1
    while seen["killed"] < 15 * scale:
        rounds += 1
        assert rounds < 60 * scale, f"too few runs were caught: {seen}"
        old, version = versions[version], 1 - version
        new = versions[version]
        write(project.lexicons, version)
        process = subprocess.Popen(command(project), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if rounds % 3:  # wait for the writing, which is the shorter part, then strike at a random moment of it
            lock = project.output / ".atdata-gen" / "new"
            stamp = lock.stat().st_mtime_ns
            while lock.stat().st_mtime_ns == stamp and process.poll() is None:
                pass
            time.sleep(rng.uniform(0, whole / 4))
        else:
            time.sleep(rng.uniform(0, whole))
        process.send_signal(signal.SIGKILL)
        seen["killed"] += process.wait() == -signal.SIGKILL

        found = project.files()
        for name, data in found.items():
            assert data in (old.get(name), new.get(name)), f"{name} is neither old nor new"
        assert old.keys() & new.keys() <= found.keys()
        seen["halfway"] += found not in (old, new)
        seen["litter"] += bool(litter(project))

        assert project.run().status == 0
        assert project.files() == new
        assert litter(project) == []
    assert seen["halfway"] > 0, f"no run was killed while it was writing: {seen}"
    assert project.run("--check").status == 0


@pytest.mark.slow
def test_modules_of_a_tree_that_was_half_written_import(project: Any) -> None:
    """Old and new modules side by side: names that a module takes from another are only needed by checkers."""
    write(project.lexicons, 0)
    assert project.run().status == 0
    old = project.files()
    write(project.lexicons, 2)
    assert project.run().status == 0
    rng = random.Random(3)
    for name, data in old.items():
        if rng.random() < 0.5:
            (project.output / name).write_bytes(data)
    names = [
        name.removesuffix(".py").replace("/", ".") for name in old if name.endswith(".py") and "__init__" not in name
    ]

    assert all(project.module(name).NSID for name in names)


@pytest.mark.slow
def test_generators_at_once_on_one_folder_leave_a_whole_tree(project: Any, scale: int) -> None:
    write(project.lexicons, 0)
    assert project.run().status == 0
    for version in range(1, 3 * scale + 1):
        write(project.lexicons, version)
        processes = [
            subprocess.Popen(command(project), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(4)
        ]
        said = [process.communicate(timeout=120) for process in processes]

        assert [process.returncode for process in processes] == [0] * 4, said
        assert litter(project) == []
        assert project.run("--check").status == 0, project.run("--check").out


@pytest.mark.slow
def test_generators_of_different_versions_at_once_leave_whole_files(project: Any, new_project: Any, scale: int) -> None:
    """Who writes last wins file by file; the next run makes the tree whole."""
    other = new_project()
    versions = []
    for version, lexicons in enumerate((project.lexicons, other.lexicons)):
        write(lexicons, version)
        assert project.run(inputs=(str(lexicons),)).status == 0
        versions.append(project.files())
    for _ in range(2 * scale):
        calls = [
            command(project),
            [part.replace(str(project.lexicons), str(other.lexicons)) for part in command(project)],
        ]
        processes = [
            subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for call in calls * 2
        ]
        said = [process.communicate(timeout=120) for process in processes]

        assert [process.returncode for process in processes] == [0] * 4, said
        for name, data in project.files().items():
            assert data in [files.get(name) for files in versions]
        assert project.run().status == 0
        assert project.files() == versions[0]
        assert litter(project) == []


@pytest.mark.slow
def test_a_disk_that_takes_no_more_is_a_typed_error_and_the_old_file_stays(project: Any, scale: int) -> None:
    """The limit of a file's size stands for a full disk: the write itself fails, at sizes all over the files'."""
    write(project.lexicons, 0)
    assert project.run().status == 0
    old = project.files()
    write(project.lexicons, 2)
    largest = max(map(len, old.values()))
    failures = 0
    for size in range(1, largest, max(1, largest // (10 * scale))):
        done = subprocess.run(
            command(project),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=lambda size=size: (
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
            ),
        )
        assert done.returncode == 2, done.stderr
        assert "cannot be written: File too large" in done.stderr
        assert "Traceback" not in done.stderr
        failures += 1
        for name, data in project.files().items():
            assert data == old.get(name) or b"Version 2." in data, name
            compile(data, name, "exec")
    assert failures >= 10
    assert project.run().status == 0
    assert project.run("--check").status == 0
    assert litter(project) == []


def test_a_cache_of_templates_that_takes_no_more_is_done_without(project: Any, tmp_path: Path) -> None:
    """A dry run writes nothing but the cache, which is of use and never needed."""
    project.write({"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "token"}}})
    done = subprocess.run(
        command(project, "--dry-run"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cold")},
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)),
        ),
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "cold").rglob("*.cache")) == []


def test_a_run_with_nothing_to_do_still_sweeps_what_a_killed_one_left(project: Any) -> None:
    project.generate({"lexicon": 1, "id": "com.example.thing", "defs": {"main": {"type": "token"}}})
    litter = project.output / ".atdata-gen" / "new" / "1-thing.py"
    litter.write_text("half a fi", encoding="utf-8")

    assert project.run().status == 0

    assert not litter.exists()
