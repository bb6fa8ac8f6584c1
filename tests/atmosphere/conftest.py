from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "stores"))  # where the relay is

from site_tools import Site, site


@pytest.fixture(name="site")
def _site() -> Iterator[Site]:
    with site() as made:
        yield made
