"""Slips of people who are new here: each is answered by what to do instead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata import AtdataError, DictSample, ShardWriter, write


@atdata.packable
class Captioned:
    label: int
    caption: str


@atdata.packable
class Photo:
    image: NDArray[np.uint8]
    label: str
    confidence: float | None = None
    mask: NDArray[np.bool_] | None = None


class Unopened:
    def list_shards(self) -> list[str]:
        return ["a.tar"]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    write([Photo(image=np.zeros((4, 5), np.uint8), label=f"photo {i}") for i in range(6)], "photos.tar")
    return atdata.Dataset[Photo]("photos.tar")


@pytest.mark.parametrize(
    ("call", "kind", "answer"),
    [
        (lambda photos: photos.ordered(batchsize=2), TypeError, "did you mean 'batch_size'"),
        (lambda photos: photos.shuffled(buffer_size=2), TypeError, "did you mean 'buffer_samples'"),
        (lambda photos: photos.ordered(seed=2), TypeError, r"one of shuffled\(\)"),
        (lambda photos: photos.ordered(batch_size=4, drop_last=True), TypeError, 'even="drop"'),
        (lambda photos: photos.ordered(batch_size=4, num_workers=2), TypeError, "DataLoader"),
        (lambda photos: photos.ordered(shuffle=True), TypeError, r"shuffled\(\) shuffles"),
        (lambda photos: photos.ordered(nonsense=True), TypeError, "there are batch_size, rank"),
        (lambda photos: photos.shuffled(seed="7"), TypeError, "seed is a whole number, not '7'"),
        (lambda photos: photos.ordered(world_size="2"), TypeError, "world_size is a whole number"),
        (lambda photos: photos.head("3"), TypeError, "a number of samples, not '3'"),
        (lambda photos: photos[[1, 2]], TypeError, r"dataset\.select"),
        (lambda photos: photos.as_type("Photo"), TypeError, "a sample class, not 'Photo'"),
        (lambda photos: photos.map("label"), TypeError, "a function of one sample, not 'label'"),
        (lambda photos: photos.filter(None), TypeError, "a function of one sample, not None"),
        (lambda photos: atdata.mix(photos, photos), TypeError, r"mix\(\[first, second\]"),
        (lambda photos: write([], "photos.txt"), ValueError, r"'photos\.txt': shards are plain tar .*'photos\.tar'"),
        (lambda photos: write([], "d/a-%06d.tar.gz"), ValueError, r"plain tar files, and called so: 'd/a-%06d\.tar'"),
        (lambda photos: ShardWriter[Photo]("photos"), ValueError, r"called so: 'photos\.tar'"),
        (lambda photos: atdata.load_dataset("phtos/"), FileNotFoundError, "no such file or folder in"),
        (lambda photos: DictSample(label="cat")["lable"], KeyError, "no field 'lable'; it has: label"),
        (lambda photos: atdata.mix([photos, "photos.tar"]), TypeError, "one of them is 'photos.tar'"),
        (lambda photos: atdata.mix([photos, photos], weights=[1, 0]), ValueError, "not 0; leave out a dataset"),
        (lambda photos: next(iter(photos.ordered(batch_size=2)))["lable"], KeyError, "it has image, label"),
        (lambda photos: next(iter(photos.ordered(batch_size=2))).decoded_column("lable"), KeyError, "it has image"),
        (lambda photos: atdata.S3Source.from_credentials(".env", "b", ["k"]), TypeError, "a dictionary with AWS_"),
        (lambda photos: atdata.Dataset[Photo](Unopened()), ValueError, "has no open_shard"),
        (lambda photos: atdata.Dataset[Photo]([]), ValueError, "the list of addresses is empty"),
        (
            lambda photos: photos.as_type(Captioned),
            ValueError,
            "to agree: label is str in Photo and int in Captioned; Photo has no caption",
        ),
        (
            lambda photos: photos.to_parquet("p.parquet") and atdata.Dataset[Photo]("p.parquet").head(),
            ValueError,
            r"import_parquet\(\) makes shards of it",
        ),
        (lambda photos: photos.ordered().load_state_dict({}), ValueError, "to begin anew load none"),
        (lambda photos: photos.load_state_dict({"step": 3}), ValueError, "it has no position"),
        (lambda photos: photos.to_arrow(columns=["lable"]), KeyError, "there are 'image', 'label'"),
        (lambda photos: photos.to_parquet("out.parquet", level=3), TypeError, "one of the options 'level'"),
        (lambda photos: write([{"label": "a"}], "out.tar", sample_type=Photo), ValueError, "Photo: 'image' is missing"),
        (
            lambda photos: write([{"image": 1, "label": "a", "tag": "b"}], "out.tar", sample_type=Photo),
            ValueError,
            "'tag'",
        ),
        (lambda photos: write(photos, "out-%d.tar", maxsize="1GB"), TypeError, "a number of bytes, as 500e6"),
        (
            lambda photos: write(photos, "out.tar", keys=["a"]),
            ValueError,
            "more samples than keys: the keys end after 1",
        ),
        (lambda photos: write([], "out.tar", keys=["a"]), ValueError, "more keys than samples"),
        (lambda photos: write(photos.head(1), "out.tar", keys=["../a"]), ValueError, "a meaning of its own"),
    ],
)
def test_a_slip_is_answered_by_what_to_do(
    photos: Any, call: Callable[[Any], Any], kind: type[Exception], answer: str
) -> None:
    with pytest.raises(kind, match=answer):
        call(photos)


def test_a_slip_in_what_torch_is_to_decode_is_answered_by_what_to_do(photos: Any) -> None:
    pytest.importorskip("torch", reason="torch is not installed; it is the extra atdata[torch]")
    with pytest.raises(KeyError, match="no field 'imgae'; there are 'image', 'label'"):
        photos.torch(decode=["imgae"])
    with pytest.raises(TypeError, match=r"write \['image'\]"):
        photos.torch_map(decode="image")


def test_a_folder_instead_of_a_shard_names_its_shards(photos: Any) -> None:
    with pytest.raises(IsADirectoryError, match=r"'\.' is a folder; name its shards, as '\./\*\.tar'") as found:
        atdata.Dataset[Photo](".").head()

    assert isinstance(found.value, AtdataError)


@pytest.mark.parametrize("path", [".", "new/"])
def test_a_folder_to_write_to_is_refused_and_left_alone(photos: Any, path: str) -> None:
    with pytest.raises(ValueError, match=r"is a folder; name a file in it, or many: .*data-%06d\.tar"):
        write(photos.head(), path)

    assert not Path("new").exists()


def test_a_folder_to_export_to_is_refused_before_anything_is_read(photos: Any) -> None:
    with pytest.raises(IsADirectoryError, match="is a folder; name a file in it"):
        atdata.Dataset[Photo]("missing.tar").to_parquet(".")


def test_braces_are_no_pattern_to_write(photos: Any) -> None:
    with pytest.raises(ValueError, match=r"give the number: data-%06d\.tar"):
        write(photos.head(), "more-{000..009}.tar")


@pytest.mark.parametrize("single", [Photo(image=np.zeros(3, np.uint8), label="cat"), DictSample(label="cat")])
def test_a_single_sample_is_written_in_a_list(photos: Any, single: Any) -> None:
    with pytest.raises(TypeError, match="put a single one in a list"):
        write(single, "single.tar")

    assert not Path("single.tar").exists()


def test_a_notebook_shows_the_types_that_the_class_declares(photos: Any) -> None:
    page = photos._repr_html_()

    assert "<td>confidence</td><td>float | None</td>" in page
    assert "<td>image</td><td>uint8 (4, 5)</td>" in page
    assert "<td>mask</td><td>array | None</td>" in page
    assert "<div>1 shard</div>" in page


def test_a_notebook_says_which_arrays_lie_in_samples_without_a_class(photos: Any) -> None:
    page = atdata.load_dataset("photos.tar", split="train")._repr_html_()

    assert "<td>image</td><td>packed array, uint8 (4, 5)</td>" in page


def test_what_was_written_and_who_writes_are_shown_in_one_line(photos: Any) -> None:
    with ShardWriter[Photo]("out/many-%02d.tar", maxcount=1) as writer:
        writer.write_all(photos)

    assert repr(writer.manifest) == ("<Manifest: 6 x Photo in 6 shards: 'out/many-00.tar', ..., 'out/many-05.tar'>")
    assert repr(writer) == "<ShardWriter[Photo] of 'out/many-%02d.tar': 6 samples, closed>"


def test_a_misspelt_column_is_answered_by_those_there_are(photos: Any) -> None:
    batch = next(iter(photos.ordered(batch_size=2)))

    with pytest.raises(AttributeError, match="no column 'imgae'; it has image, label, confidence, mask"):
        _ = batch.imgae


def test_what_a_function_makes_of_samples_is_what_batches_are_of(photos: Any) -> None:
    names = next(iter(photos.map(lambda photo: photo.label).ordered(batch_size=2)))
    untyped = next(iter(photos.map(lambda photo: DictSample(name=photo.label)).ordered(batch_size=2)))

    assert names == ["photo 0", "photo 1"]
    assert untyped.name == ["photo 0", "photo 1"]
    assert repr(untyped) == "<SampleBatch[DictSample] of 2 samples>"


@pytest.mark.parametrize(
    "wrong",
    [
        Photo(image=np.zeros(3, np.float32), label="cat"),  # type: ignore[arg-type]  # the slip
        Photo(image=[1, 2, 3], label="cat"),  # type: ignore[arg-type]
        {"imgae": np.zeros(3, np.uint8), "label": "cat"},
        "cat.jpg",
    ],
)
def test_a_sample_that_cannot_be_written_is_named_by_its_number(photos: Any, wrong: Any) -> None:
    with pytest.raises((AtdataError, TypeError)) as found:
        write([*photos.head(3), wrong], "wrong.tar", sample_type=Photo)

    assert found.value.__notes__ == ["It is sample 3 (counted from 0) of those for 'wrong.tar'."]


def test_a_sample_class_without_its_decorator_is_told_of_it() -> None:
    class Bare(atdata.PackableSample[Any]):
        label: str

    make: Any = Bare
    with pytest.raises(TypeError, match=r"Bare takes no arguments .* @atdata\.packable"):
        make(label="cat")


WITHOUT_EXTRAS = """
import sys
for name in ("torch", "torch.utils.data", "tqdm", "PIL", "PIL.Image", "soundfile"):
    sys.modules[name] = None
import atdata, numpy
from atdata import media

@atdata.packable
class Word:
    text: str

atdata.write([Word(text="a")], "words.tar")
words = atdata.Dataset[Word]("words.tar")
for call in (
    lambda: words.torch(batch_size=2),
    lambda: list(words.ordered(progress=True)),
    lambda: media.encode(numpy.zeros((2, 2, 3), numpy.uint8), "image/png"),
    lambda: media.encode(numpy.zeros(2, numpy.float32), "audio/wav"),
):
    try:
        call()
    except ImportError as error:
        assert isinstance(error, atdata.AtdataError), error
        print(error)
"""


def test_what_is_not_installed_is_named_with_its_command_and_an_error_of_ours(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    assert done.returncode == 0, done.stderr
    commands = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert commands == [f"pip install 'atdata[{extra}]'" for extra in ("torch", "progress", "media", "media")]


def damaged() -> Any:
    raw = bytearray(Path("photos.tar").read_bytes())
    raw[raw.index(b"photo 3") - 1] = 0xC1  # begins no value
    Path("damaged.tar").write_bytes(raw)
    return atdata.Dataset[Photo]("damaged.tar", on_error="skip")


def cut() -> Any:
    Path("cut.tar").write_bytes(Path("photos.tar").read_bytes()[:5000])
    return atdata.Dataset[Photo]("cut.tar", on_error="skip")


def overwrite() -> None:
    samples = [Photo(image=np.zeros((4, 5), np.uint8), label="a")] * 4
    write(samples, "p-%03d.tar", maxcount=1)
    write(samples, "p-%03d.tar", maxcount=4)


@pytest.mark.parametrize(
    "call",
    [
        lambda: list(damaged().ordered()),
        lambda: list(damaged().ordered(batch_size=2)),
        lambda: list(damaged().shuffled(mode="window")),
        lambda: list(cut()),
        lambda: len(cut()),
        overwrite,
    ],
)
@pytest.mark.usefixtures("photos")
def test_a_warning_points_at_the_line_of_the_user(call: Callable[[], Any]) -> None:
    with pytest.warns(atdata.ShardWarning) as seen:
        call()

    assert {warning.filename for warning in seen} == {__file__}


def test_a_dataset_shows_its_fields_in_one_line(photos: Any) -> None:
    assert repr(photos) == (
        "<Dataset[Photo]('photos.tar') of image: uint8 array, label: str, confidence: float | None, "
        "mask: bool array | None>"
    )
    assert repr(atdata.mix([photos, photos])).startswith("<mixture of 2 Dataset[Photo] of image: uint8 array")
    assert "label: str" not in repr(photos.map(lambda photo: photo.label))
    assert repr(photos.shuffled(batch_size=2, seed=0, even="drop")) == (
        "<Dataset[Photo].shuffled(batch_size=2, seed=0, even='drop')>"
    )


@pytest.mark.parametrize("call", [iter, lambda photos: photos.ordered(batch_size=2), lambda photos: photos[3:4]])
def test_an_error_in_a_function_of_the_user_says_for_which_sample(photos: Any, call: Callable[[Any], Any]) -> None:
    def third(photo: Photo) -> bool:
        return 1 / (photo.label != "photo 3") > 0

    with pytest.raises(ZeroDivisionError) as error:
        list(call(photos.map(third)))

    assert "map(third) was given the sample Photo(" in error.value.__notes__[0]
    assert "label='photo 3'" in error.value.__notes__[0]


def test_a_notebook_shows_whatever_a_function_makes_of_samples(photos: Any) -> None:
    assert "uint8 (4, 5)" in photos.map(lambda photo: photo.image)._repr_html_()
    assert "str" in photos.map(lambda photo: photo.label)._repr_html_()


def test_a_choice_of_literals_is_checked() -> None:
    @atdata.packable
    class Turn:
        side: Literal["left", "right"]

    Turn(side="left").validate()
    with pytest.raises(ValueError, match="side: 'up' is none of 'left', 'right'"):
        Turn(side="up").validate()  # type: ignore[arg-type]  # what a wrong file holds


class Colour(Enum):
    RED = 1


class Size(IntEnum):
    SMALL = 1


@dataclass
class Plain:
    x: int


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (datetime(2026, 1, 2), r"would come back as text.*isoformat\(\)"),
        (UUID(int=1), "keep it as a str"),
        (Colour.RED, "would come back as its value"),
        (Plain(3), "decorate its class with @atdata.packable"),
        ({1}, "a set; pack a list"),
    ],
)
def test_what_would_come_back_as_something_else_is_not_packed(value: Any, answer: str) -> None:
    @atdata.packable
    class Anything:
        value: Any

    assert Anything.from_bytes(Anything(value=[Size.SMALL]).packed).value == [Size.SMALL]
    with pytest.raises(TypeError, match=f"Anything.value: cannot be packed: .*{answer}"):
        _ = Anything(value=value).packed


def test_an_error_in_a_lens_says_which_fields_of_the_sample_it_read(photos: Any) -> None:
    @atdata.packable
    class Number:
        number: int

    def number_of(photo: Photo) -> Number:
        return Number(number=int(photo.label.removeprefix("photo ")) if photo.label != "photo 4" else int(photo.label))

    atdata.lens(number_of)
    numbers = photos.as_type(Number)

    assert ".as_type(Number) of number: int" in repr(numbers)
    with pytest.raises(ValueError, match="invalid literal") as error:
        list(numbers)
    assert error.value.__notes__ == ["as_type(Number) was given the sample Photo(label='photo 4')"]


def test_a_broken_law_shows_what_differs() -> None:
    @atdata.packable
    class Size:
        size: int

    kept = atdata.Lens(lambda size: size, lambda view, size: size, source_type=Size, view_type=Size)

    with pytest.raises(atdata.LensError, match=r"it gives .*Size\(size=1\) instead of .*Size\(size=2\)"):
        atdata.lens.check_laws(kept, [Size(size=1)], views=[Size(size=2)])
