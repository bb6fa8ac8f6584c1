"""Views: the same samples selected, filtered, changed, mixed, or seen through a lens, without being read."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import atdata
from atdata.lens import Lens, LensNetwork

Make = Callable[..., Any]


@atdata.packable
class Named:
    name: str


@atdata.packable
class Short:
    length: int


def even(sample: Any) -> bool:
    return bool(sample.n % 2 == 0)


def named(sample: Any) -> Named:
    return Named(name=sample.name)


def short(sample: Named) -> Short:
    return Short(length=len(sample.name))


def test_select_keeps_numbers_in_the_order_given(files: Make) -> None:
    dataset = files(30)

    assert [s.n for s in dataset.select([5, 29, 0, 5])] == [5, 29, 0, 5]
    assert [s.n for s in dataset.select(range(20, 10, -3)).ordered()] == [20, 17, 14, 11]
    assert [b.n for b in dataset.select(np.arange(4, 9)).ordered(batch_size=3)] == [[4, 5, 6], [7, 8]]
    assert len(dataset.select(range(7))) == 7
    assert dataset.select(range(10, 20))[3].n == 13
    assert [s.n for s in dataset.select(range(10, 20)).select([0, 9])] == [10, 19]
    assert [s.n for s in dataset.select(range(10, 20)).select(range(2, 4))[:]] == [12, 13]
    assert list(dataset.select([])) == []
    assert sorted(s.n for s in dataset.select(range(10, 20)).shuffled()) == list(range(10, 20))


def test_select_opens_nothing_and_finds_out_later_what_is_not_there(files: Make) -> None:
    missing = atdata.Dataset[atdata.DictSample]("nowhere.tar").select(range(5))

    assert len(missing) == 5
    with pytest.raises(IndexError, match="sample 30 was selected, and there are only 30"):
        list(files(30).select([1, 30]))
    with pytest.raises(IndexError, match="counted from 0"):
        files(30).select([-1])
    with pytest.raises(IndexError, match="among the 3 selected before"):
        files(30).select([1, 2, 3]).select([3])
    with pytest.raises(TypeError, match="for a condition use filter"):
        files(30).select(np.array([True, False]))


def test_filter_drops_samples_and_fills_batches(files: Make) -> None:
    dataset = files(30).filter(even)

    assert [s.n for s in dataset] == list(range(0, 30, 2))
    assert [b.n for b in dataset.ordered(batch_size=6)] == [[0, 2, 4, 6, 8, 10], [12, 14, 16, 18, 20, 22], [24, 26, 28]]
    with pytest.raises(TypeError, match="does not know how many"):
        len(dataset)
    with pytest.raises(TypeError, match=r"no numbers|does not know"):
        dataset[0]
    with pytest.raises(TypeError, match=r"select\(\) comes before filter\(\)"):
        dataset.select([0])


@pytest.mark.parametrize("stop", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [None, 4])
def test_a_filtered_pass_resumes_exactly(files: Make, stop: int, size: int | None) -> None:
    def run(passes: Any) -> list[int]:
        return [n for item in passes for n in (item.n if size else [item.n])]

    whole = run(files(50).filter(even).shuffled(batch_size=size, seed=4))
    passes = files(50).filter(even).shuffled(batch_size=size, seed=4)
    iterator = iter(passes)
    taken = run([next(iterator) for _ in range(stop)])
    again = files(50).filter(even).shuffled(batch_size=size, seed=4)
    again.load_state_dict(passes.state_dict())

    assert taken + run(again) == whole


def test_map_changes_samples_when_they_are_read(files: Make) -> None:
    dataset = files(10).map(named)

    assert dataset.sample_type is Named
    assert [s.name for s in dataset.head(2)] == ["name 0", "name 1"]
    batch = next(iter(dataset.ordered(batch_size=3)))
    assert isinstance(batch, atdata.SampleBatch)
    assert batch.name == ["name 0", "name 1", "name 2"]
    assert dataset[3] == Named(name="name 3")
    assert len(dataset) == 10
    assert "map(named)" in repr(dataset)


def test_map_to_something_else_gives_lists(files: Make) -> None:
    dataset = files(10).map(lambda sample: sample.n * 2, int)

    assert list(dataset.ordered(batch_size=4)) == [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18]]


def test_views_chain_and_pickle(files: Make) -> None:
    dataset = files(20).select(range(10)).filter(even).map(named)
    copy = pickle.loads(pickle.dumps(dataset))

    assert [s.name for s in copy] == [s.name for s in dataset] == [f"name {i}" for i in range(0, 10, 2)]


def test_as_type_looks_through_the_registered_lens(files: Make, Numbered: Any) -> None:
    LensNetwork().register(Lens(named, source_type=Numbered, view_type=Named))
    LensNetwork().register(Lens(short, source_type=Named, view_type=Short))
    dataset = files(10)
    view = dataset.as_type(Named)

    assert view.sample_type is Named
    assert view.batch_type == atdata.SampleBatch[Named]
    assert [b.name for b in view.ordered(batch_size=6)] == [
        [f"name {i}" for i in range(6)],
        [f"name {i}" for i in range(6, 10)],
    ]
    assert [s.length for s in view.as_type(Short)] == [6] * 10
    assert view.url == dataset.url
    assert dataset.as_type(Short).wrap({"msgpack": dataset[0].packed}) == Short(length=6)


def test_as_type_without_a_lens_says_so(files: Make) -> None:
    @atdata.packable
    class Unrelated:
        x: int

    with pytest.raises(ValueError, match="no lens from Numbered to Unrelated"):
        files(10).as_type(Unrelated)


def test_a_lens_over_columns_never_decodes_what_it_does_not_read(tmp_path: Any, files: Make, Numbered: Any) -> None:
    import ormsgpack
    import webdataset as wds

    LensNetwork().register(Lens(named, source_type=Numbered, view_type=Named))
    path = str(tmp_path / "broken.tar")
    with wds.writer.TarWriter(path) as sink:
        for i in range(5):
            raw = ormsgpack.packb({"n": "no number", "name": f"name {i}", "row": b"no array"})
            sink.write({"__key__": f"{i:03d}", "msgpack": raw})

    view = atdata.Dataset[Numbered](path).as_type(Named)

    assert [b.name for b in view.ordered(batch_size=3)] == [["name 0", "name 1", "name 2"], ["name 3", "name 4"]]
    assert [s.name for s in view] == [f"name {i}" for i in range(5)]


def test_a_dataset_that_was_read_mixes_with_one_that_was_not(tmp_path: Any) -> None:
    document = {
        "$type": "ac.foundation.dataset.sampleSchema", "name": "Word", "version": "1.0.0",
        "fields": [{"name": "n", "fieldType": {"$type": "ac.foundation.dataset.schemaType#primitive",
                                               "primitive": "int"}}],
        "metadata": {"members": {"n": "cls"}},
    }  # fmt: skip
    for cls in (atdata.DictSample, atdata.decode_schema(document)):
        made = [atdata.DictSample(n=i) for i in range(4)]
        atdata.write(made, tmp_path / "a.tar")
        atdata.write(made, tmp_path / "b.tar")
        one, other = (atdata.Dataset[cls](tmp_path / name) for name in ("a.tar", "b.tar"))  # type: ignore[valid-type]
        assert len(list(one)) == 4

        for mixed in (atdata.mix([one, other]), atdata.mix([other, one])):
            found = [sample.n for sample in mixed]
            assert len(found) > 4
            assert set(found) <= {0, 1, 2, 3}


def test_mix_takes_shares_and_stops_with_the_first(files: Make) -> None:
    many, few = files(60).select(range(40)), files(60).select(range(40, 60))
    mixed = atdata.mix([many, few], [3, 1])

    found = [s.n for s in mixed.shuffled()]

    share = sum(n >= 40 for n in found) / len(found)
    assert 0.15 < share < 0.35
    assert len(found) == len(set(found))
    whole = [n for batch in atdata.mix([many, few], stop="all").ordered(batch_size=8) for n in batch.n]
    assert set(whole) == set(range(60))
    assert [n for n in whole if n < 40] == sorted(n for n in whole if n < 40)


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_a_mixture_resumes_exactly(files: Make, stop: int) -> None:
    def mixed() -> Any:
        return atdata.mix([files(60), files(35)], [1, 2], stop="all").shuffled(batch_size=7, seed=2)

    whole = [b.n for b in mixed()]
    passes = mixed()
    iterator = iter(passes)
    taken = [next(iterator).n for _ in range(stop)]
    again = mixed()
    again.load_state_dict(passes.state_dict())

    assert taken + [b.n for b in again] == whole
    assert len(list(mixed())) == len(whole)


def test_mixtures_that_make_no_sense_are_refused(files: Make, streams: Make) -> None:
    dataset = files(10)
    with pytest.raises(TypeError, match="bring them to one sample type"):
        atdata.mix([dataset, dataset.map(named)])
    with pytest.raises(ValueError, match="3 weights for 2 datasets"):
        atdata.mix([dataset, dataset], [1, 2, 3])
    with pytest.raises(ValueError, match="positive"):
        atdata.mix([dataset, dataset], [1, -1])
    with pytest.raises(ValueError, match="stop is"):
        atdata.mix([dataset], stop="last")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mixed again"):
        atdata.mix([atdata.mix([dataset])])
    with pytest.raises(TypeError, match=r"plain \.tar files"):
        list(atdata.mix([streams(10)]))
