"""Ordinary WebDataset shards: samples of several members."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from shard_tools import tar

from atdata import MalformedSampleError, ShardError, ShardWarning
from atdata._shards.groups import GroupBlock, read_groups
from atdata._shards.limits import Limits

Found = list[tuple[str, dict[str, bytes]]]
KINDS = ("jpg", "cls", "seg.png", "json", "txt", "bin")


def found_in(content: bytes, on_error: Any = "raise", into: Found | None = None, **options: Any) -> Found:
    found: Found = [] if into is None else into
    for block in read_groups(io.BytesIO(content), "x.tar", KINDS, on_error=on_error, **options):
        found += [(block.key(i), members_of(block, i)) for i in range(len(block))]
    return found


def members_of(block: GroupBlock, i: int) -> dict[str, bytes]:
    members = {name: block.member(i, name) for name in KINDS}
    return {name: bytes(member) for name, member in members.items() if member is not None}


def triples(count: int) -> list[tuple[str, bytes]]:
    return [
        member
        for i in range(count)
        for member in (
            (f"d/{i:04d}.jpg", bytes([i % 256]) * (100 + i)),
            (f"d/{i:04d}.cls", b"%d" % i),
            (f"d/{i:04d}.seg.png", b"p"),
        )
    ]


@pytest.mark.parametrize("block", [512, 4096, 1 << 20])
def test_members_of_one_key_are_one_sample(block: int) -> None:
    found = found_in(tar(triples(60)), limits=Limits(block=block))

    assert len(found) == 60
    assert found[7] == ("d/0007", {"jpg": b"\7" * 107, "cls": b"7", "seg.png": b"p"})


def test_shards_of_webdataset_are_read(tmp_path: Path) -> None:
    import webdataset

    with webdataset.TarWriter(str(tmp_path / "w.tar")) as writer:
        for i in range(20):
            writer.write({"__key__": f"s{i}", "txt": f"text {i}", "cls": i, "bin": bytes(i)})

    found = [
        (block.key(i), members_of(block, i)["txt"], set(members_of(block, i)))
        for block in read_groups(tmp_path / "w.tar", "w.tar", KINDS)
        for i in range(len(block))
    ]
    assert found == [(f"s{i}", f"text {i}".encode(), {"txt", "cls", "bin"}) for i in range(20)]


def test_compressed_shards_are_read() -> None:
    assert len(found_in(gzip.compress(tar(triples(10))))) == 10


def test_reading_can_begin_anywhere() -> None:
    assert [key for key, _ in found_in(tar(triples(5)), start=3)] == ["d/0003", "d/0004"]


def test_a_sample_that_may_be_incomplete_is_not_given() -> None:
    found: Found = []
    content = tar(triples(5))
    cut = content.index(b"d/0003.seg")

    with pytest.raises(ShardError, match="no end-of-archive"):
        found_in(content[:cut], into=found)

    assert [key for key, _ in found] == ["d/0000", "d/0001", "d/0002"]


@pytest.mark.parametrize("at", [0, 4, 9])
def test_a_key_that_comes_back_is_an_error(at: int) -> None:
    content = tar([*triples(10), (f"d/{at:04d}.json", b"{}"), ("e.jpg", b"")])

    if at == 9:  # it follows its own members
        assert found_in(content)[9][1]["json"] == b"{}"
        return
    with pytest.raises(MalformedSampleError, match=rf"key 'd/{at:04d}': Malformed sample: the key stands twice"):
        found_in(content)
    with pytest.warns(ShardWarning, match="stands twice"):
        assert len(found_in(content, "skip")) == 11


def test_a_member_that_stands_twice_is_an_error() -> None:
    with pytest.raises(MalformedSampleError, match=r"\.jpg stands twice"):
        found_in(tar([("a.jpg", b"1"), ("a.jpg", b"2")]))


def test_members_around_a_large_one_of_nobody_are_no_sample_silently() -> None:
    content = tar([("a.jpg", b"1"), ("__x__", bytes(3 << 20)), ("a.cls", b"2")])
    with pytest.raises(MalformedSampleError, match="too far apart"):
        found_in(content, limits=Limits(block=1 << 16))


def test_parts_of_a_block_are_blocks() -> None:
    (block,) = read_groups(io.BytesIO(tar(triples(5))), "x", ("cls",))
    assert isinstance(block, GroupBlock)

    part = block.part(2, 4)
    assert (part.start, [part.key(i) for i in range(2)], len(part)) == (2, ["d/0002", "d/0003"], 2)
    assert part.sizes.tolist() == [1, 1], "only the members of use count"
    assert part.member(0, "cls") == b"2"


def test_a_sample_of_many_members_takes_no_more_memory_than_one_large_member_might() -> None:
    content = tar([(f"a.{i:03d}", bytes(4096)) for i in range(100)])
    with pytest.raises(ShardError, match="holds a sample of"):
        found_in(content, limits=Limits(block=1 << 14, member=1 << 16))


def random_members(random: Any) -> list[tuple[str, bytes]]:
    """Mostly ordinary groups; now and then something that is none."""
    members: list[tuple[str, bytes]] = []
    for i in range(random.randint(20, 80)):
        key = random.choice([f"d/{i:04d}", f"{i:04d}", f"a.b/{i:04d}", f"d/{random.randint(0, i):04d}"])
        kinds = random.sample(["jpg", "cls", "json", "seg.png", "TXT", "bin"], random.randint(1, 4))
        if random.random() < 0.03:
            kinds.append(kinds[0])
        members += [(f"{key}.{kind}", bytes(random.randint(0, 1500))) for kind in kinds]
        if random.random() < 0.04:
            members.append(
                (
                    random.choice(
                        ["readme", "__meta__/x.jpg", "d/.hidden", "__index__", "d" * 60 + "/" + "x" * 60 + ".jpg"]
                    ),
                    b"x",
                )
            )
    return members


@pytest.mark.parametrize("seed", range(40))
def test_many_at_once_are_what_one_by_one_are(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import random
    import tarfile

    from atdata._shards import walk
    from atdata._shards.groups import Groups
    from atdata._shards.samples import Samples
    from atdata._shards.walk import Walk

    monkeypatch.setattr(walk, "_PATIENCE", 1)  # runs are tried wherever there may be one
    source = random.Random(seed)
    formats = tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT
    made = random_members(source)
    content = tar(made, format=source.choice(formats), mtime=source.choice([0, 1.5, 1700000000.25]))
    content = content[: len(content) - source.choice([0, 0, 0, 700, 40_000])]

    def walked(runs: bool) -> Any:
        ledger = Groups("x", KINDS)
        Walk(ledger, runs=runs).scan(memoryview(content), 0, True)
        block = ledger.block("x", 0, ledger.count, memoryview(content), 0)
        found = [(block.key(i), members_of(block, i)) for i in range(len(block))]
        return found, [(f.before, str(f.error)) for f in ledger.faults], ledger.notices

    assert walked(True) == walked(False)

    packed = tar(
        [(name.partition(".")[0] + ".msgpack" if "x" not in name else name, data or b"1") for name, data in made]
    )

    def samples_of(runs: bool) -> Any:
        ledger = Samples("x")
        Walk(ledger, runs=runs).scan(memoryview(packed), 0, True)
        block = ledger.block("x", 0, ledger.count, memoryview(packed), 0)
        found = [(block.key(i), bytes(block.payload(i))) for i in range(len(block))]
        return found, [(f.before, str(f.error)) for f in ledger.faults], ledger.notices

    assert samples_of(True) == samples_of(False)
