from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from web_tools import Web, serving


@pytest.fixture
def web() -> Iterator[Web]:
    with serving() as server:
        yield server
