"""Reading the members of a shard: the same rules for a mapped file and for a stream."""

from __future__ import annotations

import io
import os
import random
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shard_tools import WAYS, Blocks, flat, samples, tar

from atdata import MalformedSampleError, ShardError, ShardWarning
from atdata._shards.errors import handler

FORMATS = {"ustar": tarfile.USTAR_FORMAT, "gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT}


def keyed(members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [(name.removesuffix(".msgpack"), data) for name, data in members]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("count", "size"), [(1, 1), (3, 512), (300, 60), (40, 5000), (20, 40_000)])
def test_every_sample_is_found_with_its_key(read: Blocks, format: str, count: int, size: int) -> None:
    members = samples(count, size)

    assert flat(read(tar(members, format=FORMATS[format]))) == keyed(members)


def test_fractions_of_a_second_in_pax_headers_are_taken_in_stride(read: Blocks) -> None:
    members = samples(300)
    content = tar(members, format=tarfile.PAX_FORMAT, mtime=1700000000.1234567)

    assert content.count(b" mtime=") == 300
    assert flat(read(content)) == keyed(members)


def test_shards_of_webdataset_are_read(read: Blocks, tmp_path: Path) -> None:
    import webdataset

    path = tmp_path / "w.tar"
    with webdataset.TarWriter(str(path)) as writer:
        for i in range(50):
            writer.write({"__key__": f"sample_{i:06d}", "msgpack": b"x" * i + b"y"})

    assert flat(read(path.read_bytes())) == [(f"sample_{i:06d}", b"x" * i + b"y") for i in range(50)]


@pytest.mark.parametrize("format", ["gnu", "ustar", "posix", "v7"])
def test_shards_of_gnu_tar_are_read(read: Blocks, tmp_path: Path, format: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for i in range(20):
        (folder / f"{i:03d}.msgpack").write_bytes(bytes([i + 1]) * (i + 1))
    done = subprocess.run(["tar", f"--format={format}", "-cf", "-", "folder"], cwd=tmp_path, stdout=subprocess.PIPE)

    found = dict(flat(read(done.stdout)))

    assert found == {f"folder/{i:03d}": bytes([i + 1]) * (i + 1) for i in range(20)}


@pytest.mark.parametrize("format", FORMATS)
def test_long_and_foreign_names_are_kept(read: Blocks, format: str) -> None:
    names = ["ä" * 20, "d" * 50 + "/" + "f" * 60, "plain", "雪"]
    if format != "ustar":
        names.append("x" * 300)
    members = [(f"{name}.msgpack", name.encode()) for name in names]

    assert flat(read(tar(members, format=FORMATS[format]))) == [(name, name.encode()) for name in names]


def test_a_key_ends_at_the_first_dot_of_the_last_component(read: Blocks) -> None:
    content = tar([("./v1.0/a.msgpack", b"1"), ("v1.0/b.MSGPACK", b"2"), ("c.msgpack", b"3")])

    assert [key for key, _ in flat(read(content))] == ["./v1.0/a", "v1.0/b", "c"]


def test_other_parts_of_a_sample_are_ignored(read: Blocks) -> None:
    members = [("a.json", b"{}"), ("a.msgpack", b"1"), ("a.txt", b"x" * 3000), ("b.msgpack", b"2"), ("b.jpg", b"")]

    assert flat(read(tar(members))) == [("a", b"1"), ("b", b"2")]


def test_members_of_webdataset_itself_are_left_out(read: Blocks) -> None:
    members = [("__meta__", b"x"), ("__dir__/y.json", b"{}"), ("a.msgpack", b"1"), ("__index__", b"z" * 600)]

    assert flat(read(tar(members))) == [("a", b"1")]


def test_folders_are_no_samples(read: Blocks) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("d.msgpack")
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
        info = tarfile.TarInfo("d.msgpack/a.msgpack")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"1"))

    assert flat(read(out.getvalue())) == [("d.msgpack/a", b"1")]


def test_a_key_without_a_msgpack_member_is_malformed(read: Blocks) -> None:
    content = tar([("a.msgpack", b"1"), ("b.jpg", b"2"), ("c.msgpack", b"3")])

    with pytest.raises(MalformedSampleError, match=r"x\.tar', key 'b': Malformed sample: no member") as caught:
        flat(read(content))

    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.key == "b"


def test_what_stands_before_an_error_is_given_first(read: Blocks) -> None:
    content = tar([*samples(20), ("000020.jpg", b""), ("000021.msgpack", b"1")])
    found: list[tuple[str, bytes]] = []

    with pytest.raises(MalformedSampleError):
        flat(read(content), found)

    assert found == keyed(samples(20))


def test_skipping_warns_once_for_each_loss(read: Blocks) -> None:
    members = [*samples(3), ("x.jpg", b""), ("y.msgpack", b"1"), ("z.txt", b"")]

    with pytest.warns(ShardWarning, match="skipped") as caught:
        found = flat(read(tar(members), "skip"))

    assert [key for key, _ in found] == ["000000", "000001", "000002", "y"]
    assert len(caught) == 2


def test_a_function_decides_about_each_error(read: Blocks) -> None:
    seen: list[Exception] = []

    found = flat(read(tar([("a.txt", b""), ("b.msgpack", b"1"), ("c.txt", b"")]), seen.append))

    assert found == [("b", b"1")]
    assert [getattr(error, "key", None) for error in seen] == ["a", "c"]


def test_another_word_for_on_error_is_refused() -> None:
    with pytest.raises(ValueError, match="on_error"):
        handler("ignore")  # type: ignore[arg-type]


@pytest.mark.parametrize("gap", [0, 1, 50, 3000])
def test_a_key_that_stands_twice_is_an_error_however_far_apart(read: Blocks, gap: int) -> None:
    between = [(f"b{i:05d}.msgpack", b"x") for i in range(gap)]
    content = tar([("a.msgpack", b"1"), *between, ("a.msgpack", b"2"), ("z.msgpack", b"3")])

    with pytest.raises(MalformedSampleError, match=r"key 'a': Malformed sample: the key stands twice"):
        flat(read(content))
    with pytest.warns(ShardWarning, match="stands twice"):
        found = flat(read(content, "skip"))

    assert found == [("a", b"1"), *keyed(between), ("z", b"3")]


def test_keys_in_no_order_are_compared_all_the_same(read: Blocks) -> None:
    members = samples(500)
    random.Random(1).shuffle(members)

    assert flat(read(tar(members))) == keyed(members)
    with pytest.raises(MalformedSampleError, match="stands twice"):
        flat(read(tar([*members, members[250]])))


def test_names_without_an_extension_are_warned_of(read: Blocks) -> None:
    with pytest.warns(ShardWarning, match=r"'README' has no extension.*\(and 1 more\)"):
        found = flat(read(tar([("README", b"x"), ("a.msgpack", b"1"), ("LICENSE", b"")])))

    assert found == [("a", b"1")]


def test_an_archive_without_members_has_no_samples(read: Blocks) -> None:
    assert flat(read(tar([]))) == []


@pytest.mark.parametrize("zeros", [512, 1024, 10240])
def test_any_end_marker_will_do(read: Blocks, zeros: int) -> None:
    content = tar(samples(3))[: 3 * 1024] + bytes(zeros)

    assert flat(read(content)) == keyed(samples(3))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>" * 100, bytes(range(256)) * 8])
def test_what_is_no_archive_is_named(read: Blocks, content: bytes) -> None:
    with pytest.raises(ShardError, match=r"x\.tar': is (empty|no tar|cut off)"):
        flat(read(content))


def test_a_shard_cut_anywhere_is_an_error_and_gives_what_is_whole(tmp_path: Path) -> None:
    members = samples(6, 300)
    content = tar(members)[: 6 * 1024]
    for cut in range(1, len(content)):
        if cut % 61 and cut % 512:
            continue
        for way in WAYS.values():
            found: list[tuple[str, bytes]] = []
            errors: list[Exception] = []
            flat(way(tmp_path / f"{cut}.tar", content[:cut], errors.append), found)
            whole = sum(1 for i in range(6) if i * 1024 + 512 + len(members[i][1]) <= cut)
            assert found == keyed(members)[:whole]
            assert [type(error) for error in errors] == [ShardError]
            assert f"{cut}.tar" in str(errors[0])


def test_no_bit_of_a_header_can_flip_unnoticed(tmp_path: Path) -> None:
    """The checksum covers the header; what is not covered is the checksum's own padding."""
    content = tar(samples(40))
    rng = random.Random(3)
    silent = 0
    for _ in range(300):
        position, bit = 20 * 1024 + rng.randrange(512), 1 << rng.randrange(8)
        damaged = bytearray(content)
        damaged[position] ^= bit
        errors: list[Exception] = []
        for way in WAYS.values():
            flat(way(tmp_path / "f.tar", bytes(damaged), errors.append))
        if not errors:
            silent += 1
            assert position % 512 in (148, 154, 155)

    assert silent < 10


def test_zeros_in_the_middle_hide_nothing(read: Blocks) -> None:
    content = tar(samples(4))
    spliced = content[:2048] + bytes(1024) + content[2048:]

    with pytest.raises(ShardError, match="goes on after its end-of-archive marker"):
        flat(read(spliced))


def test_a_payload_that_looks_like_a_tar_is_left_alone(read: Blocks) -> None:
    inner = tar(samples(30))
    members = [(f"{i}.msgpack", inner) for i in range(10, 40)]

    assert flat(read(tar(members))) == keyed(members)


def test_reading_can_begin_anywhere(read: Blocks) -> None:
    members = samples(50)

    for start in (0, 1, 20, 49, 50):
        blocks = list(read(tar(members), start=start))
        assert flat(blocks) == keyed(members)[start:]
        if blocks:
            assert blocks[0].start == start


def test_blocks_count_through_the_shard(read: Blocks) -> None:
    at = 0
    for block in read(tar(samples(200))):
        assert block.start == at
        assert block.shard.endswith("x.tar")
        at += len(block)

    assert at == 200


def test_control_characters_of_a_name_never_reach_a_message(read: Blocks) -> None:
    with pytest.raises(MalformedSampleError) as caught:
        flat(read(tar([("k\x1b[31m\x07.jpg", b"")])))

    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 700


def test_a_long_name_of_a_shard_is_cut_in_front() -> None:
    error = ShardError("is empty", shard="/folder" * 100 + "/last.tar")

    assert "last.tar" in str(error)
    assert len(str(error)) < 400


def test_errors_survive_being_sent_to_another_process() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(MalformedSampleError("no", shard="a.tar", key="k")))

    assert (type(error), error.shard, error.key) == (MalformedSampleError, "a.tar", "k")
    assert "a.tar" in str(error)


names = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=150),
    st.from_regex(r"[a-c]{1,2}(\.msgpack|\.json|)", fullmatch=True),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(names, st.binary(max_size=1200)), max_size=12), st.sampled_from(sorted(FORMATS)), st.data())
def test_all_ways_of_reading_agree_on_any_archive(
    tmp_path: Path, members: list[tuple[str, bytes]], format: str, data: st.DataObject
) -> None:
    try:
        content = bytearray(tar(members, format=FORMATS[format]))
    except (ValueError, UnicodeError):
        return  # a name that the format has no room for
    for _ in range(data.draw(st.integers(0, 2))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    del content[data.draw(st.sampled_from([len(content), len(content) * 2 // 3])) :]
    results = []
    for way in WAYS.values():
        errors: list[Exception] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("warnings.warn", lambda *_, **__: None)
            found = flat(way(tmp_path / "h.tar", bytes(content), errors.append))
        assert all(isinstance(error, ShardError) for error in errors)
        results.append((found, sorted(str(error) for error in errors)))
        os.unlink(tmp_path / "h.tar") if (tmp_path / "h.tar").exists() else None

    assert results[0] == results[1] == results[2]
