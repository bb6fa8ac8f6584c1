"""A large dataset goes up and down in little memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pds_server import Account, Pds

HERE = Path(__file__).parent
MEGABYTES = 10 * int(os.environ.get("ATDATA_SCALE", "1"))


def test_a_dataset_goes_up_and_down_within_150_megabytes(
    pds: Pds, someone: Account, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """At full scale 200 MB in shards of 120 MB, which are cut anew to what the server takes."""
    command = [sys.executable, HERE / "memory_steps.py", pds.url, pds.plc, someone.session, tmp_path, MEGABYTES]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    took = json.loads(done.stdout)

    grown = took["downloaded"] - took["idle"]
    record_property(f"{MEGABYTES} MB", f"{grown:.0f} MB above idle, up {took['up']:.1f} s, down {took['down']:.1f} s")
    assert took["bytes"] == MEGABYTES * 1_000_000
    assert took["shards"] >= MEGABYTES // 50
    assert grown < 150
