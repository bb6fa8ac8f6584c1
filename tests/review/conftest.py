"""What the tests of schema reviews share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for the modules beside this file


@pytest.fixture(scope="session")
def shared_corpus() -> Path:
    """Real documents and their history, which lie beside the main checkout on the machines that have them."""
    found = subprocess.run(
        ["git", "rev-parse", "--path-format=absolute", "--git-common-dir"],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    for checkout in (HERE.parents[1], Path(found.stdout.strip() or ".").parent):
        folder = checkout.parent / "shared" / "corpus"
        if folder.is_dir():
            return folder
    pytest.skip("the corpus of public Lexicons is not there")
