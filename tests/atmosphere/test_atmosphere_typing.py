"""What type checkers make of the atmosphere in a user's file."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

USER = """
from __future__ import annotations

from typing import reveal_type

import numpy as np
from numpy.typing import NDArray

import atdata
from atdata._protocols import AbstractDataStore, AbstractIndex, DataSource, IndexEntry
from atdata.atmosphere import AtmosphereClient, AtmosphereIndex, PDSBlobStore, find_datasets, public_index
from atdata.local import LocalIndex
from atdata.promote import promote_to_atmosphere


@atdata.packable
class Feature:
    features: NDArray[np.float32]
    label: int


def count(index: AbstractIndex) -> int:
    return sum(1 for _ in index.list_datasets())


client = AtmosphereClient()
store = PDSBlobStore(client)
abstract: AbstractDataStore = store
index = AtmosphereIndex(client, data_store=store)
team = LocalIndex(path=":memory:")
print(count(index), count(team), count(public_index("alice.example.com")))
entry: IndexEntry = index.get_dataset("x")
sources: list[DataSource] = [store.create_source(entry.data_urls), atdata.BlobSource.from_uris(entry.data_urls)]
data = atdata.Dataset[Feature](sources[0])
reveal_type(index.insert_dataset(data, name="x", tags=["a"]).uri)  # str
reveal_type(promote_to_atmosphere(team.get_dataset("x"), team, client, data_store=store))  # str
reveal_type(promote_to_atmosphere(team.get_dataset("x"), team, client, dry_run=True))  # PromotionPlan
reveal_type([found.tags for found in find_datasets("x")])  # list[list[str]]
"""


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_users_file_is_clean(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker)
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    options = ["--strict", "user.py"] if checker == "mypy" else ["--pythonpath", sys.executable, "user.py"]
    command = [sys.executable, "-m", checker, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr

    said = re.findall(r'Revealed type is "(.*)"|Type of ".*" is "(.*)"', done.stdout)
    found = [re.sub(r"\b(?:[A-Za-z_]\w*\.)+", "", first or second) for first, second in said]
    assert found == [line.rpartition("  # ")[2] for line in USER.splitlines() if line.startswith("reveal_type")]
