"""What checkers say of stores that are given to an index: ours, and those of users."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from __future__ import annotations
from typing import Any
from atdata.local import DiskDataStore, Index, S3DataStore

class Mine:
    def write_shards(self, ds: Any, *, prefix: str, **kwargs: Any) -> list[str]:
        return []
    def read_url(self, url: str) -> str:
        return url
    def supports_streaming(self) -> bool:
        return True

Index(path="a.db", data_store=Mine())
Index(path="a.db", data_store=DiskDataStore("store"))
Index(path="a.db", data_store=S3DataStore(bucket="shards"))
Index(path="a.db", data_store=object())
"""


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_an_index_takes_our_stores_and_a_users_and_nothing_else(tmp_path: Path, checker: str) -> None:
    file = tmp_path / "use.py"
    file.write_text(CODE)
    options = ["--no-incremental", "--cache-dir", str(tmp_path)]
    options = ["--strict", *options] if checker == "mypy" else ["--pythonpath", sys.executable]
    command = [sys.executable, "-m", checker, *options, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    wrong = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(wrong) == 1, done.stdout
    assert "use.py:17" in wrong[0], done.stdout
