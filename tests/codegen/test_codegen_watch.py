"""Watching: every change leads to one run, and no failure ends the watch."""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from atdata_codegen.config import Settings
from atdata_codegen.generate import Result
from atdata_codegen.watch import watch


def document(nsid: str) -> dict[str, Any]:
    return {"lexicon": 1, "id": nsid, "defs": {"main": {"type": "object", "properties": {}}}}


def follow(project: Any, *steps: Any) -> list[Result]:
    """One round, then one after each step; the reports made."""
    reports: list[Result] = []
    rounds = iter(steps)

    def report(result: Result) -> None:
        reports.append(result)
        step = next(rounds, None)
        if step is not None:
            step()

    watch(Settings((str(project.lexicons),), str(project.output)), report, interval=0.01, rounds=len(steps) + 3)
    return reports


def test_each_change_leads_to_one_run(project: Any) -> None:
    project.write(document("com.example.a"))
    reports = follow(project, lambda: project.write(document("com.example.b")))

    assert [(r.documents, r.wrote) for r in reports] == [(1, True), (2, True)]
    assert (project.output / "com" / "example" / "b.py").exists()


def test_a_change_that_is_wrong_is_reported_and_the_watch_goes_on(project: Any) -> None:
    project.write(document("com.example.a"))
    bad = project.lexicons / "bad.json"
    reports = follow(project, lambda: bad.write_text("{", encoding="utf-8"), bad.unlink)

    assert [r.errors for r in reports] == [0, 1, 0]


def test_a_folder_that_vanishes_is_reported_and_the_watch_goes_on(project: Any) -> None:
    project.write(document("com.example.a"))
    away = project.folder / "away"
    reports = follow(project, lambda: project.lexicons.rename(away), lambda: away.rename(project.lexicons))

    assert [r.errors for r in reports] == [0, 1, 0]


def test_a_document_that_is_replaced_with_one_of_the_same_size_is_seen(project: Any) -> None:
    file = project.lexicons / "a.json"
    file.write_text(json.dumps(document("com.example.a")), encoding="utf-8")

    def replace() -> None:
        new = project.folder / "new.json"
        new.write_text(json.dumps(document("com.example.b")), encoding="utf-8")
        os.utime(new, ns=(1, 1))
        os.replace(new, file)

    follow(project, replace)
    assert set(project.files()) >= {"com/example/b.py"}
    assert "com/example/a.py" not in project.files()


def test_the_command_watches_until_it_is_interrupted(project: Any) -> None:
    import signal
    import subprocess
    import sys

    project.write(document("com.example.a"))
    command = [sys.executable, "-m", "atdata_codegen.cli", str(project.lexicons), "-o", str(project.output), "--watch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    timer = threading.Timer(30, process.kill)
    timer.start()
    try:
        wanted = project.output / "com" / "example" / "b.py"
        while not (project.output / "com" / "example" / "a.py").exists() and process.poll() is None:
            time.sleep(0.02)
        project.write(document("com.example.b"))
        while not wanted.exists() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    finally:
        timer.cancel()
        process.kill()
    assert wanted.exists()
    assert "Traceback" not in err
    assert process.returncode == 130
    assert out.count(" read, ") == 2
