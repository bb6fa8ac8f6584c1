"""``check=True``: stored data held against its class, as the writer does it."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata.sample import Labels, Length, Range, Shape


@atdata.packable
class Loose:
    image: NDArray[Any]
    mask: NDArray[Any] | None = None
    n: int = 0
    score: float = 0.5
    points: list[NDArray[Any]] | None = None
    tags: list[str] | None = None


@atdata.packable
class Typed:
    image: NDArray[np.float32]
    n: int


@atdata.packable
class Shaped:
    image: Annotated[NDArray[np.float32], Shape("h w 3")]
    mask: Annotated[NDArray[Any], Shape("h w")] | None
    n: int


@atdata.packable
class Bounded:
    image: NDArray[Any]
    n: Annotated[int, Range(0, 100)]
    score: Annotated[float, Range(maximum=1.0)] | None = None


@atdata.packable
class Deep:
    n: Annotated[int, Labels(("a", "b", "c", "d", "e", "f", "g", "h"))]
    image: Annotated[NDArray[np.float32], Range(0, 1)]
    points: list[Annotated[NDArray[np.float64], Shape("2")]] | None
    tags: Annotated[list[str], Length(0, 2)] | None


@atdata.packable
class Owned:
    image: NDArray[Any]
    n: int

    def validate(self) -> None:
        if self.n == 5:
            raise atdata.InvalidSampleError(["five is not for us"], sample_type="Owned", field="n")


def good(n: int) -> Loose:
    return Loose(
        image=np.zeros((2, 4, 3), np.float32), mask=np.zeros((2, 4), bool), n=n, points=[np.zeros(2)] * 2, tags=["a"]
    )


def wrong(n: int, **changes: Any) -> Loose:
    sample = good(n)
    for name, value in changes.items():
        setattr(sample, name, value)
    return sample


CASES: list[tuple[Any, dict[str, Any], str, str]] = [
    (Typed, {"image": np.zeros((2, 4, 3), np.uint8)}, "image", "dtype 'uint8' instead of float32"),
    (Typed, {"image": np.asfortranarray(np.zeros((2, 4, 3)))}, "image", "dtype 'float64' instead of float32"),
    (Shaped, {"image": np.zeros((2, 4, 4), np.float32)}, "image", r"shape \(2, 4, 4\) does not fit \(h w 3\)"),
    (Shaped, {"mask": np.zeros((2, 5), bool)}, "mask", r"shape \(2, 5\) does not fit \(h w\): w is 4 in image"),
    (Bounded, {"n": 101}, "n", "101 is above the maximum 100"),
    (Bounded, {"score": 1.5}, "score", "1.5 is above the maximum 1.0"),
    (Deep, {"n": 8}, "n", "8 is no label"),
    (Deep, {"image": np.full(3, 2, np.float32)}, "image", "2.0 is above the maximum 1"),
    (Deep, {"points": [np.zeros(2), np.zeros(3)]}, r"points\[1\]", r"shape \(3,\) does not fit \(2\)"),
    (Deep, {"tags": ["a", "b", "c"]}, "tags", "holds 3 values, more than 2"),
    (Owned, {"n": 5}, "", "five is not for us"),
]


def numbers_of(items: Any, found: list[int]) -> None:
    for item in items:
        found += item.n if isinstance(item, atdata.SampleBatch) else [item.n]


@pytest.fixture
def stored(tmp_path: Path) -> Callable[..., str]:
    def make(samples: list[Loose]) -> str:
        atdata.write(samples, tmp_path / "stored.tar")
        return str(tmp_path / "stored.tar")

    return make


@pytest.mark.parametrize(("kind", "changes", "field", "what"), CASES)
@pytest.mark.parametrize("size", [None, 4])
def test_what_does_not_fit_its_class_is_an_error_that_says_where(
    stored: Callable[..., str], kind: Any, changes: dict[str, Any], field: str, what: str, size: int | None
) -> None:
    path = stored([*[good(i % 4) for i in range(10)], wrong(**{"n": 3, **changes}), good(0)])
    found: list[int] = []

    assert len(list(atdata.Dataset[kind](path).ordered())) == 12
    with pytest.raises(atdata.InvalidSampleError, match=rf"stored\.tar, sample 000000010: .*{field}.*{what}") as error:
        numbers_of(atdata.Dataset[kind](path, check=True).ordered(batch_size=size), found)
    assert len(found) == 10
    assert isinstance(error.value, ValueError)
    assert (error.value.shard, error.value.key) == (path, "000000010")  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "changes"), [case[:2] for case in CASES])
@pytest.mark.parametrize("size", [None, 4])
def test_what_does_not_fit_goes_the_way_of_on_error(
    stored: Callable[..., str], kind: Any, changes: dict[str, Any], size: int | None
) -> None:
    bad = wrong(**{"n": 3, **changes})
    path = stored([bad, *[good(i % 4) for i in range(5)], bad, bad])
    lost: list[Exception] = []

    data = atdata.Dataset[kind](path, check=True, on_error=lost.append)
    numbers: list[int] = []
    numbers_of(data.ordered(batch_size=size), numbers)

    assert numbers == [0, 1, 2, 3, 0]
    assert [error.key for error in lost] == ["000000000", "000000006", "000000007"]  # type: ignore[attr-defined]
    assert all(isinstance(error, atdata.InvalidSampleError) for error in lost)


@pytest.mark.parametrize("kind", [Typed, Shaped, Bounded, Deep, Owned])
def test_what_fits_is_read_as_without_the_check(stored: Callable[..., str], kind: Any) -> None:
    path = stored([wrong(i % 4, mask=None if i % 3 else good(0).mask) for i in range(100)])
    plain, checked = atdata.Dataset[kind](path), atdata.Dataset[kind](path, check=True)

    assert list(checked.ordered()) == list(plain.ordered())
    assert [batch.n for batch in checked.ordered(batch_size=7)] == [batch.n for batch in plain.ordered(batch_size=7)]
    assert list(checked.shuffled(seed=3)) == list(plain.shuffled(seed=3))
    assert checked[17] == plain[17]
    assert checked[90:] == plain[90:]
    assert list(pickle.loads(pickle.dumps(checked)).ordered()) == list(plain.ordered())


def test_every_way_to_read_checks(stored: Callable[..., str]) -> None:
    bad = wrong(1, image=np.zeros((2, 2), np.int16))
    data = atdata.Dataset[Typed](stored([good(0), bad]), check=True)

    for read in (
        lambda: data[1],
        lambda: data[0:2],
        lambda: list(data.shuffled()),
        lambda: data.select([1]).head(),
        lambda: list(data.map(lambda sample: sample).ordered()),
        lambda: list(data.as_type(Number).ordered(batch_size=2)),
        lambda: list(atdata.mix([data, data]).ordered()),
        lambda: data.wrap(bad.as_wds),
        lambda: data.wrap_batch({"msgpack": [good(0).packed, bad.packed]}),
        lambda: list(atdata.load_dataset(data.url, Typed, split="train", check=True).ordered()),
    ):
        with pytest.raises(atdata.InvalidSampleError, match="dtype 'int16' instead of float32"):
            read()


@atdata.packable
class Number:
    n: int


@atdata.lens
def number(sample: Typed) -> Number:
    return Number(n=sample.n)


def test_arrays_are_checked_without_their_data(stored: Callable[..., str], monkeypatch: Any) -> None:
    path = stored([wrong(i, image=np.zeros((i % 5, 2, 3), np.float32), mask=None) for i in range(60)])
    seen: list[Any] = []
    plain = Shaped.validate
    monkeypatch.setattr("atdata._samples.base.PackableSample.validate", lambda self: (seen.append(self), plain(self)))

    assert len(list(atdata.Dataset[Shaped](path, check=True).ordered(batch_size=8))) == 8

    # one sample of each kind is looked at, and none of their arrays has memory of its own
    assert len(seen) == 5
    assert all(sample.image.strides == (0, 0, 0) for sample in seen if sample.image.size)


def test_images_of_ordinary_shards_are_checked_when_they_are_decoded(tmp_path: Path) -> None:
    media = pytest.importorskip("atdata.media")
    pytest.importorskip("PIL")
    with tarfile.open(tmp_path / "photos.tar", "w") as tar:
        for i in range(6):
            raw = media.encode(np.zeros((4, 5 if i == 4 else 6, 3), np.uint8), "image/png")
            for extension, content in (("png", raw), ("cls", str(i).encode())):
                info = tarfile.TarInfo(f"p{i}.{extension}")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    lost: list[Exception] = []
    members = {"image": "png", "label": "cls"}
    data = atdata.Dataset[Photo](tmp_path / "photos.tar", members=members, check=True, on_error=lost.append)

    assert [photo.label for photo in data.ordered()] == [0, 1, 2, 3, 5]
    assert [batch.label for batch in data.ordered(batch_size=3)] == [[0, 1, 2], [3, 5]]
    assert {type(error) for error in lost} == {atdata.InvalidSampleError}
    strict = atdata.Dataset[Photo](tmp_path / "photos.tar", members=members, check=True)
    with pytest.raises(atdata.InvalidSampleError, match=r"photos\.tar, sample p4: .*image: shape"):
        _ = [batch.image for batch in strict.ordered(batch_size=2)]


@atdata.packable
class Photo:
    image: Annotated[NDArray[np.uint8], Shape("4 6 3")]
    label: int


def test_a_class_that_says_nothing_of_its_fields_has_nothing_to_check() -> None:
    with pytest.raises(TypeError, match=r"Dataset\[DictSample\] says nothing of its fields"):
        atdata.Dataset[atdata.DictSample]("a.tar", check=True)


@atdata.packable
class Pair:
    pair: tuple[NDArray[Any], int]
    inner: Typed
    numbers: list[int | None]


@atdata.packable
class StrictPair:
    pair: tuple[NDArray[np.float32], int]
    inner: Typed
    numbers: list[int | None]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"pair": (np.zeros(2, np.int8), 1)}, r"pair\[0\]: dtype 'int8' instead of float32"),
        ({"inner": Typed(image=np.zeros(2, np.int8), n=1)}, r"inner\.image: dtype 'int8' instead of float32"),
        ({"numbers": [1, None, "a"]}, r"numbers\[2\]: an int expected, not 'a'"),
    ],
)
def test_what_stands_inside_other_values_is_checked_too(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    values: dict[str, Any] = {
        "pair": (np.zeros(2, np.float32), 1),
        "inner": Typed(image=np.zeros(2, np.float32), n=1),
        "numbers": [1, None],
    }
    atdata.write([Pair(**values), Pair(**{**values, **changes})], tmp_path / "pairs.tar", check=False)
    data = atdata.Dataset[StrictPair](tmp_path / "pairs.tar", check=True)

    assert len(list(atdata.Dataset[StrictPair](tmp_path / "pairs.tar").ordered())) == 2
    with pytest.raises(atdata.InvalidSampleError, match=rf"sample 000000001: StrictPair: {what}"):
        list(data.ordered(batch_size=2))
