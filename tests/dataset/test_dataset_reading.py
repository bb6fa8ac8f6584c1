"""What a dataset gives: every sample, typed, in order or shuffled, one by one or in batches."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webdataset as wds
from numpy.typing import NDArray

import atdata


@atdata.packable
class Picture:
    image: NDArray[Any]
    label: str
    confidence: float


def pictures(count: int) -> list[Picture]:
    return [
        Picture(image=np.full((4, 5, 3), i, np.float32), label=f"class_{i % 10}", confidence=i / 8)
        for i in range(count)
    ]


@pytest.fixture(params=["webdataset", "ours", "ours without index"])
def shard(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path = str(tmp_path / "my-dataset-000000.tar")
    if request.param == "webdataset":
        with wds.writer.TarWriter(path) as sink:
            for i, sample in enumerate(pictures(100)):
                sink.write({**sample.as_wds, "__key__": f"sample_{i:06d}"})  # type: ignore[attr-defined]
    else:
        atdata.write(pictures(100), path, index=request.param == "ours")
    return path


def test_batches_stack_arrays_and_list_everything_else(shard: str) -> None:
    dataset = atdata.Dataset[Picture](shard)

    batches = list(dataset.ordered(batch_size=16))

    assert [len(batch) for batch in batches] == [16] * 6 + [4]
    assert batches[0].image.shape == (16, 4, 5, 3)
    assert batches[0].image.dtype == np.float32
    assert batches[1].label == [f"class_{i % 10}" for i in range(16, 32)]
    assert batches[1].confidence == [i / 8 for i in range(16, 32)]
    assert batches[-1].image[:, 0, 0, 0].tolist() == [96, 97, 98, 99]
    assert batches[0].image is batches[0].image
    assert isinstance(batches[0], atdata.SampleBatch)
    assert batches[0].sample_type is Picture


def test_without_a_batch_size_samples_come_one_by_one(shard: str) -> None:
    assert list(atdata.Dataset[Picture](shard).ordered()) == pictures(100)
    assert list(atdata.Dataset[Picture](shard).ordered(batch_size=None)) == pictures(100)
    assert list(atdata.Dataset[Picture](shard)) == pictures(100)


def test_samples_own_their_arrays(shard: str) -> None:
    sample = next(iter(atdata.Dataset[Picture](shard).ordered()))
    sample.image[:] = 7

    assert sample.image.flags.owndata
    assert atdata.Dataset[Picture](shard)[0].image[0, 0, 0] == 0


def test_a_batch_gives_its_samples_and_pickles(shard: str) -> None:
    batch = next(iter(atdata.Dataset[Picture](shard).ordered(batch_size=3)))
    copy = pickle.loads(pickle.dumps(batch))

    assert batch.samples == pictures(3)
    assert [sample.label for sample in batch] == ["class_0", "class_1", "class_2"]
    assert batch[1] == pictures(3)[1]
    assert copy.label == batch.label
    assert np.array_equal(copy.image, batch.image)
    assert copy.samples == pictures(3)
    with pytest.raises(AttributeError, match=r"SampleBatch\[Picture\] has no column 'lable'"):
        batch.lable  # noqa: B018


def test_shuffled_holds_every_sample_once_in_another_order(shard: str) -> None:
    dataset = atdata.Dataset[Picture](shard)

    found = [c for batch in dataset.shuffled(batch_size=32) for c in batch.confidence]

    assert sorted(found) == [i / 8 for i in range(100)]
    assert found != sorted(found)


def test_rows_of_a_shuffled_batch_belong_together(shard: str) -> None:
    for batch in atdata.Dataset[Picture](shard).shuffled(batch_size=32):
        assert (batch.image[:, 0, 0, 0] / 8).tolist() == batch.confidence


def test_len_index_and_slices(shard: str) -> None:
    dataset = atdata.Dataset[Picture](shard)
    wanted = pictures(100)

    assert len(dataset) == 100
    assert dataset[3] == wanted[3]
    assert dataset[-1] == wanted[99]
    assert dataset[np.int64(5)] == wanted[5]
    assert dataset[10:20] == wanted[10:20]
    assert dataset[95:3:-20] == wanted[95:3:-20]
    assert dataset[50:40] == []
    with pytest.raises(IndexError, match="sample 100 was asked for, and there are only 100"):
        dataset[100]
    with pytest.raises(TypeError, match="by its number"):
        dataset["label"]  # type: ignore[call-overload]


def test_a_pass_knows_its_length(shard: str) -> None:
    dataset = atdata.Dataset[Picture](shard)

    assert len(dataset.ordered()) == 100
    assert len(dataset.ordered(batch_size=32)) == 4
    assert len(dataset.shuffled(batch_size=32, even="drop")) == 3
    assert sum(len(dataset.ordered(7, rank=rank, world_size=3)) for rank in range(3)) == 15


def test_each_iteration_is_a_new_pass(shard: str) -> None:
    ordered = atdata.Dataset[Picture](shard).ordered(batch_size=40)

    assert [b.label for b in ordered] == [b.label for b in ordered]


def test_passes_pickle(shard: str) -> None:
    passes = atdata.Dataset[Picture](shard).shuffled(batch_size=40, seed=5)
    copy = pickle.loads(pickle.dumps(passes))

    assert [b.label for b in copy] == [b.label for b in passes]


def test_every_shuffled_pass_has_the_next_order(shard: str) -> None:
    dataset = atdata.Dataset[Picture](shard)
    passes = dataset.shuffled(batch_size=100, seed=1)
    first, second = next(iter(passes)).confidence, next(iter(passes)).confidence

    assert first != second
    dataset.set_epoch(0)
    assert next(iter(passes)).confidence == first
    passes.set_epoch(1)
    assert next(iter(passes)).confidence == second
    other = atdata.Dataset[Picture](shard).shuffled(batch_size=100, seed=1)
    assert next(iter(other)).confidence == first


@pytest.mark.parametrize("size", [0, -1, -32])
def test_a_batch_size_below_one_is_refused(size: int) -> None:
    dataset = atdata.Dataset[Picture]("nowhere.tar")

    with pytest.raises(ValueError, match="at least 1"):
        dataset.ordered(batch_size=size)
    with pytest.raises(ValueError, match="at least 1"):
        dataset.shuffled(batch_size=size)


@pytest.mark.parametrize("size", [True, "32", 1.5])
def test_a_batch_size_that_is_no_number_is_refused(size: Any) -> None:
    with pytest.raises(TypeError, match="batch_size"):
        atdata.Dataset[Picture]("nowhere.tar").ordered(batch_size=size)


def test_an_option_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match="no option 'workers'"):
        atdata.Dataset[Picture]("nowhere.tar").ordered(workers=2)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="mode is"):
        atdata.Dataset[Picture]("nowhere.tar").shuffled(mode="best")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="on_error is"):
        atdata.Dataset[Picture]("nowhere.tar", on_error="ignore")  # type: ignore[arg-type]


def test_a_dataset_without_its_sample_type_says_how_to_make_one() -> None:
    with pytest.raises(TypeError, match=r"write Dataset\[MySample\]\(url\), not Dataset\(url\)"):
        atdata.Dataset("data.tar")


def test_a_class_that_is_no_sample_class_is_refused() -> None:
    with pytest.raises(TypeError, match="int is no sample class"):
        atdata.Dataset[int]("data.tar")


def test_a_dataset_takes_one_source() -> None:
    assert atdata.Dataset[Picture](url="data.tar").url == "data.tar"
    with pytest.raises(TypeError, match="one source"):
        atdata.Dataset[Picture]()
    with pytest.raises(TypeError, match="one source"):
        atdata.Dataset[Picture]("a.tar", url="b.tar")


def test_making_a_dataset_touches_nothing(tmp_path: Path) -> None:
    dataset = atdata.Dataset[Picture](str(tmp_path / "no" / "data-{000000..000002}.tar"))

    assert dataset.sample_type is Picture
    assert dataset.batch_type == atdata.SampleBatch[Picture]
    assert len(dataset.shard_list) == 3
    assert dataset.list_shards()[2].endswith("data-000002.tar")
    assert bool(dataset)
    assert "Picture" in repr(dataset)
    assert "data-{000000..000002}.tar" in repr(dataset)
    passes = dataset.ordered(batch_size=2), dataset.shuffled()
    assert "batch_size=2" in repr(passes[0])


def test_a_missing_shard_is_found_missing_when_it_is_read(tmp_path: Path) -> None:
    for i in (0, 2):
        atdata.write(pictures(2), str(tmp_path / f"data-{i}.tar"))
    dataset = atdata.Dataset[Picture](str(tmp_path / "data-{0..2}.tar"))

    for read in (dataset.ordered, dataset.shuffled):
        with pytest.raises(FileNotFoundError, match=r"data-1\.tar") as caught:
            list(read())
        assert isinstance(caught.value, atdata.AtdataError)
    with pytest.raises(FileNotFoundError):
        len(dataset)


def test_an_empty_tar_gives_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "empty.tar")
    with wds.writer.TarWriter(path):
        pass
    dataset = atdata.Dataset[Picture](path)

    assert list(dataset.ordered()) == list(dataset.ordered(batch_size=2)) == []
    assert list(dataset.shuffled()) == list(dataset.shuffled(batch_size=2)) == []
    assert len(dataset) == 0
    assert dataset.head() == []


def test_the_source_is_the_object_that_was_given(shard: str) -> None:
    source = atdata.URLSource(shard)
    dataset = atdata.Dataset[Picture](source)

    assert dataset.source is source
    for name, stream in dataset.shards:
        with stream:
            assert name == shard
    assert isinstance(atdata.Dataset[Picture](shard).source, atdata.URLSource)


def test_metadata_is_fetched_at_the_first_look(tmp_path: Path, shard: str) -> None:
    import ormsgpack

    path = tmp_path / "metadata.msgpack"
    dataset = atdata.Dataset[Picture](shard, metadata_url=str(path))
    path.write_bytes(ormsgpack.packb({"licence": "CC0"}))

    assert dataset.metadata == {"licence": "CC0"}
    path.unlink()
    assert dataset.metadata == {"licence": "CC0"}
    assert dataset.metadata_url == str(path)
    assert atdata.Dataset[Picture](shard).metadata is None


def test_raw_samples_are_wrapped() -> None:
    dataset = atdata.Dataset[Picture]("nowhere.tar")
    raw = [sample.packed for sample in pictures(3)]  # type: ignore[attr-defined]

    assert dataset.wrap({"__key__": "a", "msgpack": raw[1]}) == pictures(2)[1]
    assert dataset.wrap_batch({"msgpack": raw}).label == ["class_0", "class_1", "class_2"]
    with pytest.raises(RuntimeError, match="Malformed sample: 'msgpack' field not found") as found:
        dataset.wrap({"__key__": "a", "jpg": b""})
    assert isinstance(found.value, ValueError)


def test_samples_of_any_kind_are_read_without_a_class(shard: str) -> None:
    dataset = atdata.Dataset[atdata.DictSample](shard)

    assert next(iter(dataset.ordered())).keys() == ["image", "label", "confidence"]
    assert next(iter(dataset.ordered(batch_size=2))).label == ["class_0", "class_1"]


def test_a_shard_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = str(tmp_path / "data.tar")
    atdata.write(pictures(5), path)
    dataset = atdata.Dataset[Picture](path)
    assert len(dataset) == len(list(dataset.ordered())) == 5

    atdata.write(pictures(8), path)

    assert len(dataset) == len(list(dataset.ordered())) == 8


def test_batches_outlive_the_files_that_they_came_from(tmp_path: Path) -> None:
    path = str(tmp_path / "data.tar")
    atdata.write(pictures(5), path)
    batches = list(atdata.Dataset[Picture](path).ordered(batch_size=2))

    shutil.rmtree(tmp_path)

    assert [batch.label[0] for batch in batches] == ["class_0", "class_2", "class_4"]
    assert batches[2].image[0, 0, 0, 0] == 4


def test_a_notebook_sees_fields_and_the_first_sample(shard: str) -> None:
    page = atdata.Dataset[Picture](shard)._repr_html_()

    assert "float32 (4, 5, 3)" in page
    assert "class_0" in page
    assert "cannot be read" in atdata.Dataset[Picture]("<nowhere>.tar")._repr_html_()
    assert "<nowhere>" not in atdata.Dataset[Picture]("<nowhere>.tar")._repr_html_()


def test_head_gives_the_first_samples(shard: str) -> None:
    assert atdata.Dataset[Picture](shard).head(3) == pictures(3)


def test_importing_datasets_loads_nothing_heavy() -> None:
    heavy = ("torch", "webdataset", "jinja2", "tqdm")
    code = f"import sys, atdata; atdata.Dataset; print(*(m for m in {heavy!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == []
