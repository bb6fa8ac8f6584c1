"""README and documentation are true: the README's code runs, commands and links exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]


def test_a_code_block_runs_after_those_above_it(tmp_path: Path) -> None:
    runner = ROOT / "tests" / "docs_pages" / "page_runner.py"
    command = [sys.executable, "-W", "error", str(runner), str(ROOT / "README.md")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr


def test_its_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", README))

    assert {"quickstart", "test", "help"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in named)


def slug(heading: str) -> str:
    """The anchor that GitHub and MkDocs give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_to_files_and_headings_of_the_repository(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$|`[^`\n]+`", "", text, flags=re.M | re.S)
    wrong = []
    for link in re.findall(r"\]\((?!https?://)([^)]+)\)", prose):
        name, _, anchor = link.partition("#")
        target = ((ROOT / page).parent / name) if name else ROOT / page
        if not target.exists():
            wrong.append(link)
        elif anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
            if anchor not in map(slug, headings):
                wrong.append(link)

    assert wrong == []


def test_the_quickstart_writes_and_reads_a_dataset(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "quickstart.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "Wrote 100 samples" in done.stdout
    assert "uint8 (32, 32, 32, 3)" in done.stdout
    assert "uint8 (4, 32, 32, 3)" in done.stdout
    assert "sample 42 has the label 7" in done.stdout
    assert (tmp_path / "quickstart-data" / "images-000001.tar").is_file()
