"""Runs the cases of a folder through the adapter, each in a process of its own with limits; prints one JSON object.

    python case_runner.py FOLDER ADAPTER

What is looked at: the outcome, code that ran (it would make a file in the marker folder, or raise an audit event
that generated code has no business with), files outside the case's own folder, and the text of errors.
"""

from __future__ import annotations

import ast
import contextlib
import fcntl
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

#: Characters that must never be raw in generated text or in a message.
BAD = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f\ud800-\udfff]"
)
#: Audit events that reading a schema never causes.
ALARMS = ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "os.fork", "pty.spawn")


def load(path: str) -> ModuleType:
    spec = spec_from_file_location("corpus_adapter", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def decode(adapter: ModuleType, case: dict[str, Any], raw: bytes, outdir: str, alarms: list[str]) -> tuple[str, str]:
    """The outcome in the child: ``accept``, ``refuse``, or what went wrong, and a few words."""
    sys.addaudithook(lambda event, args: alarms.append(event) if event.startswith(ALARMS) else None)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            made = adapter.decode(raw, case["kind"], outdir)
    except MemoryError:
        return "oom", ""
    except BaseException as error:
        text = str(error)
        words = f"{type(error).__name__}: {text[:200]!r}"
        if not adapter.clear(error):
            return "crash", words
        if BAD.search(text.replace("\n", "")):
            return "raw message", words
        return ("refuse", words) if len(text) <= 2000 else ("long message", words)
    source = made.get("source") or ""
    if not source.isascii() or BAD.search(source):
        return "raw source", ""
    ast.parse(source)
    for text in case.get("checks", {}).get("source_lacks", ()):
        if text in source:
            return "template syntax ran", text
    return "accept", ""


def child(adapter: ModuleType, case: dict[str, Any], raw: bytes, outdir: str, pipe: int) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + (case["limits"]["rss_mb"] << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (case["limits"]["seconds"], case["limits"]["seconds"] + 1))
    alarms: list[str] = []
    outcome, words = decode(adapter, case, raw, outdir, alarms)
    if alarms:
        outcome, words = "code ran", ",".join(sorted(set(alarms)))
    os.write(pipe, json.dumps([outcome, words]).encode())


def run(adapter: ModuleType, folder: Path, case: dict[str, Any], marker: Path) -> tuple[str, str]:
    raw = (folder / case["file"]).read_bytes()
    base = tempfile.mkdtemp(prefix="case-")
    outdir = os.path.join(base, "a", "b")
    os.makedirs(outdir)
    shutil.rmtree(marker, ignore_errors=True)
    marker.mkdir()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(adapter, case, raw, outdir, writer)
        finally:
            os._exit(0)
    os.close(writer)
    signal.alarm(case["limits"]["seconds"] * 4 + 10)
    with open(reader, "rb") as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    signal.alarm(0)
    outcome, words = json.loads(said) if said else ("died", "out of time or memory")
    if os.listdir(marker):
        outcome = "code ran"
    stray = [path for path in Path(base).rglob("*") if path.is_file() and Path(outdir) not in path.parents]
    if stray:
        outcome, words = "wrote outside", str(stray[0])
    shutil.rmtree(base)
    shutil.rmtree(marker)
    return outcome, words


def main() -> None:
    folder, adapter = Path(sys.argv[1]), load(sys.argv[2])
    book = json.loads((folder / "schema_expectations.json").read_bytes())
    marker = Path(book["marker_dir"])
    lock = open(marker.parent / "atdata_corpus.lock", "w", encoding="ascii")  # noqa: SIM115  # held to the end
    fcntl.flock(lock, fcntl.LOCK_EX)
    wanted = {"accept": ("accept",), "reject": ("refuse",), "either": ("accept", "refuse")}
    wrong = {}
    for case in book["cases"]:
        outcome, words = run(adapter, folder, case, marker)
        if outcome not in wanted[case["expect"]]:
            wrong[case["id"]] = f"{case['cls']}: {outcome}, expected {case['expect']} ({words})"
    print(json.dumps({"cases": len(book["cases"]), "wrong": wrong}))


if __name__ == "__main__":
    main()
