"""What can happen to files: full disks, killed writers, odd paths."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from store_samples import Word, keys, words

import atdata
from atdata._shards.local import open_shard
from atdata._stores.disk import DiskDataStore
from atdata._stores.errors import StoreError

SCALE = float(os.environ.get("ATDATA_SCALE", "1"))


@pytest.mark.parametrize("k", range(4))
def test_a_full_disk_is_a_typed_error_and_leaves_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, k: int
) -> None:
    """The k-th file cannot be written; the last is the manifest."""
    store = DiskDataStore(tmp_path)
    real, begun = os.fsync, [0]

    def full(descriptor: int) -> None:
        if os.path.isfile(f"/proc/self/fd/{descriptor}"):
            begun[0] += 1
            if begun[0] == k + 1:
                raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left") as caught:
        store.write_shards(words(6), prefix="p", maxcount=2)
    monkeypatch.undo()

    assert begun[0] == k + 1, "the disk was full when it should be"
    assert isinstance(caught.value, OSError)
    assert caught.value.leftovers == sorted(store.list_shards())
    assert len(caught.value.leftovers) == k
    assert not list(tmp_path.rglob("*.tmp"))
    assert store.gc() == caught.value.leftovers
    assert keys(store) == []


_WRITER = """
import sys
sys.path.insert(0, sys.argv[2])
from store_samples import words
from atdata._stores.disk import DiskDataStore
store = DiskDataStore(sys.argv[1])
samples = words(400)
print("ready", flush=True)
while True:
    store.write_shards(samples, prefix="p", maxcount=50)
"""


@pytest.mark.parametrize("seed", range(int(4 * SCALE)))
def test_a_killed_writer_leaves_no_part_of_a_file_and_gc_removes_the_rest(tmp_path: Path, seed: int) -> None:
    store = DiskDataStore(tmp_path)
    command = [sys.executable, "-c", _WRITER, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        try:
            writer.wait(random.Random(seed).uniform(0.005, 0.15))
        except subprocess.TimeoutExpired:
            writer.kill()

    assert writer.returncode == -9
    for url in store.list_shards():
        shard = open_shard(url, verify=True)
        assert not shard.faults
        assert len(shard) == 50
    left = set(store.leftovers(older_than=0))
    whole = [url for url in store.list_shards() if url not in left]
    store.gc(older_than=0)
    assert list(store.list_shards()) == whole
    assert store.verify().ok
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("folder", ["", "p", "p/q"])
def test_gc_removes_what_a_writer_left_that_was_killed_in_its_first_file(tmp_path: Path, folder: str) -> None:
    left = tmp_path / folder / ".data--abee54cc-0624-4311-b1ce-8a2939f2e92e--000000.tar.fb71c313985c.tmp"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"begun")

    assert DiskDataStore(tmp_path).gc(older_than=0) == [str(left)]
    assert not left.exists()


def test_the_files_of_a_writer_at_work_are_not_removed(tmp_path: Path) -> None:
    store = DiskDataStore(tmp_path)

    def samples() -> Any:
        yield from words(3)
        assert store.gc(older_than=3600) == []
        store._discard(sorted({found.key for found in store._unfinished("")}))
        yield from words(3)

    urls = store.write_shards(samples(), prefix="p", maxcount=2)

    assert store.verify(urls).ok
    assert store.verify(urls).samples == 6


def test_urls_are_paths_that_a_dataset_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = DiskDataStore("data", prefix="team")

    urls = store.write_shards(words(5), prefix="p", maxcount=2)

    assert [os.path.isabs(store.read_url(url)) for url in urls] == [True] * 3
    assert urls[0].startswith(str(tmp_path / "data" / "team" / "p" / "data--"))
    assert [word.number for url in urls for word in atdata.Dataset[Word](url).ordered()] == list(range(5))
    assert store.verify([Path(url).as_uri() for url in urls]).ok


def test_links_out_of_the_store_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    lost = DiskDataStore(outside).write_shards(words(2), prefix="")
    store = DiskDataStore(tmp_path / "store")
    store.write_shards(words(2), prefix="p")
    (tmp_path / "store" / "link").symlink_to(outside, target_is_directory=True)

    assert len(store.gc(keep=[], older_than=0)) == 2
    assert os.path.exists(lost[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders here")
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_not_read(tmp_path: Path, kind: str) -> None:
    store = DiskDataStore(tmp_path)
    first, second = store.write_shards(words(2), prefix="p", maxcount=1)
    other = tmp_path / "p" / "other-manifest.json"
    for path in (first, other):
        Path(path).unlink(missing_ok=True)
        os.mkfifo(path) if kind == "pipe" else Path(path).symlink_to("/dev/zero")

    found = store.verify()

    assert sorted(found.damaged) == [first, str(other)]
    assert all("is no file" in why for why in found.damaged.values())
    assert store.verify([second]).ok


def test_a_folder_that_cannot_be_made_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StoreError, match="Not a directory"):
        DiskDataStore(tmp_path / "file").write_shards(words(2), prefix="p")


def test_an_empty_store_lists_and_verifies_nothing(tmp_path: Path) -> None:
    store = DiskDataStore(tmp_path / "none")

    assert list(store.list_shards()) == []
    assert store.leftovers() == []
    assert store.gc(keep=[], older_than=0) == []
    assert store.verify().ok
    assert store.verify().shards == 0


@pytest.mark.parametrize(
    ("age", "error"),
    [("a", TypeError), (None, TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError)],
)
def test_an_age_of_leftovers_is_a_number_of_seconds(tmp_path: Path, age: Any, error: type[Exception]) -> None:
    store = DiskDataStore(tmp_path)

    for ask in (store.gc, store.leftovers):
        with pytest.raises(error, match="older_than is a number of seconds, 0 or more, not "):
            ask(older_than=age)
