"""What the page on architecture promises of the parts that need no server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import webdataset as wds
from numpy.typing import NDArray

import atdata
from atdata._protocols import AbstractDataStore, AbstractIndex
from atdata.local import LocalDatasetEntry, LocalIndex


@atdata.packable
class ImageSample:
    image: NDArray
    label: str
    confidence: float


@atdata.packable
class SimplifiedSample:
    label: str


@atdata.lens
def simplify(src: ImageSample) -> SimplifiedSample:
    return SimplifiedSample(label=src.label)


@simplify.putter
def simplify_put(view: SimplifiedSample, src: ImageSample) -> ImageSample:
    return ImageSample(image=src.image, label=view.label, confidence=src.confidence)


def samples(count: int) -> list[ImageSample]:
    return [ImageSample(image=np.full((4, 4, 3), i, np.uint8), label=str(i), confidence=0.5) for i in range(count)]


def test_the_core_components_work_together() -> None:
    with wds.writer.TarWriter("data-000000.tar") as sink:
        for sample in samples(64):
            sink.write(sample.as_wds)
    dataset = atdata.Dataset[ImageSample]("data-{000000..000000}.tar")
    shapes = [(batch.image.shape, len(batch.label)) for batch in dataset.shuffled(batch_size=32)]
    batch = atdata.SampleBatch[ImageSample](samples(3))

    assert shapes == [((32, 4, 4, 3), 32)] * 2
    assert (batch.image.shape, batch.label) == ((3, 4, 4, 3), ["0", "1", "2"])
    assert {sample.label for sample in dataset.as_type(SimplifiedSample).ordered()} == {str(i) for i in range(64)}


def test_any_sample_class_reads_untyped_samples() -> None:
    untyped = atdata.DictSample.from_bytes(samples(1)[0].packed)
    lens = atdata.LensNetwork().transform(atdata.DictSample, ImageSample)

    assert isinstance(untyped.image, bytes)
    assert lens(untyped) == samples(1)[0]


def test_packing_and_unpacking_gives_the_same_bytes_again() -> None:
    packed = samples(1)[0].packed

    assert ImageSample.from_bytes(packed).packed == packed


def test_a_lens_of_ones_own_goes_both_ways() -> None:
    source = samples(1)[0]

    assert simplify.put(SimplifiedSample(label="new"), source).label == "new"
    assert atdata.LensNetwork().transform(ImageSample, SimplifiedSample) is simplify


def test_a_schema_carries_metadata_of_its_field() -> None:
    index = LocalIndex(path=":memory:")
    ref = index.publish_schema(ImageSample, version="1.0.0", metadata={"domain": "chemistry", "units": "mol/L"})

    assert index.get_schema(ref)["metadata"] == {"domain": "chemistry", "units": "mol/L"}


def test_the_identifier_of_an_entry_comes_from_schema_and_data_alone() -> None:
    def entry(name: str, url: str) -> LocalDatasetEntry:
        ref = "atdata://local/sampleSchema/ImageSample@1.0.0"
        return LocalDatasetEntry(name=name, schema_ref=ref, data_urls=[url], metadata={"by": name})

    assert entry("a", "x.tar").cid == entry("b", "x.tar").cid
    assert entry("a", "x.tar").cid != entry("a", "y.tar").cid
    assert entry("a", "x.tar").cid.startswith("bafyrei")


def test_code_for_any_index_and_any_store_needs_neither_by_name(here: Path) -> None:
    from atdata.local import DiskDataStore

    def process_dataset(index: AbstractIndex, name: str) -> list[str]:
        entry = index.get_dataset(name)
        schema = index.decode_schema(entry.schema_ref)
        return [sample.label for url in entry.data_urls for sample in atdata.Dataset[schema](url).ordered()]  # type: ignore[valid-type]

    def write_to_store(store: AbstractDataStore, dataset: atdata.Dataset[ImageSample]) -> list[str]:
        return store.write_shards(dataset, prefix="data/v1")

    atdata.write(samples(3), "data.tar")
    dataset = atdata.Dataset[ImageSample]("data.tar")
    store = DiskDataStore(here / "store")
    index = LocalIndex(path=":memory:")
    index.insert_dataset(dataset, name="training-v1")

    assert isinstance(index, AbstractIndex)
    assert isinstance(store, AbstractDataStore)
    assert process_dataset(index, "training-v1") == ["0", "1", "2"]
    [url] = write_to_store(store, dataset)
    assert len(atdata.Dataset[ImageSample](store.read_url(url))) == 3
