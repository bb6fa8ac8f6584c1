"""The README is true: its code runs, its commands and links exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S)


@pytest.mark.parametrize("number", range(1, len(BLOCKS) + 1))
def test_a_code_block_runs_after_those_above_it(number: int, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", "\n".join(BLOCKS[:number])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr


def test_its_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert {"quickstart", "test", "help"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in named)


def test_its_links_lead_to_files_of_the_repository() -> None:
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.M | re.S)
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", prose)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_quickstart_writes_and_reads_a_dataset(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "quickstart.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "Wrote 100 samples" in done.stdout
    assert "uint8 (32, 32, 32, 3)" in done.stdout
    assert "uint8 (4, 32, 32, 3)" in done.stdout
    assert "sample 42 has the label 7" in done.stdout
    assert (tmp_path / "quickstart-data" / "images-000001.tar").is_file()
