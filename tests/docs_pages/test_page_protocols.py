"""What the pages on protocols and architecture promise of data sources: any class of this shape feeds a dataset."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from numpy.typing import NDArray

import atdata
from atdata._protocols import DataSource, Packable


@atdata.packable
class MySample:
    features: NDArray
    label: str


class ByMethod:
    """As the page on protocols writes it: a property with the names, and ``shards`` as a method."""

    def __init__(self, folder: str) -> None:
        self._shards = {path.name: path.read_bytes() for path in sorted(Path(folder).glob("*.tar"))}

    @property
    def shard_list(self) -> list[str]:
        return list(self._shards)

    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        for name in self._shards:
            yield name, self.open_shard(name)

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return io.BytesIO(self._shards[shard_id])


class ByProperty:
    """As the page on architecture writes it: a method with the names, and ``shards`` as a property."""

    def __init__(self, folder: str) -> None:
        self._inner = ByMethod(folder)

    def list_shards(self) -> list[str]:
        return self._inner.shard_list

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return self._inner.open_shard(shard_id)

    @property
    def shards(self) -> Iterator[tuple[str, IO[bytes]]]:
        return self._inner.shards()


class Bare:
    """The least that will do."""

    def __init__(self, folder: str) -> None:
        self._inner = ByMethod(folder)

    def list_shards(self) -> list[str]:
        return self._inner.shard_list

    def open_shard(self, shard_id: str) -> IO[bytes]:
        return self._inner.open_shard(shard_id)


@pytest.fixture(autouse=True)
def shards(here: Path) -> list[str]:
    samples = [MySample(features=np.full(4, i, np.float32), label=str(i)) for i in range(12)]
    atdata.write(samples, "shard-%03d.tar", maxcount=6, manifest=False)
    return ["shard-000.tar", "shard-001.tar"]


@pytest.mark.parametrize("kind", [ByMethod, ByProperty, Bare])
def test_a_class_of_ones_own_feeds_a_dataset(kind: Any, shards: list[str]) -> None:
    source = kind(".")
    dataset = atdata.Dataset[MySample](source)
    labels = [str(i) for i in range(12)]

    assert isinstance(source, DataSource)
    assert dataset.source is source
    assert dataset.list_shards() == dataset.shard_list == shards
    assert dataset.url == "shard-{000..001}.tar"
    assert [name for name, _ in dataset.shards] == shards
    assert [sample.label for sample in dataset.ordered()] == labels
    assert sorted(label for batch in dataset.shuffled(batch_size=5) for label in batch.label) == sorted(labels)


@pytest.mark.parametrize("kind", [ByMethod, ByProperty, Bare])
def test_a_class_of_ones_own_goes_wherever_sources_go(kind: Any) -> None:
    import hashlib

    sums = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(".").glob("*.tar")}
    verified = atdata.VerifiedSource(kind("."), sums)

    assert len(list(atdata.Dataset[MySample](verified).ordered())) == 12
    assert atdata.infer_schema(kind("."), name="Found")["fields"][1]["name"] == "label"


@pytest.mark.parametrize(
    "source",
    [
        atdata.URLSource("shard-{000..001}.tar"),
        atdata.S3Source(bucket="b", keys=["shard-000.tar", "shard-001.tar"]),
        atdata.VerifiedSource(atdata.URLSource("shard-{000..001}.tar"), {}),
    ],
    ids=lambda source: type(source).__name__,
)
def test_our_own_sources_have_every_documented_name(source: Any, shards: list[str]) -> None:
    assert isinstance(source, DataSource)
    assert isinstance(source, atdata.DataSource)
    assert [Path(name).name for name in source.list_shards()] == shards
    assert source.shard_list == source.list_shards()
    with pytest.raises(KeyError):
        source.open_shard("no-such-shard.tar")


def test_shards_are_opened_as_their_turn_comes(shards: list[str]) -> None:
    source = atdata.URLSource("shard-{000..001}.tar")
    pairs = source.shards
    Path(shards[1]).unlink()
    name, stream = next(pairs)

    with stream:
        assert (name, stream.read(5)) == ("shard-000.tar", Path(shards[0]).read_bytes()[:5])
    with pytest.raises(FileNotFoundError, match=r"shard-001\.tar"):
        next(pairs)


def test_one_shard_is_opened_by_its_name(shards: list[str]) -> None:
    with atdata.URLSource("shard-{000..001}.tar").open_shard(shards[1]) as stream:
        assert stream.read() == Path(shards[1]).read_bytes()


def test_what_lacks_a_part_is_no_source() -> None:
    class Closed:
        shard_list = ("a.tar",)

    assert not isinstance(Closed(), DataSource)
    assert not isinstance("shard.tar", DataSource)


def test_samples_of_every_kind_are_packable() -> None:
    sample = MySample(features=np.ones(3), label="a")

    for one in (sample, atdata.DictSample(label="a")):
        assert isinstance(one, Packable)
        assert type(one).from_bytes(one.packed) == one
    assert MySample.from_data({"features": np.ones(3), "label": "a", "newer": 1}) == sample
