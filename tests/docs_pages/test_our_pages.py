"""The code of our own pages of documentation runs, page by page."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))]
#: Pages whose blocks are parts of files, not programs.
PARTS = {"docs/architecture.md", "docs/generator.md"}


def run_elsewhere() -> set[str]:
    """Pages that need a server: tests beside it name them and run their code."""
    tests = [path for path in (ROOT / "tests").glob("*/test_*.py") if path.parent.name != "house"]
    texts = [path.read_text(encoding="utf-8") for path in tests]
    return {page for page in PAGES if any(f'"{Path(page).name}"' in text for text in texts)}


RUN = [
    page for page in PAGES
    if page not in PARTS | run_elsewhere() and re.search(r"^```py", (ROOT / page).read_text(encoding="utf-8"), re.M)
]  # fmt: skip


@pytest.mark.parametrize("page", RUN)
def test_a_code_block_runs_after_those_above_it(page: str, tmp_path: Path) -> None:
    runner = Path(__file__).with_name("page_runner.py")
    command = [sys.executable, "-W", "error", str(runner), str(ROOT / page)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert done.returncode == 0, done.stderr


def test_every_page_is_in_the_sites_menu() -> None:
    menu = re.findall(r"[\w-]+\.md$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M)

    assert sorted(menu) == [page.removeprefix("docs/") for page in PAGES]


def test_the_pages_of_the_first_layer_are_run() -> None:
    names = ("quickstart", "datasets", "lenses", "loading", "troubleshooting")

    assert {f"docs/{name}.md" for name in names} <= set(RUN)
