from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shard_tools import WAYS, Blocks


@pytest.fixture(params=list(WAYS))
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Blocks:
    """A way to read the bytes of a shard: ``read(content, on_error)`` gives its blocks."""
    way = WAYS[request.param]
    return lambda content, on_error="raise", **options: way(tmp_path / "x.tar", content, on_error, **options)
