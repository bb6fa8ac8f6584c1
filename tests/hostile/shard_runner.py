"""Reads bad shards through the adapter, each in a process of its own with limits; prints one JSON object.

    python shard_runner.py FOLDER ADAPTER WAY

WAY is the adapter's function that reads a shard. Members and arrays that stand alone go through ``msgpack`` and
``npy``. What is looked at: whether good input is read and bad input refused, by a typed error that names the shard,
key and field; how many samples came before it; warnings for each loss when errors are skipped; time and memory.
"""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import re
import resource
import select
import signal
import sys
import time
import warnings
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
#: The corpus's payloads would make a file here.
MARKER = "/tmp/atdata_corpus_marker"


def load(path: str) -> ModuleType:
    spec = spec_from_file_location("corpus_adapter", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def attempt(adapter: ModuleType, way: str, case: dict[str, Any], path: str, mode: str) -> dict[str, Any]:
    """In the child: read, and say what happened."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (pages + (case["limits"]["rss_mb"] << 20),) * 2)
    found = 0
    result: dict[str, Any] = {"outcome": "ok"}
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        try:
            if case["kind"] == "shard":
                for _, sample in getattr(adapter, way)(path, mode):
                    assert isinstance(sample.label, str)
                    found += 1
            else:
                with open(path, "rb") as raw:
                    getattr(adapter, case["kind"])(raw.read())
        except MemoryError:
            result = {"outcome": "oom"}
        except BaseException as error:
            text = str(error)
            result = {
                "outcome": "error" if adapter.clear(error) else f"untyped {type(error).__name__}: {text[:200]!a}",
                "text": ascii(text[:2000]),
                "shard": case["file"] in text,
                "key": case.get("key", "") in text,
                "field": "image" in text,
                "clean": not BAD.search(text.replace("\n", "")) and len(text) < 2000,
            }
    return result | {"found": found, "warned": len(warned)}


def isolated(adapter: ModuleType, way: str, case: dict[str, Any], path: str, mode: str) -> dict[str, Any]:
    """``attempt`` in a child, within the case's time."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            os.write(theirs, json.dumps(attempt(adapter, way, case, path, mode)).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    answer, end = b"", time.monotonic() + case["limits"]["seconds"] + 10
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.2)[0]:
            part = os.read(ours, 1 << 16)
            if not part:
                break
            answer += part
    else:
        os.kill(child, signal.SIGKILL)
    os.close(ours)
    os.waitpid(child, 0)
    return dict(json.loads(answer)) if answer else {"outcome": "died or hung", "found": 0, "warned": 0}


def verdict(case: dict[str, Any], result: dict[str, Any], mode: str) -> str | None:
    """What is wrong with the result, or None."""
    outcome, expected, found = result["outcome"], case["expect"], result["found"]
    if outcome not in ("ok", "error"):
        return str(outcome)
    if mode == "skip":
        return skipped(case, result) if case["kind"] == "shard" and expected == "error" else None
    if expected == "ok":
        return None if outcome == "ok" and found == case.get("total", 0) else f"good input: {result}"
    if expected == "either":
        return None
    if expected == "warn" and outcome == "ok":
        return None if result["warned"] and found == case["total"] else f"silent: {found} of {case['total']}"
    if outcome == "ok":
        return f"silent: {found} read"
    names = case.get("names", []) if case["kind"] == "shard" else []
    missing = [name for name in names if not result[name] and (name != "key" or case.get("key"))]
    if missing or not result["clean"]:
        return f"message without {missing} or not clean: {result['text']}"
    good = case.get("good_before")
    if good is not None and not good - case.get("slack", 0) <= found <= good:
        return f"{found} before the error, not {good}"
    return None


def skipped(case: dict[str, Any], result: dict[str, Any]) -> str | None:
    """The same when errors are to be skipped."""
    if result["outcome"] != "ok" or not result["warned"]:
        return f"skipping: {result}"
    wanted, found = case.get("skip_yields"), result["found"]
    if wanted is None:
        return None
    least = wanted - case.get("slack", 0)
    return None if found >= least and (case.get("skip_min") or found <= wanted) else f"skipping: {found}, not {wanted}"


def main(folder: str, adapter_path: str, way: str) -> dict[str, Any]:
    adapter = load(adapter_path)
    with open(os.path.join(folder, "expectations.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    wrong = {}
    for case in cases:
        os.makedirs(MARKER, exist_ok=True)
        for mode in ("raise", "skip"):
            result = isolated(adapter, way, case, os.path.join(folder, case["file"]), mode)
            problem = verdict(case, result, mode)
            if glob.glob(f"{MARKER}/G*"):
                problem = "code ran"
            if problem:
                wrong[f"{case['file']} {mode}"] = problem
    return {"cases": len(cases), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:4])))
