"""The corpus of bad shards read as ordinary shards of members: from files and from streams, in both modes."""

from __future__ import annotations

import tarfile
import warnings
from pathlib import Path
from typing import IO, Any

import pytest

import atdata

HERE = Path(__file__).parent


@atdata.packable
class Raw:
    data: bytes


class Streams:
    """One shard that nobody can map."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def list_shards(self) -> list[str]:
        return [str(self._path)]

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return open(shard_id, "rb")


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    target = tmp_path_factory.mktemp("members")
    with tarfile.open(HERE / "shards.tar.xz") as archive:
        archive.extractall(target, filter="data")
    return sorted(target.glob("bad/*.tar*"))


def outcome(source: Any, on_error: Any) -> tuple[int, str]:
    """How many samples came, and how it ended. Only errors of ours are caught."""
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for _ in atdata.Dataset[Raw](source, members={"data": "msgpack"}, on_error=on_error):
                count += 1
        except atdata.AtdataError as error:
            return count, type(error).__name__
    return count, "read"


@pytest.mark.slow
def test_bad_shards_end_alike_from_files_and_from_streams(shards: list[Path]) -> None:
    assert len(shards) > 50
    ends: dict[str, str] = {}
    for path in shards:
        for mode in ("raise", "skip"):
            assert outcome(str(path), mode) == outcome(Streams(path), mode), path.name
        ends[path.name.partition("_")[2]] = outcome(str(path), "raise")[1]

    broken = ("trunc-in-data", "trunc-in-header", "header-corrupt", "zeros-in-middle", "size-negative", "dup-far")
    assert {name: end for name, end in ends.items() if name.startswith(broken) and end == "read"} == {}
    assert ends["control.tar"] == "read"
