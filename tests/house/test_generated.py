"""generated/ is what lexicons/ says, to the byte."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_tree_is_fresh() -> None:
    code = "import sys; from atdata_codegen.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "lexicons/", "-o", "generated/", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, f"run make generate and commit the result:\n{done.stdout}{done.stderr}"
