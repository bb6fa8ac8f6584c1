"""The corpus of bad shards, members and arrays, in both modes, and proof that its runner sees what it looks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CORPUS = HERE.parents[2] / "shared" / "corpus" / "hostile"
SCALE = float(os.environ.get("ATDATA_SCALE", "1"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, unpacked."""
    target = tmp_path_factory.mktemp("shards")
    with tarfile.open(HERE / "shards.tar.xz") as archive:
        archive.extractall(target, filter="data")
    return target / "bad"


def run(folder: Path, adapter: Path, way: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(HERE / "shard_runner.py"), str(folder), str(adapter), way],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("way", ["read", "read_batches", "read_stream"])
def test_every_bad_shard_ends_as_expected(folder: Path, tmp_path: Path, way: str) -> None:
    """By one way all of them, by the others every third unless at full scale."""
    book = json.loads((folder / "expectations.json").read_bytes())
    some = book["cases"] if way == "read" or SCALE > 1 else book["cases"][::3]
    for case in some:
        (tmp_path / case["file"]).symlink_to(folder / case["file"])
    (tmp_path / "expectations.json").write_text(json.dumps({"cases": some}))
    result = run(tmp_path, HERE / "adapter.py", way)

    assert result["cases"] == len(some) > (100 if some == book["cases"] else 30)
    assert result["wrong"] == {}


CARELESS = """
import sys, tarfile
from types import SimpleNamespace
import warnings

def clear(error):
    return True

def msgpack(data):
    pass

def npy(data):
    import numpy, io, pickle
    return numpy.load(io.BytesIO(data), allow_pickle=True)

def read(path, on_error):
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            if member.name.endswith(".msgpack"):
                yield None, SimpleNamespace(label="")
"""


@pytest.mark.slow
def test_the_runner_finds_what_a_careless_reader_lets_through(folder: Path, tmp_path: Path) -> None:
    kinds = ("trunc-at-boundary", "zeros-in-middle", "dup-far", "wrong-extension", "empty-file", "hostile-key")
    book = json.loads((folder / "expectations.json").read_bytes())
    some = [case for case in book["cases"] if case["cls"] in (*kinds, "control")]
    for case in some:
        (tmp_path / case["file"]).symlink_to(folder / case["file"])
    (tmp_path / "expectations.json").write_text(json.dumps({"cases": some}))
    (tmp_path / "careless.py").write_text(CARELESS)

    wrong = run(tmp_path, tmp_path / "careless.py", "read")["wrong"]

    assert {name.partition("_")[2].partition(".")[0] for name in wrong} == set(kinds)


@pytest.mark.slow
def test_the_corpus_passes_its_own_runner(tmp_path: Path) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus of bad input is not beside this checkout; the same cases are tested above")
    for command in (
        ["given/make_bad_shards.py", str(tmp_path / "bad")],
        ["runner/run_shards.py", str(tmp_path / "bad"), "--adapter", str(HERE / "adapter.py")],
    ):
        done = subprocess.run(
            [sys.executable, *command], cwd=CORPUS, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]

    assert "'pass': 214}" in done.stdout
