"""Writing shards: what is in them, who can read them, and what is refused."""

from __future__ import annotations

import gc
import hashlib
import json
import subprocess
import tarfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import (
    DictSample,
    EncodeError,
    InvalidSampleError,
    KeyClashError,
    Range,
    Shape,
    ShardWarning,
    ShardWriter,
    write,
)
from atdata._shards.errors import handler
from atdata._shards.local import open_shard
from atdata._writing.manifest import ManifestError, read_manifest


@atdata.packable
class Word:
    text: str
    number: int = 0


@atdata.packable
class Image:
    pixels: Annotated[NDArray[np.uint8], Shape("h w 3")]
    label: str
    mask: Annotated[NDArray[np.uint8], Shape("h w")] | None = None


@atdata.packable
class Bounded:
    score: Annotated[float, Range(0, 1)]


def words(count: int) -> list[Any]:
    return [Word(text=f"w{i}", number=i) for i in range(count)]


def read(path: str | Path, kind: Any) -> dict[str, Any]:
    found = {}
    for block in open_shard(path).blocks(handler("raise")):
        found.update({block.key(i): kind.from_bytes(bytes(block.payload(i))) for i in range(len(block))})
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    with ShardWriter[Word](tmp_path / "words.tar") as writer:
        for word in words(5):
            writer.write(word)

    assert read(tmp_path / "words.tar", Word) == {f"{i:09d}": word for i, word in enumerate(words(5))}
    assert open_shard(tmp_path / "words.tar").indexed


def test_write_takes_samples_or_dictionaries(tmp_path: Path) -> None:
    write(words(3), tmp_path / "a.tar")
    write(({"text": f"w{i}", "number": i} for i in range(3)), tmp_path / "b.tar", sample_type=Word)

    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_dictionaries_without_a_class_become_dict_samples(tmp_path: Path) -> None:
    write([{"text": "a", "data": np.arange(3)}], tmp_path / "a.tar")

    (found,) = read(tmp_path / "a.tar", DictSample).values()
    assert found.text == "a"


def test_a_batch_is_written_sample_by_sample(tmp_path: Path) -> None:
    assert write(atdata.SampleBatch[Word](words(4)), tmp_path / "a.tar").count == 4


@pytest.mark.parametrize("size", [10, 40, 300])
def test_large_arrays_are_written_as_packing_would(tmp_path: Path, size: int) -> None:
    rng = np.random.default_rng(1)
    images = [
        Image(
            pixels=rng.integers(0, 255, (size, size, 3), dtype=np.uint8),
            label=f"i{i}",
            mask=None if i % 2 else rng.integers(0, 255, (size, size), dtype=np.uint8),
        )
        for i in range(4)
    ]
    write(images, tmp_path / "a.tar")

    block = open_shard(tmp_path / "a.tar").block
    assert [bytes(block.payload(i)) for i in range(4)] == [image.packed for image in images]


@pytest.mark.parametrize(
    "array",
    [
        np.arange(40_000)[::2],
        np.asfortranarray(np.arange(40_000).reshape(200, 200)),
        np.arange(30_000).astype(">i4"),
        np.arange(30_000).astype("datetime64[s]"),
        np.zeros((0, 5)),
        np.zeros(20_000, [("a", "f4"), ("b", "i2")]),
    ],
    ids=["strided", "fortran", "big endian", "datetime", "empty", "structured"],
)
def test_arrays_of_all_kinds_are_written_as_packing_would(tmp_path: Path, array: Any) -> None:
    @atdata.packable
    class Any_:
        data: NDArray[Any]
        after: int

    sample = Any_(data=array, after=3)
    write([sample], tmp_path / "a.tar")

    assert bytes(open_shard(tmp_path / "a.tar").block.payload(0)) == sample.packed


def test_a_class_that_packs_in_its_own_way_is_asked_to(tmp_path: Path) -> None:
    @dataclass
    class Own(atdata.PackableSample):
        pixels: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(100_000, np.uint8))

        @property
        def packed(self) -> bytes:
            return b"\x80"

    write([Own()], tmp_path / "a.tar")

    assert bytes(open_shard(tmp_path / "a.tar").block.payload(0)) == b"\x80"


def test_an_array_may_change_once_it_is_written(tmp_path: Path) -> None:
    pixels = np.zeros((300, 300, 3), np.uint8)
    with ShardWriter[Image](tmp_path / "a.tar") as writer:
        for i in range(3):
            pixels[:] = i
            writer.write(Image(pixels=pixels, label=""))

    assert [int(image.pixels.max()) for image in read(tmp_path / "a.tar", Image).values()] == [0, 1, 2]


def test_shards_begin_anew_after_so_many_samples(tmp_path: Path) -> None:
    written = write(words(7), tmp_path / "w-%03d.tar", maxcount=3)

    assert [(shard.name, shard.count) for shard in written.shards] == [
        ("w-000.tar", 3),
        ("w-001.tar", 3),
        ("w-002.tar", 1),
    ]
    assert [list(read(path, Word)) for path in written.paths][1] == ["000000003", "000000004", "000000005"]


def test_shards_stay_below_so_many_bytes(tmp_path: Path) -> None:
    written = write(words(200), tmp_path / "w-%03d.tar", maxsize=40_000)

    assert len(written.shards) > 3
    assert all(shard.size <= 40_000 for shard in written.shards)
    assert written.count == 200


def test_a_full_last_shard_is_not_followed_by_an_empty_one(tmp_path: Path) -> None:
    assert [shard.count for shard in write(words(6), tmp_path / "w-%d.tar", maxcount=3).shards] == [3, 3]


def test_writing_nothing_leaves_one_empty_shard(tmp_path: Path) -> None:
    written = write([], tmp_path / "w-%03d.tar", sample_type=Word)

    assert [(shard.name, shard.count) for shard in written.shards] == [("w-000.tar", 0)]
    assert read(written.paths[0], Word) == {}
    assert open_shard(written.paths[0]).indexed


def test_the_manifest_says_what_there_is(tmp_path: Path) -> None:
    written = write(words(5), tmp_path / "w-%03d.tar", maxcount=3)

    data = json.loads((tmp_path / "w-manifest.json").read_bytes())
    assert (data["manifest"], data["sampleType"], data["count"]) == (1, "Word", 5)
    for entry in data["shards"]:
        raw = (tmp_path / entry["name"]).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(raw), hashlib.sha256(raw).hexdigest())
    assert read_manifest(str(tmp_path / "w-manifest.json")) == written


def test_sums_and_manifest_can_be_left_out(tmp_path: Path) -> None:
    written = write(words(5), tmp_path / "w.tar", checksum=False, manifest=False)

    assert written.shards[0].sha256 is None
    assert [path.name for path in tmp_path.iterdir()] == ["w.tar"]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"manifest": 2, "shards": []}',
        '{"manifest": 1, "shards": [{"name": "../x", "count": 1, "size": 1}]}',
        '{"manifest": 1, "shards": [{"name": "x", "count": -1, "size": 1}]}',
        '{"manifest": 1, "shards": [{"name": "x", "count": 1, "size": 1, "sha256": "zz"}]}',
        '{"manifest": 1, "shards": [5]}',
        "[" * 100_000,
    ],
)
def test_a_manifest_of_a_stranger_is_checked(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.json").write_text(text)

    with pytest.raises(ManifestError, match=r"m\.json"):
        read_manifest(str(tmp_path / "m.json"))


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    write(words(5), tmp_path / "a.tar")
    write(words(5), tmp_path / "b.tar")

    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_webdataset_reads_it_without_the_index(tmp_path: Path) -> None:
    import webdataset

    write(words(5), tmp_path / "a.tar")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its file to the garbage collector
        found = list(webdataset.WebDataset(str(tmp_path / "a.tar"), shardshuffle=False))
        gc.collect()
    assert [(sample["__key__"], Word.from_bytes(sample["msgpack"]).number) for sample in found] == [
        (f"{i:09d}", i) for i in range(5)
    ]


def test_gnu_tar_lists_and_unpacks_it_without_a_word(tmp_path: Path) -> None:
    write(words(3), tmp_path / "a.tar", keys=["x", "folder/y", "z" * 150])
    out = tmp_path / "out"
    out.mkdir()

    done = subprocess.run(["tar", "-xvf", "../a.tar"], cwd=out, capture_output=True, text=True, check=True)

    assert done.stderr == ""
    assert done.stdout.split() == ["x.msgpack", "folder/y.msgpack", "z" * 150 + ".msgpack"]
    assert (out / "folder" / "y.msgpack").read_bytes() == words(2)[1].packed


def test_pythons_tarfile_agrees_about_every_member(tmp_path: Path) -> None:
    write(words(30), tmp_path / "a.tar")
    block = open_shard(tmp_path / "a.tar").block

    with tarfile.open(tmp_path / "a.tar") as archive:
        members = archive.getmembers()
    assert [member.name for member in members[-1:]] == ["__index__"]
    assert [member.offset_data for member in members[:-1]] == block.offsets.tolist()
    assert [member.size for member in members[:-1]] == block.sizes.tolist()


def test_keys_may_be_given(tmp_path: Path) -> None:
    keys = ["a", "b/ä", "k" * 99, "k" * 92, "k" * 91, "雪" * 40]
    write(words(6), tmp_path / "a.tar", keys=keys)

    assert list(read(tmp_path / "a.tar", Word)) == keys


@pytest.mark.parametrize(
    "key", ["", "a.b", "/a", "a\0b", "a\nb", "folder/", "x" * 5000, "\ud800", 5, "__x__/a", "d/.hidden"]
)
def test_a_key_that_readers_would_not_give_back_is_refused(tmp_path: Path, key: Any) -> None:
    with ShardWriter[Word](tmp_path / "a.tar") as writer:
        with pytest.raises(KeyClashError):
            writer.write(Word(text=""), key)
        writer.write(Word(text="fine"), "fine")

    assert list(read(tmp_path / "a.tar", Word)) == ["fine"]


@pytest.mark.parametrize("first", [None, "000000001"])
def test_a_key_that_was_used_is_refused(tmp_path: Path, first: str | None) -> None:
    with ShardWriter[Word](tmp_path / "a.tar") as writer:
        writer.write(Word(text="0"))
        writer.write(Word(text="1"), first)
        with pytest.raises(KeyClashError, match="used before"):
            writer.write(Word(text="2"), "000000001")


def test_fewer_keys_than_samples_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the keys end after 2"):
        write(words(3), tmp_path / "a.tar", keys=["a", "b"])

    assert not (tmp_path / "a.tar").exists()


def test_samples_are_checked_against_their_class(tmp_path: Path) -> None:
    good = Image(pixels=np.zeros((4, 5, 3), np.uint8), label="")
    wrong = [
        Image(pixels=np.zeros((4, 5, 3), np.float32), label=""),
        Image(pixels=np.zeros((4, 5), np.uint8), label=""),
        Image(pixels=np.zeros((4, 5, 3), np.uint8), label="", mask=np.zeros((5, 4), np.uint8)),
        Image(pixels=None, label=""),  # type: ignore[arg-type]
    ]
    with ShardWriter[Image](tmp_path / "a.tar") as writer:
        for sample in wrong:
            writer.write(good)
            writer.write(good)
            with pytest.raises(InvalidSampleError, match=r"Image: (pixels|mask)"):
                writer.write(sample)

    assert len(read(tmp_path / "a.tar", Image)) == 8


def test_bounds_are_checked_each_time(tmp_path: Path) -> None:
    with ShardWriter[Bounded](tmp_path / "a.tar") as writer:
        writer.write(Bounded(score=0.5))
        with pytest.raises(InvalidSampleError, match=r"score: 2\.0 is above"):
            writer.write(Bounded(score=2.0))


def test_checks_can_be_left_out(tmp_path: Path) -> None:
    write([Bounded(score=2.0)], tmp_path / "a.tar", check=False)
    write([Image(pixels=np.zeros(2), label="")], tmp_path / "b.tar", check=False)  # type: ignore[arg-type]


def test_types_are_checked_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match=r"Word\.text"):
        write([Word(text=5)], tmp_path / "a.tar", check=False)  # type: ignore[arg-type]


def test_samples_of_another_class_are_refused(tmp_path: Path) -> None:
    with ShardWriter[Word](tmp_path / "a.tar") as writer:
        with pytest.raises(EncodeError, match="a Word is needed"):
            writer.write(Bounded(score=0.5))  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="number_of_words"):
            writer.write({"text": "", "number_of_words": 3})
    with pytest.raises(EncodeError, match="packable"):
        write([5], tmp_path / "b.tar")
    with pytest.raises(TypeError, match="in a list"):
        write({"text": ""}, tmp_path / "b.tar")


def test_the_first_sample_decides_where_no_class_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match="a Word is needed"):
        write([Word(text=""), Bounded(score=0.5)], tmp_path / "a.tar")


def test_appending_adds_shards(tmp_path: Path) -> None:
    pattern = tmp_path / "w-%03d.tar"
    write(words(4), pattern, maxcount=3)
    before = (tmp_path / "w-000.tar").read_bytes()

    written = write(words(2), pattern, append=True)

    assert [(shard.name, shard.count) for shard in written.shards] == [
        ("w-000.tar", 3),
        ("w-001.tar", 1),
        ("w-002.tar", 2),
    ]
    assert (tmp_path / "w-000.tar").read_bytes() == before
    assert list(read(tmp_path / "w-002.tar", Word)) == ["000000004", "000000005"]


def test_appending_to_nothing_begins(tmp_path: Path) -> None:
    assert write(words(2), tmp_path / "w-%03d.tar", append=True).count == 2


def test_appending_without_a_manifest_is_refused(tmp_path: Path) -> None:
    write(words(2), tmp_path / "w-%03d.tar", manifest=False)

    with pytest.raises(ValueError, match=r"w-manifest\.json' is missing"):
        write(words(2), tmp_path / "w-%03d.tar", append=True)


def test_shards_left_from_a_longer_dataset_are_warned_of(tmp_path: Path) -> None:
    write(words(9), tmp_path / "w-%03d.tar", maxcount=2)

    with pytest.warns(ShardWarning, match=r"3 shards of an earlier dataset.*w-002\.tar"):
        write(words(4), tmp_path / "w-%03d.tar", maxcount=2)


@pytest.mark.parametrize(
    ("path", "options", "match"),
    [
        ("a.tar", {"maxcount": 5}, "number in it"),
        ("a.tar", {"append": True}, "number in it"),
        ("a-%d-%d.tar", {}, "one number"),
        ("a-%d.tar", {"maxcount": 0}, "at least 1"),
        ("a-%d.tar", {"maxsize": -1}, "at least 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(path: str, options: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        ShardWriter(path, **options)


def test_percent_signs_elsewhere_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "50%d").mkdir()

    assert write(words(1), tmp_path / "50%d" / "100%.tar").paths == [str(tmp_path / "50%d" / "100%.tar")]


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    writer = ShardWriter[Word](tmp_path / "a.tar")
    writer.write(Word(text=""))
    writer.close()
    writer.close()

    with pytest.raises(ValueError, match="is closed"):
        writer.write(Word(text=""))


def test_batches_are_written_as_their_samples(tmp_path: Path) -> None:
    atdata.write([{"n": i} for i in range(25)], tmp_path / "a.tar")
    first = atdata.Dataset[atdata.DictSample](str(tmp_path / "a.tar"))

    again = atdata.write(first.ordered(batch_size=10), tmp_path / "b.tar")

    assert again.count == 25
    assert [s.n for s in atdata.Dataset[atdata.DictSample](str(tmp_path / "b.tar"))] == list(range(25))


def test_dictionaries_are_written_by_a_schema_document(tmp_path: Path) -> None:
    kind = {"$type": "ac.foundation.dataset.schemaType#primitive", "primitive": "int"}
    document = {
        "$type": "ac.foundation.dataset.sampleSchema",
        "name": "Count",
        "version": "1.0.0",
        "fields": [{"name": "n", "fieldType": kind}],
    }
    assert atdata.write([{"n": 1}, {"n": 2}], tmp_path / "a.tar", sample_type=document).sample_type == "Count"

    with pytest.raises(atdata.AtdataError, match="n"):
        atdata.write([{"n": "one"}], tmp_path / "b.tar", sample_type=document)
    assert not (tmp_path / "b.tar").exists()
