"""Members with like headers are read many at once, and nothing about them is missed that one at a time would show."""

from __future__ import annotations

import random
import tarfile
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from shard_tools import tar

from atdata._shards.samples import Samples
from atdata._shards.walk import Walk

COUNT = 120


def numbered(i: int) -> str:
    return f"{i:09d}.msgpack"


def in_folders(i: int) -> str:
    return f"some.folder/part_{i // 50}/{i:04d}.msgpack"


def unordered(i: int) -> str:
    return f"{uuid.UUID(int=random.Random(i).getrandbits(128))}.msgpack"


def lettered(i: int) -> str:
    return f"{'abcdefghij'[i % 10]}{i // 10:02d}{'x' * 80}.msgpack"


NAMES: list[Callable[[int], str]] = [numbered, in_folders, unordered, lettered]
#: Sizes from first to last, format, and whether times have fractions.
SHAPES = [
    (range(40, 100), tarfile.USTAR_FORMAT, 0),
    (range(40, 100), tarfile.PAX_FORMAT, 1700000000.1234567),
    (range(513, 1025), tarfile.PAX_FORMAT, 1700000000.25),
    (range(70, 71), tarfile.GNU_FORMAT, 1700000000),
    (range(500, 530), tarfile.USTAR_FORMAT, 1),
    (range(100, 5000, 49), tarfile.PAX_FORMAT, 1700000000.125),
    (range(100, 5000, 49), tarfile.GNU_FORMAT, 1700000000),
]


def archive(name: Callable[[int], str], sizes: range, format: int, mtime: float, count: int = COUNT) -> bytes:
    return tar(
        [(name(i), bytes([i % 251]) * sizes[i * 7 % len(sizes)]) for i in range(count)], format=format, mtime=mtime
    )


def walked(content: bytes, *, runs: bool) -> tuple[object, ...]:
    """All that a walk finds, to be compared."""
    ledger = Samples("shard")
    Walk(ledger, runs=runs).scan(memoryview(content), 0, True)
    block = ledger.block("shard", 0, ledger.count, memoryview(content), 0)
    faults = sorted((fault.before, type(fault.error).__name__, str(fault.error)) for fault in ledger.faults)
    keys = [block.key(i) for i in range(len(block))]
    return block.offsets.tolist(), block.sizes.tolist(), keys, faults, ledger.notices


def summed(header: bytearray) -> None:
    """Make the checksum of a header right again."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)


def headers(content: bytes) -> list[int]:
    """Where the blocks are that are no payload: headers, and the records of pax headers."""
    found, at = [], 0
    while content[at : at + 512].strip(b"\0"):
        size = int(content[at + 124 : at + 135], 8)
        found.append(at)
        if content[at + 156 : at + 157] == b"x":
            found.append(at + 512)
        at += 512 + (size + 511 & -512)
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sizes", "format", "mtime"), SHAPES)
def test_like_members_are_read_as_one_by_one(
    name: Callable[[int], str], sizes: range, format: int, mtime: float
) -> None:
    content = archive(name, sizes, format, mtime)

    found = walked(content, runs=True)

    assert found == walked(content, runs=False)
    assert found[2] == [name(i).removesuffix(".msgpack") for i in range(COUNT)]
    assert found[3] == []


@pytest.mark.parametrize(("sizes", "format", "mtime"), SHAPES)
def test_nearly_all_of_a_shard_is_taken_at_once(
    monkeypatch: pytest.MonkeyPatch, sizes: range, format: int, mtime: float
) -> None:
    steps: list[int] = []
    step = Walk._step

    def counted(walk: Walk, *rest: Any) -> int:
        steps.append(walk.position)
        return step(walk, *rest)

    monkeypatch.setattr(Walk, "_step", counted)
    monkeypatch.setattr("atdata._shards.walk.find_run", lambda *_, **__: None)

    walked(archive(numbered, sizes, format, mtime, 3000), runs=True)

    assert len(steps) < 60


@pytest.mark.parametrize("repaired", [False, True], ids=["as it is", "with a right checksum"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sizes", "format", "mtime"), SHAPES)
def test_no_damage_is_seen_one_by_one_and_missed_in_a_run(
    name: Callable[[int], str], sizes: range, format: int, mtime: float, repaired: bool
) -> None:
    whole = archive(name, sizes, format, mtime)
    places = headers(whole)
    rng = random.Random(f"{name.__name__} {sizes} {format} {repaired}")
    seen = 0
    for _ in range(60):
        content = bytearray(whole)
        place = rng.choice(places)
        for _ in range(rng.choice((1, 1, 2))):
            area = rng.choice(((0, 100), (0, 32), (124, 136), (136, 148), (148, 156), (156, 158), (257, 265), (0, 512)))
            content[place + rng.randrange(*area)] = rng.choice(
                (0, 32, 46, 47, 48, 49, 55, 56, 95, 120, 128, 255, rng.randrange(256))
            )
        if repaired and content[place + 257 : place + 262] == b"ustar":
            header = content[place : place + 512]
            summed(header)
            content[place : place + 512] = header

        found = walked(bytes(content), runs=True)

        assert found == walked(bytes(content), runs=False)
        seen += bool(found[3])
    assert seen


@pytest.mark.parametrize("cut", [1, 511, 512, 1024, 1025, 1536, 2048, 5000])
@pytest.mark.parametrize(("sizes", "format", "mtime"), SHAPES)
def test_a_cut_is_found_as_one_by_one(sizes: range, format: int, mtime: float, cut: int) -> None:
    content = archive(numbered, sizes, format, mtime)
    content = content[: content.rindex(b"ustar") + 600 - cut]

    found = walked(content, runs=True)

    assert found == walked(content, runs=False)
    assert len(found[3]) == 1  # type: ignore[arg-type]  # a list


def test_a_key_that_stands_twice_far_apart_is_found() -> None:
    content = archive(lambda i: numbered(i if i != 100 else 7), range(40, 100), tarfile.PAX_FORMAT, 1700000000.5)

    found = walked(content, runs=True)

    assert found == walked(content, runs=False)
    assert "stands twice" in str(found[3])


@pytest.mark.parametrize("sizes", [range(40, 100), range(100, 5000, 49)], ids=["even", "uneven"])
def test_an_empty_member_between_others_is_named(sizes: range) -> None:
    members = [(numbered(i), b"x" * (0 if i == 70 else sizes[i % len(sizes)])) for i in range(COUNT)]
    content = tar(members)

    found = walked(content, runs=True)

    assert found == walked(content, runs=False)
    assert "empty" in str(found[3])
