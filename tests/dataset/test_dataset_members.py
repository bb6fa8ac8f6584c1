"""Ordinary WebDataset shards as typed datasets: every way of reading that packed shards have."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata


@atdata.packable
class Photo:
    image: bytes
    label: int
    caption: str
    box: NDArray[np.float32]
    note: str | None = None


@atdata.packable
class Caption:
    caption: str


MEMBERS = {"image": "jpg", "label": "cls", "caption": "json#/caption", "box": "json#/at/box", "note": "txt"}
COUNT = 90
SHARD = 30


def members(i: int) -> list[tuple[str, bytes]]:
    about = {"caption": f"photo {i}", "at": {"box": [i, 0.5]}}
    found = [(f"d/{i:05d}.jpg", b"\xff\xd8\xff" + bytes([i]) * (100 + i)), (f"d/{i:05d}.cls", b"%d" % (i % 7))]
    found.append((f"d/{i:05d}.json", json.dumps(about).encode()))
    return found + ([(f"d/{i:05d}.txt", b"note")] if i % 3 == 0 else [])


def tar(entries: Iterable[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def shards() -> dict[str, bytes]:
    return {
        f"p-{n}.tar": tar(m for i in range(SHARD * n, SHARD * n + SHARD) for m in members(i))
        for n in range(COUNT // SHARD)
    }


@pytest.fixture(params=["files", "streams", "compressed"])
def photos(request: pytest.FixtureRequest, tmp_path: Path, in_streams: Callable[..., Any]) -> atdata.Dataset[Photo]:
    found = shards()
    if request.param == "streams":
        return atdata.Dataset[Photo](in_streams(found), members=MEMBERS)
    for name, content in found.items():
        (tmp_path / name).write_bytes(content if request.param == "files" else gzip.compress(content, 1))
    return atdata.Dataset[Photo](str(tmp_path / "p-{0..2}.tar"), members=MEMBERS)


@pytest.fixture
def local(tmp_path: Path) -> atdata.Dataset[Photo]:
    for name, content in shards().items():
        (tmp_path / name).write_bytes(content)
    return atdata.Dataset[Photo](str(tmp_path / "p-{0..2}.tar"), members=MEMBERS)


def numbers(samples: Iterable[Any]) -> list[int]:
    return [int(sample.box[0]) for sample in samples]


def test_each_field_comes_from_its_member(photos: atdata.Dataset[Photo]) -> None:
    first, second = photos.head(2)

    assert first == Photo(
        image=b"\xff\xd8\xff" + bytes(100), label=0, caption="photo 0", box=np.float32([0, 0.5]), note="note"
    )
    assert (second.label, second.note, second.box.dtype) == (1, None, np.float32)
    assert numbers(photos) == list(range(COUNT))


def test_batches_stack_arrays_and_list_the_rest(photos: atdata.Dataset[Photo]) -> None:
    batches = list(photos.ordered(batch_size=32))

    assert [len(batch) for batch in batches] == [32, 32, 26]
    assert batches[1].box.shape == (32, 2)  # type: ignore[attr-defined]  # a hand-written class has no typed batch
    assert batches[2].label == [i % 7 for i in range(64, 90)]  # type: ignore[attr-defined]
    assert batches[0].image[31] == b"\xff\xd8\xff" + bytes([31]) * 131  # type: ignore[attr-defined]
    assert numbers(batches[0]) == list(range(32))


def test_a_shuffle_gives_every_sample_once_and_goes_on_where_it_stopped(photos: atdata.Dataset[Photo]) -> None:
    photos.set_epoch(4)
    whole = [numbers(batch) for batch in photos.shuffled(batch_size=8, seed=3, buffer_samples=40)]
    assert sorted(n for batch in whole for n in batch) == list(range(COUNT))
    assert whole[0] != list(range(8))

    photos.set_epoch(4)
    passes = photos.shuffled(batch_size=8, seed=3, buffer_samples=40)
    begun = iter(passes)
    for _ in range(5):
        next(begun)
    again = photos.shuffled(batch_size=8, seed=3, buffer_samples=40)
    again.load_state_dict(passes.state_dict())

    assert [numbers(batch) for batch in again] == whole[5:]


def test_files_have_a_length_and_numbers(local: atdata.Dataset[Photo]) -> None:
    assert len(local) == COUNT
    assert local[-1].caption == "photo 89"
    assert numbers(local[28:34:2]) == [28, 30, 32]
    assert numbers(local.select([70, 3])) == [70, 3]
    assert numbers(pickle.loads(pickle.dumps(local))[5:7]) == [5, 6]


def test_lenses_and_filters_see_the_samples(photos: atdata.Dataset[Photo]) -> None:
    assert [s.caption for s in photos.as_type(Caption).head(2)] == ["photo 0", "photo 1"]
    assert numbers(photos.filter(lambda photo: photo.label == 6)) == list(range(6, COUNT, 7))


@atdata.lens
def caption_of(photo: Photo) -> Caption:
    return Caption(caption=photo.caption)


def damaged() -> bytes:
    entries = [m for i in range(9) for m in members(i)]
    wrong = {"d/00002.cls": b"two", "d/00004.json": b"{", "d/00006.json": b'{"caption": 5, "at": {"box": [1, 2]}}'}
    return tar((name, wrong.get(name, data)) for name, data in entries if name != "d/00007.jpg")


@pytest.mark.parametrize("batch_size", [None, 4])
def test_what_cannot_be_read_is_named_or_skipped(tmp_path: Path, batch_size: int | None) -> None:
    (tmp_path / "x.tar").write_bytes(damaged())
    found: list[Exception] = []
    some = atdata.Dataset[Photo](str(tmp_path / "x.tar"), on_error=found.append, members=MEMBERS)

    kept = [
        i
        for item in some.ordered(batch_size=batch_size)
        for i in (numbers([item]) if batch_size is None else numbers(item))
    ]  # type: ignore[arg-type, call-overload]

    assert kept == [0, 1, 3, 5, 8]
    texts = [str(error) for error in found]
    assert all("x.tar" in text for text in texts)
    assert "sample d/00002: Photo.label: member .cls is not an integer: b'two'" in texts[0]
    assert "sample d/00004: Photo.caption: member .json is not JSON" in texts[1]
    assert "sample d/00006: Photo.caption: a str expected" in texts[2]
    assert "sample d/00007: Photo.image is missing" in texts[3]
    with pytest.raises(atdata.DecodeError, match="d/00002"):
        list(atdata.Dataset[Photo](str(tmp_path / "x.tar"), members=MEMBERS).ordered(batch_size=batch_size))  # type: ignore[call-overload]


@pytest.mark.parametrize("way", ["files", "streams"])
def test_a_shard_that_breaks_off_gives_what_is_whole(tmp_path: Path, in_streams: Callable[..., Any], way: str) -> None:
    whole = shards()["p-0.tar"]
    cut = whole[: whole.index(b"d/00020.json") + 100]
    (tmp_path / "x.tar").write_bytes(cut)
    source = str(tmp_path / "x.tar") if way == "files" else in_streams({"x.tar": cut})
    some = atdata.Dataset[Photo](source, on_error="skip", members=MEMBERS)

    with pytest.warns(atdata.ShardWarning, match="cut off"):
        assert numbers(some) == list(range(20))


def test_the_class_of_a_drafted_schema_knows_its_members(tmp_path: Path) -> None:
    (tmp_path / "p.tar").write_bytes(shards()["p-0.tar"])
    document = atdata.infer_schema(tmp_path / "p.tar", name="Drafted")
    drafted: Any = atdata.decode_schema(document)

    samples = atdata.Dataset[drafted](str(tmp_path / "p.tar")).head(2)

    assert document["metadata"]["members"]["caption"] == "json#/caption"
    assert (samples[1].caption, samples[1].label, samples[1].text) == ("photo 1", 1, None)


def test_the_class_of_a_drafted_schema_reads_packed_shards_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "p.tar").write_bytes(shards()["p-0.tar"])
    drafted: Any = atdata.decode_schema(atdata.infer_schema(tmp_path / "p.tar", name="Drafted"))
    atdata.write(atdata.Dataset[drafted](str(tmp_path / "p.tar")), tmp_path / "packed.tar")

    again = atdata.Dataset[drafted](str(tmp_path / "packed.tar"))

    assert [s.caption for s in again[3:5]] == ["photo 3", "photo 4"]


@pytest.mark.parametrize("way", ["files", "streams"])
def test_without_a_type_the_fields_are_drafted(tmp_path: Path, in_streams: Callable[..., Any], way: str) -> None:
    (tmp_path / "p-train.tar").write_bytes(shards()["p-0.tar"])
    if way == "files":
        found = atdata.load_dataset(tmp_path, split="train")
    else:
        found = atdata.Dataset[atdata.DictSample](in_streams(shards()))

    first = found.head(1)[0]

    assert first.to_dict() == {
        "image": b"\xff\xd8\xff" + bytes(100), "label": 0, "caption": "photo 0", "at_box": [0, 0.5], "text": "note",
    }  # fmt: skip
    batch = next(iter(found.ordered(batch_size=4)))
    assert batch.label == [0, 1, 2, 3]  # type: ignore[attr-defined]


def test_load_dataset_takes_the_mapping_too(tmp_path: Path) -> None:
    (tmp_path / "p-train.tar").write_bytes(shards()["p-0.tar"])

    assert numbers(atdata.load_dataset(tmp_path, Photo, split="train", members=MEMBERS).head(3)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({**MEMBERS, "size": "txt"}, "'size', which is no field of Photo"),
        ({"image": "jpg"}, r"does not say where Photo\.label is read"),
        ({**MEMBERS, "image": "a/b"}, "an extension is wanted"),
        ({**MEMBERS, "image": 3}, "an extension is wanted"),
        ({}, "says for each field where it is read"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_at_once(mapping: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        atdata.Dataset[Photo]("p.tar", members=mapping)


def test_typed_shards_without_a_mapping_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "p.tar").write_bytes(shards()["p-0.tar"])

    with pytest.raises(RuntimeError, match=r"Malformed sample: .*members="):
        list(atdata.Dataset[Photo](str(tmp_path / "p.tar")))


def test_raw_samples_are_wrapped_by_the_mapping(local: atdata.Dataset[Photo]) -> None:
    raw = {"__key__": "a", "jpg": b"j", "cls": b"3", "json": b'{"caption": "c", "at": {"box": [1]}}'}

    assert local.wrap(raw).caption == "c"


def test_hostile_extensions_cost_no_memory(tmp_path: Path) -> None:
    entries = [m for i in range(2000) for m in ((f"{i:05d}.x{i}", b"x"), (f"{i:05d}.cls", b"1"))]
    (tmp_path / "h.tar").write_bytes(tar(entries))

    @atdata.packable
    class Label:
        label: int

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = atdata.Dataset[Label](str(tmp_path / "h.tar"), members={"label": "cls"})
        assert len(found) == 2000
        assert sum(batch.label.count(1) for batch in found.ordered(batch_size=100)) == 2000  # type: ignore[attr-defined]


def test_a_store_writes_mapped_shards_anew(local: atdata.Dataset[Photo], tmp_path: Path) -> None:
    from atdata.local import DiskDataStore, Index

    index = Index(path=tmp_path / "team.db", data_store=DiskDataStore(tmp_path / "store"))
    entry = index.insert_dataset(local, name="photos")

    found: Any = atdata.load_dataset("@local/photos", Photo, split="train", index=index)
    assert [photo.caption for photo in found.head(2)] == ["photo 0", "photo 1"]
    assert len(entry.data_urls) >= 1


def test_an_index_without_a_store_does_not_enter_shards_that_need_a_mapping(
    local: atdata.Dataset[Photo], tmp_path: Path
) -> None:
    from atdata.local import Index

    with pytest.raises(ValueError, match="view"):
        Index(path=tmp_path / "team.db").insert_dataset(local, name="photos")
